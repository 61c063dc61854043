"""Preview pictures of offered files: hostile bytes, decoded on a worker thread within limits."""

from __future__ import annotations

import logging

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

logger = logging.getLogger(__name__)

MAX_BYTES = 24 * 1024
MAX_SIDE_PX = 1024
"""Of the encoded picture: 24 KiB of PNG can claim to be gigabytes."""
SHOWN_SIDE_PX = 192
_FORMATS = ((b"\x89PNG\r\n\x1a\n", b"png"), (b"\xff\xd8\xff", b"jpeg"))


def decode_preview(data: bytes) -> QImage | None:
    """The picture at most SHOWN_SIDE_PX wide and high, None when it is none, or one too large. Any thread."""
    if len(data) > MAX_BYTES:
        logger.info("a preview of %d bytes is not decoded", len(data))
        return None
    name = next((name for start, name in _FORMATS if data.startswith(start)), None)
    if name is None:
        logger.info("a preview is neither PNG nor JPEG")
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(name))
    reader.setDecideFormatFromContent(False)  # none of Qt's many other decoders
    size = reader.size()  # from the header alone
    if not size.isValid() or size.isEmpty() or max(size.width(), size.height()) > MAX_SIDE_PX:
        logger.info("a preview says it is %d x %d", size.width(), size.height())
        return None
    image = reader.read()
    if image.isNull():
        logger.info("a preview cannot be decoded: %s", reader.errorString())
        return None
    box = QSize(SHOWN_SIDE_PX, SHOWN_SIDE_PX)
    if image.width() > box.width() or image.height() > box.height():
        image = image.scaled(
            box, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
