"""A QR code as a picture."""

from __future__ import annotations

import segno
from PySide6.QtGui import QImage

QUIET_ZONE_MODULES = 4
"""ISO/IEC 18004, 9.1: the light margin that a reader needs. Part of the picture, for windows that are dark."""

MASK = 3
"""Any mask can be read; to find the best of eight takes 7 ms of the Qt thread, and a reader read no more of them."""


def qr_image(text: str, module_px: int) -> QImage:
    """Black on white, `module_px` pixels a module, error correction level M, with its quiet zone."""
    code = segno.make_qr(text, error="m", boost_error=False, mask=MASK)
    rows = [list(row) for row in code.matrix_iter(scale=1, border=QUIET_ZONE_MODULES)]
    side = len(rows)
    pixels = b"".join(bytes(0 if dark else 255 for dark in row) for row in rows)
    image = QImage(pixels, side, side, side, QImage.Format.Format_Grayscale8)
    return image.scaled(side * module_px, side * module_px).convertToFormat(QImage.Format.Format_RGB32)
