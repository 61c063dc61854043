"""Collects the licences of everything in the frozen tree into its folder licenses/."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bundle import ROOT, distributions, environment, native, stand_ins

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = "licenses"
TEXTS = Path(__file__).with_name("texts")
_NAME = re.compile(
    r"(?:.*[-_.])?(?:licen[cs]es?|copying|copyright|notice|authors)(?:[-_.].*)?", re.IGNORECASE
)
_NO_TEXT = {".py", ".pyc", ".json", ".so", ".pyd", ".pyi"}

_HEAD = """\
Third-party software in Bridgecall {version}
=====================================

Bridgecall itself is under the MIT licence: see LICENSE beside this file. It is distributed together with the
software below; each part keeps its own licence. The licence texts of the Python packages are in the folders beside
this file, those that native libraries refer to in texts/.

How the duties of the LGPL are met (Qt, Qt for Python: LGPL-3.0; FFmpeg: LGPL-3.0-or-later; LAME, ALSA, GnuTLS,
Nettle, GMP, libunistring: LGPL)
- They are shared libraries, files of their own below _internal/ (PySide6/, shiboken6/, av.libs/), and are linked
  dynamically. Nothing of them is in the programs' own files.
- Each may be replaced by a changed version with the same interface and file name: put the file in the place of the
  old one. No program checks what it loads, and reverse engineering for debugging such changes is permitted. On macOS
  the application has to be signed again afterwards (codesign --force --deep --sign -).
- They are the binaries of the wheels on PyPI named below, and are unchanged but for this: symbols for debugging were
  taken away (strip); libicudata has less data; OpenCV is linked to PyAV's FFmpeg instead of a second copy; and the
  libraries in STAND-INS.txt (if there is that file) were replaced by empty ones. packaging/bundle/ of Bridgecall's
  source does all that.
- Where the source is: below, for each. The exact versions are in the SBOM (bridgecall-*.cdx.json, published with
  every release) and in the lock, packaging/locks/{lock}, with the hashes of the files. Who distributes these
  programs keeps the source of the same versions at hand for as long as the LGPL asks for it, or passes on this
  offer: the authors of Bridgecall name the place of the source of a release to anybody who asks.
- The texts: texts/LGPL-3.txt (with texts/GPL-3.txt, of which it is a part), texts/LGPL-2.1.txt.

This software uses libraries from the FFmpeg project under the LGPL version 3 or later. FFmpeg is a trademark of
Fabrice Bellard. Qt is a trademark of The Qt Company Ltd.

"""

_GPL = """\
x264 and x265 are libraries under the GPL-2.0-or-later that PyAV's FFmpeg is linked to on this system. The source of
Bridgecall is under the MIT licence, which the GPL permits; whoever passes on this bundle as a whole passes on
those libraries under the terms of the GPL.

"""

_LOADER = """\
The programs' own files begin with PyInstaller's boot loader: GPL-2.0-or-later with an exception that permits to
distribute it with programs of any licence; see the folder pyinstaller-*.

"""


def _texts(package: distributions.Distribution) -> dict[str, Path]:
    """The licence texts of a package, each under the name that it gets."""
    found: dict[str, Path] = {}
    for path in package.files:
        in_licences = path.parent.name == "licenses" or "licenses" in path.parts[-4:-1]
        if path.suffix in _NO_TEXT or not path.is_file() or not (_NAME.fullmatch(path.name) or in_licences):
            continue
        inside = (
            path.parts[path.parts.index("site-packages") + 1 :]
            if "site-packages" in path.parts
            else (path.name,)
        )
        name = path.name if path.is_relative_to(package.folder) else "-".join(inside)
        if name in found:
            name = "-".join(inside[1:])
        found[name] = path
    return found


def _copy(texts: Iterable[tuple[str, Path]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in texts:
        shutil.copyfile(path, folder / name)


def _python_licence() -> Path | None:
    """The licence of the Python that is frozen: in its library on most systems, else among the documentation."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix)
    places = [
        base / "lib" / version / "LICENSE.txt",
        base / "LICENSE.txt",
        base / "Resources" / "LICENSE.txt",
    ]
    places += [
        Path("/usr/share/doc") / version / "copyright",
        Path("/usr/share/doc") / "python3" / "copyright",
    ]
    return next((place for place in places if place.is_file()), None)


def collect(tree: Path, version: str) -> Path:
    """Write the folder licenses/ of `tree` and return it; the build's environment must be there."""
    folder = tree / FOLDER
    folder.mkdir(exist_ok=True)
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    shutil.copytree(TEXTS, folder / "texts", dirs_exist_ok=True)
    lines = [_HEAD.format(version=version, lock=environment.lock().name), _LOADER]
    libraries = set(native.libraries(tree)) - stand_ins.recorded(tree)
    natives = native.natives(sorted(libraries))
    if any(one.licence.startswith("GPL-2.0") for one in natives):
        lines.append(_GPL)
    lines.append("Python packages (from PyPI, https://pypi.org/project/NAME/VERSION/)\n")
    for package in distributions.frozen():
        texts = _texts(package)
        if texts:
            _copy(sorted(texts.items()), folder / f"{package.name}-{package.version}")
        lines.append(
            f"- {package.name} {package.version}: {package.licence} {package.homepage}".rstrip() + "\n"
        )
    for package in distributions.tools():
        if package.name == "pyinstaller":
            _copy(sorted(_texts(package).items()), folder / f"{package.name}-{package.version}")
    python_licence = _python_licence()
    if python_licence is not None:
        _copy([("LICENSE.txt", python_licence)], folder / "python")
    lines.append("\nNative libraries\n")
    for one, paths in natives.items():
        names = ", ".join(sorted({path.name for path in paths}))
        lines.append(
            f"- {one.name}: {one.licence}, copyright {one.holder}; source: {one.source}\n  {names}\n"
        )
    text = "".join(lines)
    (folder / "THIRD-PARTY.txt").write_text(text, encoding="utf-8", newline="\n")
    return folder
