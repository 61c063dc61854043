"""Render resources/icons/app.svg for the systems: PNG of the hicolor theme, .ico for Windows, .icns for macOS.

    icons.py OUT      writes OUT/hicolor/SIZExSIZE/apps/ID.png, OUT/hicolor/scalable/apps/ID.svg, OUT/bridgecall.ico
                      and OUT/bridgecall.icns

The same drawing and the same PySide6 give the same bytes: QImage writes neither a time nor its own name into a PNG.
PySide6 is imported when something is drawn, and needs no display.
"""

from __future__ import annotations

import os
import struct
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

DRAWING = Path(__file__).resolve().parents[2] / "resources" / "icons" / "app.svg"
APP_ID = "org.bridgecall.Bridgecall"

HICOLOR_SIZES_PX = (16, 22, 24, 32, 48, 64, 96, 128, 192, 256, 512)
"""The folders of hicolor's index.theme (freedesktop.org icon theme specification) that desktops look into."""

ICO_SIZES_PX = (16, 20, 24, 32, 40, 48, 64, 128, 256)
"""What Windows draws at 100 to 250 percent, and 256 for large tiles."""

ICNS_TYPES = {
    b"icp4": 16,
    b"ic11": 32,
    b"icp5": 32,
    b"ic12": 64,
    b"ic07": 128,
    b"ic13": 256,
    b"ic08": 256,
    b"ic14": 512,
    b"ic09": 512,
    b"ic10": 1024,
}
"""OSType -> pixels, those that hold a PNG; ic11 to ic14 and ic10 are the @2x of 16, 32, 128, 256 and 512 points."""


def _draw(size_px: int) -> QImage:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    # Shapes alone need no QGuiApplication; a letter in the drawing would, and would end the process without one.
    application = QGuiApplication.instance() or QGuiApplication(["icons"])
    renderer = QSvgRenderer(str(DRAWING))
    if not renderer.isValid():
        raise ValueError(f"{DRAWING} is no drawing that can be rendered")
    image = QImage(size_px, size_px, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    del application
    return image


@cache
def render_png(size_px: int) -> bytes:
    """The icon as a square PNG with alpha, `size_px` wide.

    Raises:
        ValueError: the drawing is no SVG.
    """
    image = _draw(size_px)
    from PySide6.QtCore import QBuffer, QIODevice

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub wants bytes, PySide6 6.11 takes both
    return bytes(buffer.data().data())


def _dib(size_px: int) -> bytes:
    """The icon as Windows knows it of old: BITMAPINFOHEADER, BGRA from the bottom up, and a mask of zeros.

    The header's height counts picture and mask; with 32 bits a pixel the alpha decides, not the mask.
    """
    image = _draw(size_px)
    row = 4 * size_px
    pixels = bytes(image.constBits())
    picture = b"".join(pixels[start : start + row] for start in range(len(pixels) - row, -1, -row))
    mask = bytes((size_px + 31) // 32 * 4 * size_px)
    header = struct.pack(
        "<IiiHHIIiiII", 40, size_px, 2 * size_px, 1, 32, 0, len(picture) + len(mask), 0, 0, 0, 0
    )
    return header + picture + mask


def ico(path: Path) -> None:
    """Write a Windows icon: 256 pixels as a PNG, which Windows reads since Vista, the smaller ones as bitmaps.

    Its layout: ICONDIR, then an ICONDIRENTRY for each image ("Icons", Win32 documentation); 0 means 256 pixels.
    """
    images = [(size, render_png(size) if size == 256 else _dib(size)) for size in ICO_SIZES_PX]
    head = struct.pack("<HHH", 0, 1, len(images))
    offset = len(head) + 16 * len(images)
    entries = b""
    for size, data in images:
        entries += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(data), offset)
        offset += len(data)
    path.write_bytes(head + entries + b"".join(data for _, data in images))


def icns(path: Path) -> None:
    """Write a macOS icon: `icns`, the length of all, then for each image its type, its length and a PNG."""
    parts = b"".join(
        kind + struct.pack(">I", 8 + len(render_png(size))) + render_png(size)
        for kind, size in ICNS_TYPES.items()
    )
    path.write_bytes(b"icns" + struct.pack(">I", 8 + len(parts)) + parts)


def hicolor(folder: Path) -> None:
    """Fill `folder` (…/share/icons/hicolor) with the icon in every size and as the drawing itself."""
    for size in HICOLOR_SIZES_PX:
        target = folder / f"{size}x{size}" / "apps" / f"{APP_ID}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(render_png(size))
    scalable = folder / "scalable" / "apps" / f"{APP_ID}.svg"
    scalable.parent.mkdir(parents=True, exist_ok=True)
    scalable.write_bytes(DRAWING.read_bytes())


def main() -> int:
    """Write all into the folder that the command line names."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: icons.py OUT\n")
        return 2
    out = Path(sys.argv[1])
    hicolor(out / "hicolor")
    ico(out / "bridgecall.ico")
    icns(out / "bridgecall.icns")
    return 0


if __name__ == "__main__":
    sys.exit(main())
