"""Lay out what the Flatpak manifest installs: the frozen tree, what desktops read, and the manifest."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bundle import version
from linux import icons, metainfo

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MANIFEST = HERE / "flatpak" / f"{icons.APP_ID}.yaml"


def make(tree: Path, out: Path, version: str, epoch: int) -> Path:
    """Fill the folder `out`, which is made anew; returns the manifest's path in it."""
    shutil.rmtree(out, ignore_errors=True)
    files = out / "files"
    shutil.copytree(tree, files / "tree", symlinks=True)
    shutil.copy(HERE / f"{icons.APP_ID}.desktop", files)
    text = metainfo.render(version, epoch)
    (files / f"{icons.APP_ID}.metainfo.xml").write_text(text, encoding="utf-8")
    icons.hicolor(files / "hicolor")
    shutil.copy(MANIFEST, out)
    return out / MANIFEST.name


def main() -> int:
    """Fill build/flatpak-sources from build/tree/bridgecall."""
    tree = ROOT / "build" / "tree" / "bridgecall"
    if not tree.is_dir():
        sys.stderr.write("There is no frozen tree: make it with python packaging/build.py --only tree.\n")
        return 2
    print(make(tree, ROOT / "build" / "flatpak-sources", version.version(), version.epoch()))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
