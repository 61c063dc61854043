"""Runs PyInstaller and prunes what it made: build/tree/bridgecall."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from typing import TYPE_CHECKING

from bundle import BUILD, INTERNAL, PROGRAMS, ROOT, TREE, environment, icon_files, prune, version

if TYPE_CHECKING:
    from pathlib import Path

SPEC = ROOT / "packaging" / "bundle" / "bridgecall.spec"
_DIRECTORY_MODE, _PROGRAM_MODE, _FILE_MODE = 0o755, 0o755, 0o644


def freeze(epoch: int) -> Path:
    """Make the tree anew, every file in it dated `epoch`; returns its folder.

    Raises:
        BuildError: PyInstaller failed.
    """
    work = BUILD / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(TREE.parent, ignore_errors=True)
    metadata = work / "metadata"
    version.write_metadata(metadata)
    variables = {
        "BRIDGECALL_METADATA": str(metadata),
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": str(epoch),
        "PYINSTALLER_CONFIG_DIR": str(work / "cache"),
        **_decoration(work),
    }
    command: list[str | Path] = [
        environment.python(),
        "-m",
        "PyInstaller",
        "--noconfirm",
        "--clean",
        "--log-level",
        "WARN",
    ]
    command += ["--distpath", TREE.parent, "--workpath", work / "pyinstaller", SPEC]
    environment.run(command, "PyInstaller", **variables)
    if sys.platform == "linux":
        for name in PROGRAMS[1:]:
            (TREE / name).symlink_to(PROGRAMS[0])
    prune.prune(TREE)
    settle(TREE, epoch)
    return TREE


def _decoration(work: Path) -> dict[str, str]:
    """The icon, and on Windows the version resource, where the platform's programs carry one."""
    system: str = sys.platform  # a plain text, or mypy would take the other systems' lines for unreachable
    if system not in ("win32", "darwin"):
        return {}
    icon = icon_files.draw(work / "icons") / (icon_files.ICO if system == "win32" else icon_files.ICNS)
    found = {"BRIDGECALL_ICON": str(icon)}
    if system == "win32":
        resource = work / "version_info.txt"
        text = importlib.import_module("windows.version_info").text(version.version())
        resource.write_text(text, encoding="utf-8")
        found["BRIDGECALL_VERSION_INFO"] = str(resource)
    return found


def settle(tree: Path, epoch: int) -> None:
    """Give every file the same modes and time on every machine, whatever umask it was made under."""
    for path in sorted(tree.rglob("*"), reverse=True):
        if path.is_symlink():
            continue
        if sys.platform != "win32":
            is_program = path.parent == tree and path.name in PROGRAMS
            library = ".so" in path.name or path.suffix == ".dylib"
            mode = (
                _DIRECTORY_MODE if path.is_dir() else _PROGRAM_MODE if is_program or library else _FILE_MODE
            )
            path.chmod(mode)
        os.utime(path, (epoch, epoch))
    os.utime(tree, (epoch, epoch))


def size_bytes(tree: Path) -> int:
    """The sum of the sizes of the tree's files, in bytes."""
    return sum(path.stat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink())


def is_frozen(tree: Path) -> bool:
    """Whether there is a tree with all its programs."""
    suffix = ".exe" if sys.platform == "win32" else ""
    return (tree / INTERNAL).is_dir() and all((tree / f"{name}{suffix}").is_file() for name in PROGRAMS)
