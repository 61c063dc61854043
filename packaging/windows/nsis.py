"""Makes the Windows installer of a frozen tree with NSIS; makensis runs on Linux, too.

Every file of the tree is named in the script, so that the uninstaller removes those and no others. A tree that was
frozen on Linux proves the script; its result is named so that nobody takes it for an installer.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bundle import BuildError, icon_files
from windows import version_info

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRIPT = HERE / "installer.nsi"
WINDOW_PROGRAM = "bridgecall"

# MAX_PATH is 260; "C:\Users\A_LONGER_NAME\AppData\Local\Programs\Bridgecall\" leaves about this much.
MAX_RELATIVE_CHARACTERS = 180
# "Naming Files, Paths, and Namespaces", Windows App Development.
FORBIDDEN_CHARACTERS = frozenset('<>:"\\|?*') | frozenset(map(chr, range(32)))
MAX_DICTIONARY_MB = 64
PICTURE_PX = (164, 314)
PICTURE_TOP, PICTURE_BOTTOM = (0x4A, 0x86, 0xFF), (0x1D, 0x4F, 0xD0)

WINDOWS_FOLDERS = ("C:/Program Files (x86)/NSIS", "C:/Program Files/NSIS")


class InstallerError(BuildError):
    """The installer cannot be made; the text says why."""


def make(
    tree: Path, out: Path, version: str, epoch: int, *, icon: Path | None = None, target: str | None = None
) -> Path:
    """The installer of `tree` in the folder `out`; `epoch` is SOURCE_DATE_EPOCH, in seconds.

    `icon` is an .ico, the application's own if None; `target` is makensis' own (x86-unicode) or another.

    Raises:
        InstallerError: makensis is missing or failed, or a name in `tree` is none for Windows.
    """
    files = tree_files(tree)
    suffix = ".exe" if f"{WINDOW_PROGRAM}.exe" in files else ""
    kind = "windows-x64-setup" if suffix else "script-proof"
    result = out.resolve() / f"bridgecall-{version}-{kind}.exe"
    out.mkdir(parents=True, exist_ok=True)
    result.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="bridgecall-nsis-") as folder:
        work = Path(folder)
        if icon is None:
            icon = icon_files.draw(work / "icons") / icon_files.ICO
        (work / "picture.bmp").write_bytes(picture())
        (work / "install.nsh").write_text(install_script(tree, files), encoding="utf-8-sig")
        (work / "remove.nsh").write_text(remove_script(files), encoding="utf-8-sig")
        size_bytes = sum((tree / name).stat().st_size for name in files)
        defines = {
            "VERSION": version,
            "VERSION_NUMBERS": ".".join(map(str, version_info.numbers(version))),
            "SIZE_KB": str(-(-size_bytes // 1024)),
            # More than there is to compress would only cost memory, here and where it is unpacked.
            "DICTIONARY_MB": str(min(MAX_DICTIONARY_MB, 1 + size_bytes // 1_000_000)),
            "SUFFIX": suffix,
            "ICON": str(icon.resolve()),
            "PICTURE": str(work / "picture.bmp"),
            "LICENSE": str(ROOT / "LICENSE"),
            "INSTALL_FILES": str(work / "install.nsh"),
            "REMOVE_FILES": str(work / "remove.nsh"),
            "RESULT": str(result),
        }
        if target is not None:
            defines["TARGET"] = target
        _run(defines, epoch)
    os.utime(result, (epoch, epoch))
    return result


def tree_files(tree: Path) -> list[str]:
    """All files below `tree`, relative, with "/", sorted the same way on every system.

    Raises:
        InstallerError: the tree has not our program, or a name that Windows does not allow.
    """
    names = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if not path.is_dir())
    if WINDOW_PROGRAM not in names and f"{WINDOW_PROGRAM}.exe" not in names:
        raise InstallerError(f"{tree} is no frozen tree: it has no {WINDOW_PROGRAM}")
    seen: dict[str, str] = {}
    for name in names:
        if FORBIDDEN_CHARACTERS & set(name) or any(part.endswith((".", " ")) for part in name.split("/")):
            raise InstallerError(f"{name!r} cannot be the name of a file on Windows")
        if len(name) > MAX_RELATIVE_CHARACTERS:
            raise InstallerError(f"{name!r} is too long for Windows: {len(name)} characters")
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise InstallerError(f"{other!r} and {name!r} are the same file on Windows")
    return names


def install_script(tree: Path, files: Iterable[str]) -> str:
    """A line for each of `files`, and one for each change of the folder."""
    lines = []
    folder = None
    for name in files:
        parent = PurePosixPath(name).parent
        if parent != folder:
            folder = parent
            lines.append(f'SetOutPath "{_installed(parent)}"')
        # The source is a path of this machine, in which `$` has no meaning.
        lines.append(f'File "/oname={_quoted(PurePosixPath(name).name)}" "{tree.resolve() / name}"')
    return "\n".join(lines) + "\n"


def remove_script(files: Iterable[str]) -> str:
    """Deletes each of `files`, then the folders that became empty, the deepest first; $Failed: whether one stayed."""
    names = list(files)
    folders = {parent for name in names for parent in PurePosixPath(name).parents} - {PurePosixPath(".")}
    lines = [
        "StrCpy $Failed 0",
        "ClearErrors",
        *(f'Delete "{_installed(PurePosixPath(name))}"' for name in names),
        "IfErrors 0 +2",
        "StrCpy $Failed 1",
        *(
            f'RMDir "{_installed(path)}"'
            for path in sorted(folders, key=lambda path: (-len(path.parts), str(path)))
        ),
        "ClearErrors",  # a folder with somebody else's file in it
    ]
    return "\n".join(lines) + "\n"


def picture() -> bytes:
    """The left side of the last page, 164 x 314 pixels: the colours of our icon, from top to bottom, as a BMP."""
    width, height = PICTURE_PX
    row_bytes = -(-width * 3 // 4) * 4
    rows = b""
    for y in range(height):  # from the bottom up
        part = y / (height - 1)
        red, green, blue = (
            round(low + (high - low) * part) for low, high in zip(PICTURE_BOTTOM, PICTURE_TOP, strict=True)
        )
        rows += (bytes((blue, green, red)) * width).ljust(row_bytes, b"\0")
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(rows), 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 14 + len(header) + len(rows), 0, 0, 14 + len(header)) + header + rows


def find_makensis() -> str:
    """The path of makensis.

    Raises:
        InstallerError: it is not there.
    """
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), *WINDOWS_FOLDERS))
    found = shutil.which("makensis", path=folders)
    if found is None:
        raise InstallerError("makensis is missing: install NSIS 3.08 or newer (Debian: apt-get install nsis)")
    return found


def _run(defines: dict[str, str], epoch: int) -> None:
    option = "/" if sys.platform == "win32" else "-"
    command = [
        find_makensis(),
        f"{option}V2",
        f"{option}WX",  # warnings are errors
        f"{option}INPUTCHARSET",
        "UTF8",
        *(f"{option}D{name}={value}" for name, value in defines.items()),
        str(SCRIPT),
    ]
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(epoch)}
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise InstallerError(f"makensis failed:\n{done.stdout[-4000:]}")


def _installed(path: PurePosixPath) -> str:
    return "\\".join(("$INSTDIR", *(_quoted(part) for part in path.parts)))


def _quoted(text: str) -> str:
    """`$` begins a variable inside the quotes of NSIS; a quote cannot be in a name."""
    return text.replace("$", "$$")
