"""The file `copyright` of the Debian package: machine-readable (DEP-5), of what is in this tree.

Paragraphs of later files win over those of earlier ones ("Files paragraph", copyright-format 1.0). Licences that are
in /usr/share/common-licenses on every Debian are named by their place there; the texts of all parts, as their wheels
bring them, are also in the folder of licences of the tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = "usr/lib/bridgecall"
LICENCES = "licenses"
"""Folder of the tree with the texts of all parts, and with what the build changed in them (bundle/licences.py)."""

HEADER = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Bridgecall
Upstream-Contact: The Bridgecall authors
Comment:
 The package has a Python and the wheels of other projects in it, so that it runs as it was tested. Qt, PySide6 and
 FFmpeg are libraries of their own in files of their own below /usr/lib/bridgecall, which may be replaced by changed
 ones, as their licences demand.
"""

COMMON = {
    "LGPL-2.1+": "LGPL-2.1",
    "LGPL-3": "LGPL-3",
    "LGPL-3+": "LGPL-3",
    "GPL-2+": "GPL-2",
    "GPL-3+ with GCC-exception-3.1": "GPL-3",
    "Apache-2.0": "Apache-2.0",
    "MPL-2.0": "MPL-2.0",
}
"""Licence -> its file in /usr/share/common-licenses (package base-files)."""

SHORT = {
    "BSD-3-Clause": """\
 Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
 following conditions are met:
 .
 1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
 disclaimer.
 .
 2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
 disclaimer in the documentation and/or other materials provided with the distribution.
 .
 3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote
 products derived from this software without specific prior written permission.
 .
 THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES,
 INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
 SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY,
 WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF
 THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.""",
    "PSF-2.0": """\
 PSF LICENSE AGREEMENT FOR PYTHON: subject to its terms the Python Software Foundation grants a nonexclusive,
 royalty-free, world-wide license to reproduce, analyze, test, perform and/or display publicly, prepare derivative
 works, distribute, and otherwise use Python alone or in any derivative version, provided that the agreement and the
 notice of copyright are retained. Python is made available "AS IS"; the foundation makes no representations or
 warranties and is not liable for damages. The whole text is at https://docs.python.org/3/license.html.""",
}


@dataclass(frozen=True)
class Part:
    """Files of the tree, whose they are, and on which terms."""

    globs: tuple[str, ...]
    holders: tuple[str, ...]
    licence: str
    comment: str = ""


PARTS = (
    Part(
        ("_internal/python3*", "_internal/libpython*", "_internal/base_library.zip"),
        ("2001-2026 Python Software Foundation",),
        "PSF-2.0",
    ),
    Part(
        ("bridgecall", "bridgecall-bot", "bridgecall-server"),
        ("2010-2026 PyInstaller Development Team", "2026 The Bridgecall authors"),
        "MIT",
        "PyInstaller's start program is under the GPL-2+ with an exception that lets programs that are started by it "
        "have any licence.",
    ),
    Part(
        (
            "_internal/PySide6",
            "_internal/shiboken6",
            "_internal/libQt6*",
            "_internal/libpyside6*",
            "_internal/libshi*",
        ),
        ("2015-2026 The Qt Company Ltd. and other contributors",),
        "LGPL-3",
        "Qt for Python and Qt, from the wheels of the PySide6 project; source code: "
        "https://download.qt.io/official_releases/. PySide6/Qt/lib/libav* and libsw* are FFmpeg, LGPL-2.1+.",
    ),
    Part(
        ("_internal/av", "_internal/av-*"),
        ("2008-2026 Mike Boers, Mark Reid, Jeremy Lainé and other contributors",),
        "BSD-3-Clause",
        "PyAV.",
    ),
    Part(
        ("_internal/av.libs", "_internal/libav*", "_internal/libsw*"),
        ("2000-2026 the FFmpeg developers",),
        "LGPL-3+",
        "FFmpeg and the libraries that it uses, as PyAV's wheel has them; source code: "
        "https://ffmpeg.org/download.html, build: https://github.com/PyAV-Org/pyav-ffmpeg.",
    ),
    Part(
        ("_internal/av.libs/libx264*", "_internal/av.libs/libx265*", "_internal/libx26*"),
        ("2003-2026 x264 project", "2013-2026 MulticoreWare, Inc"),
        "GPL-2+",
    ),
    Part(
        ("_internal/cv2", "_internal/opencv*"),
        ("2000-2026 OpenCV team and the holders that its files name",),
        "Apache-2.0",
        "OpenCV.",
    ),
    Part(
        ("_internal/numpy*",),
        ("2005-2026 NumPy Developers", "2011-2026 The OpenBLAS Project"),
        "BSD-3-Clause",
    ),
    Part(
        ("_internal/numpy.libs/libgfortran*", "_internal/numpy.libs/libquadmath*", "_internal/lib*fortran*"),
        ("2002-2026 Free Software Foundation, Inc.",),
        "GPL-3+ with GCC-exception-3.1",
    ),
    Part(
        ("_internal/aiohttp*", "_internal/yarl*", "_internal/multidict*"),
        ("2013-2026 aio-libs",),
        "Apache-2.0",
    ),
    Part(("_internal/frozenlist*", "_internal/propcache*"), ("2013-2026 aio-libs",), "Apache-2.0"),
    Part(("_internal/livekit*",), ("2023-2026 LiveKit, Inc.",), "Apache-2.0"),
    Part(
        ("_internal/cryptography*",),
        ("2013-2026 The Python Cryptographic Authority and individual contributors",),
        "Apache-2.0",
    ),
    Part(
        ("_internal/pylibsrtp*",), ("2018-2026 Jeremy Lainé", "2001-2017 Cisco Systems, Inc."), "BSD-3-Clause"
    ),
    Part(("_internal/psutil*",), ("2009 Jay Loden, Dave Daeschler, Giampaolo Rodola",), "BSD-3-Clause"),
    Part(("_internal/msgspec*",), ("2021 Jim Crist-Harif",), "BSD-3-Clause"),
    Part(("_internal/google*",), ("2008 Google Inc.",), "BSD-3-Clause"),
    Part(("_internal/certifi*",), ("Mozilla and the certifi project",), "MPL-2.0"),
)


def render(tree: Path) -> str:
    """The file for what is in `tree`; parts that it does not have are left out."""
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8").partition("\n\n")[2].partition("\n\n")[2]
    words = (ROOT / "resources" / "safety-words.LICENSE").read_text(encoding="utf-8")
    paragraphs = [
        HEADER.rstrip(),
        "Files: *\nCopyright: 2026 The Bridgecall authors\nLicense: MIT" + _elsewhere(tree),
        f"Files: {PLACE}/_internal/resources/safety-words.txt\nCopyright: 2000-2019 Kevin Atkinson\n"
        f"License: SCOWL\n{_indented(words)}",
    ]
    used = {"MIT"}
    for part in PARTS:
        found = [glob for glob in part.globs if next(tree.glob(glob), None) is not None]
        if not found:
            continue
        used.add(part.licence)
        places = [f"{PLACE}/{glob}" + ("/*" if (tree / glob).is_dir() else "") for glob in found]
        lines = [
            "Files: " + "\n ".join(places),
            "Copyright: " + "\n ".join(part.holders),
            f"License: {part.licence}",
        ]
        if part.comment:
            lines.append(f"Comment: {part.comment}")
        paragraphs.append("\n".join(lines))
    paragraphs += [_licence(name, licence) for name in sorted(used)]
    return "\n\n".join(paragraphs) + "\n"


def _elsewhere(tree: Path) -> str:
    """Where the texts of the parts that are not named one by one are."""
    texts = f"/{PLACE}/{LICENCES}" if (tree / LICENCES).is_dir() else f"/{PLACE}/_internal/*.dist-info"
    return f"\nComment: Smaller parts from PyPI have licences of the same kind; their texts are in {texts}."


def _licence(name: str, mit: str) -> str:
    if name == "MIT":
        return f"License: MIT\n{_indented(mit)}"
    if name in SHORT:
        return f"License: {name}\n{SHORT[name]}"
    return (
        f"License: {name}\n On Debian systems the text of this licence, or of its first version that applies, is in\n"
        f" /usr/share/common-licenses/{COMMON[name]}."
    )


def _indented(text: str) -> str:
    """As the continuation of a field: one space before each line, a full stop for an empty one."""
    return "\n".join(f" {line}".rstrip() if line.strip() else " ." for line in text.strip().splitlines())
