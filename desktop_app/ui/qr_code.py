"""A QR code as a picture."""

from __future__ import annotations

import segno
from PySide6.QtGui import QColor, QImage

QUIET_ZONE_MODULES = 4
"""ISO/IEC 18004, 9.1: the light margin that a reader needs. Part of the picture, for windows that are dark."""


def qr_image(text: str, module_px: int) -> QImage:
    """Black on white, `module_px` pixels a module, error correction level M, with its quiet zone."""
    code = segno.make_qr(text, error="m", boost_error=False)
    rows = [list(row) for row in code.matrix_iter(scale=1, border=QUIET_ZONE_MODULES)]
    side = len(rows)
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    black = QColor("black").rgb()
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                image.setPixel(x, y, black)
    return image.scaled(side * module_px, side * module_px)
