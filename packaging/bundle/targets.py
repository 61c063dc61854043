"""What is made of the frozen tree, by platform. A maker is a module with make(tree, out, version, epoch) -> Path."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Protocol, cast

from bundle import BUILD, BuildError

ALL = ("tree", "portable", "deb", "flatpak-manifest", "nsis", "app", "dmg")
"""Every name that --only knows, in the order in which they are made; tree is the frozen tree alone."""
_OF_PLATFORM = {
    "linux": ("tree", "portable", "deb", "flatpak-manifest"),
    "win32": ("tree", "portable", "nsis"),
    "darwin": ("tree", "app", "dmg"),
}
_MODULES = {
    "portable": "bundle.archive",
    "deb": "linux.deb",
    "nsis": "windows.nsis",
    "app": "macos.app",
    "dmg": "macos.dmg",
}
_PROGRAMS = {"deb": "dpkg-deb"}


class Maker(Protocol):
    """The module of a target."""

    def make(self, tree: Path, out: Path, version: str, epoch: int) -> Path:
        """Make it in the folder `out` and return the file or folder."""


def chosen(only: str | None) -> tuple[str, ...]:
    """The targets of a build: what `--only` says, or what belongs to this platform.

    Raises:
        BuildError: there is no such target, or this platform has none.
    """
    if only is None:
        if sys.platform not in _OF_PLATFORM:
            raise BuildError(f"Nothing is made on {sys.platform}: only on Linux, Windows and macOS.")
        return _OF_PLATFORM[sys.platform]
    names = {name.strip() for name in only.split(",")}
    if unknown := sorted(names - set(ALL)):
        raise BuildError(f"There is nothing called {', '.join(unknown)} to make: {', '.join(ALL)}.")
    return tuple(name for name in ALL if name in names)


def make(target: str, tree: Path, out: Path, version: str, epoch: int) -> Path:
    """Make `target`, which is not "tree", in `out`.

    Raises:
        BuildError: it cannot be made; the text says why.
    """
    if target == "flatpak-manifest":
        return _flatpak(tree, out, version, epoch)
    maker = cast("Maker", importlib.import_module(_MODULES[target]))
    try:
        return maker.make(tree, out, version, epoch)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise BuildError(f"Making {target} failed: {error}") from error


def missing_program(target: str) -> str | None:
    """The program that `target` cannot be made without and that is not here."""
    program = _PROGRAMS.get(target)
    return program if program is not None and shutil.which(program) is None else None


def _flatpak(tree: Path, out: Path, version: str, epoch: int) -> Path:
    """The manifest, and in build/ the files that it installs; flatpak-builder runs where the runtimes are."""
    maker = cast("Maker", importlib.import_module("linux.flatpak_sources"))
    manifest = maker.make(tree, BUILD / "flatpak-sources", version, epoch)
    return Path(shutil.copyfile(manifest, out / manifest.name))
