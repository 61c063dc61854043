"""What the Debian package depends on, from what its ELF files link to, and what it leaves to Debian.

PyInstaller puts copies of the build machine's libraries into the frozen tree, which the portable archive needs.
In the package they would only grow old: those that Debian and Ubuntu have under the same soname in all their
current releases are left out (`left_to_debian`), and the package depends on theirs (`relations`).

Names of packages differ: Debian 13 and Ubuntu 24.04 renamed libraries for their 64-bit time_t, so that a relation
has both names as alternatives (Debian policy 7.1).
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linux import elf
from setup.system_packages import LIBRARIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

PACKAGES = {
    **LIBRARIES,
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libXau.so.6": "libxau6",
    "libXcomposite.so.1": "libxcomposite1",
    "libXcursor.so.1": "libxcursor1",
    "libXdamage.so.1": "libxdamage1",
    "libXdmcp.so.6": "libxdmcp6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXinerama.so.1": "libxinerama1",
    "libXrender.so.1": "libxrender1",
    "libasound.so.2": "libasound2",
    "libgbm.so.1": "libgbm1",
    "libgcc_s.so.1": "libgcc-s1",
    "libgdk-3.so.0": "libgtk-3-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgmodule-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgtk-3.so.0": "libgtk-3-0",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangocairo-1.0.so.0": "libpango-1.0-0",
    "libpipewire-0.3.so.0": "libpipewire-0.3-0",
    "libstdc++.so.6": "libstdc++6",
    "libudev.so.1": "libudev1",
    "libuuid.so.1": "libuuid1",
    "libxcb.so.1": "libxcb1",
    "libxcb-dri2.so.0": "libxcb-dri2-0",
    "libxcb-dri3.so.0": "libxcb-dri3-0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xinput.so.0": "libxcb-xinput0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}
"""Soname -> package of Debian 12: the same soname in Debian 12 and 13 and Ubuntu 22.04 and 24.04."""

RENAMED = {name: f"{name}t64" for name in ("libasound2", "libglib2.0-0", "libgtk-3-0")}
"""Package of Debian 12 -> of Debian 13."""

LIBC = (
    "libc.so.",
    "libm.so.",
    "libpthread.so.",
    "libdl.so.",
    "librt.so.",
    "libresolv.so.",
    "libutil.so.",
    "ld-linux",
)
"""Beginnings of the names of what libc6 has."""

OPTIONAL = ("libqgtk3.so", "libqxdgdesktopportal.so")
"""Plugins of Qt that are loaded when their libraries are there and passed over otherwise: no dependency."""

LOADED_BY_NAME = {
    "libX11.so.6": "mss, by ctypes, to show a screen",
    "libXfixes.so.3": "mss",
    "libXrandr.so.2": "mss",
    "libxcb.so.1": "mss",
    "libxcb-randr.so.0": "mss",
    "libxcb-render.so.0": "mss",
    "libxcb-shm.so.0": "mss",
    "libxcb-xfixes.so.0": "mss",
    "libpulse.so.0": "QtMultimedia, for sound",
    "libEGL.so.1": "Qt's xcb and Wayland plugins, for OpenGL",
    "libGL.so.1": "the same",
    "libxcb-cursor.so.0": "Qt's xcb plugin, which it does not load without",
    "libwayland-client.so.0": "Qt's Wayland plugin",
    "libfontconfig.so.1": "Qt, to find fonts; its package brings one",
}
"""Library -> who opens it with dlopen(), or in which plugin it is: needed whatever this build links to."""

GLIBCXX = {25: "8", 26: "9", 28: "9.3", 29: "11", 30: "12", 31: "13", 32: "13.2", 33: "14", 34: "15"}
"""GLIBCXX_3.4.N -> the version of libstdc++6 that has it first (GCC's manual, "ABI Policy and Guidelines")."""


@dataclass(frozen=True)
class Needs:
    """What a tree needs of the system."""

    relations: list[str]
    """For the field Depends."""
    left_to_debian: frozenset[Path]
    """Files of the tree that the package does not have, since Debian has them."""


class UnknownLibraryError(Exception):
    """A library is neither in the tree nor of a package that is known; the text says who needs it."""


def needs(tree: Path) -> Needs:
    """What the frozen tree `tree` needs, and which of its files Debian has.

    Raises:
        UnknownLibraryError: nobody knows which package has a library.
    """
    elves = elf.scan(tree)
    kept, left = _leave_to_debian(elves)
    inside = {path.name for path in tree.rglob("*.so*") if path not in left}
    wanted: dict[str, str] = dict(LOADED_BY_NAME)
    for one in kept:
        if one.path.name not in OPTIONAL:
            wanted |= {name: str(one.path.relative_to(tree)) for name in sorted(one.needed - inside)}
    packages = {_package(name, user) for name, user in wanted.items() if not name.startswith(LIBC)}
    return Needs([_libc(kept), *sorted(_relation(name, kept) for name in packages)], frozenset(left))


def _leave_to_debian(elves: Sequence[elf.Elf]) -> tuple[list[elf.Elf], set[Path]]:
    """Those to keep, and the paths of the copies of Debian's libraries and of what nobody but them needed."""
    left = {one.path for one in elves if one.path.name in PACKAGES}
    kept = [one for one in elves if one.path not in left]
    asked_by_left = {name for one in elves if one.path in left for name in one.needed}
    while True:
        asked = {name for one in kept if one.path.name not in OPTIONAL for name in one.needed}
        orphans = {one.path for one in kept if one.path.name in asked_by_left - asked}
        if not orphans:
            return kept, left
        asked_by_left |= {name for one in kept if one.path in orphans for name in one.needed}
        kept = [one for one in kept if one.path not in orphans]
        left |= orphans


def _package(library: str, user: str) -> str:
    if library in PACKAGES:
        return PACKAGES[library]
    owner = _owner(library)
    if owner is None:
        raise UnknownLibraryError(
            f"{user} needs {library}, which is neither in the tree nor of a known package"
        )
    return owner


def _owner(library: str) -> str | None:
    """The installed package that has `library`, by its name in Debian 12."""
    done = subprocess.run(
        ["dpkg-query", "--search", f"*/{library}"], capture_output=True, text=True, check=False
    )
    packages = sorted({line.partition(":")[0] for line in done.stdout.splitlines() if ": /" in line})
    return packages[0].removesuffix("t64") if packages else None


def _libc(elves: Iterable[elf.Elf]) -> str:
    version = elf.newest(elves, "GLIBC_")
    return "libc6" if version is None else f"libc6 (>= {'.'.join(map(str, version))})"


def _relation(package: str, elves: Iterable[elf.Elf]) -> str:
    if package == "libstdc++6":
        version = elf.newest(elves, "GLIBCXX_")
        known = [GLIBCXX[number] for number in GLIBCXX if version is not None and (3, 4, number) <= version]
        return f"{package} (>= {known[-1]})" if known else package
    return f"{RENAMED[package]} | {package}" if package in RENAMED else package
