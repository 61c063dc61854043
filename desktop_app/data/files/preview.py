"""Small pictures of pictures: made by the sender, checked by the receiver. On worker threads."""

from __future__ import annotations

import base64
import binascii
import logging
import struct
from typing import TYPE_CHECKING

import numpy as np

from .limits import MAX_PREVIEW_BYTES

if TYPE_CHECKING:
    from .source import SourceFile

logger = logging.getLogger(__name__)

MAX_PREVIEW_PX = 320
"""Of the longer side, as we make it."""
_MAX_SHOWN_PX = 1024
"""Of what others send: a few bytes can say that they are 65535 x 65535."""
_MAX_SOURCE_BYTES = 30_000_000
_MAX_SOURCE_PIXELS = 50_000_000
_ENDINGS = (".png", ".jpg", ".jpeg")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF markers (ITU-T T.81, table B.1)."""


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that the header of a PNG or JPEG names, without decoding it; None: it is neither."""
    if data.startswith(_PNG):
        if len(data) < 24 or data[12:16] != b"IHDR":
            return None
        width, height = struct.unpack_from("!II", data, 16)
        return (width, height) if width and height else None
    return _jpeg_size(data) if data.startswith(_JPEG) else None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _FRAME_HEADERS:
            height, width = struct.unpack_from("!HH", data, at + 5)
            return (width, height) if width and height else None
        length: int = struct.unpack_from("!H", data, at + 2)[0]
        if length < 2 or marker in (0xD8, 0xD9, 0xDA):
            return None
        at += 2 + length
    return None


def make_preview(file: SourceFile) -> bytes | None:
    """A JPEG of at most MAX_PREVIEW_BYTES; None of what is no picture, too large or broken."""
    if not file.path.lower().endswith(_ENDINGS) or not 0 < file.size_bytes <= _MAX_SOURCE_BYTES:
        return None
    try:
        with open(file.path, "rb") as source:
            data = source.read(_MAX_SOURCE_BYTES)
    except OSError:
        return None
    size = picture_size(data)
    if size is None or size[0] * size[1] > _MAX_SOURCE_PIXELS:
        return None
    return _shrink(data, max(size))


def _shrink(data: bytes, longer_px: int) -> bytes | None:
    from desktop_app.media.opencv import cv2  # 0.2 s of loading that a call without files does not need

    reduced = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
    flag = next(
        (flag for factor, flag in reduced.items() if longer_px // factor >= MAX_PREVIEW_PX), cv2.IMREAD_COLOR
    )
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
        if picture is None:
            return None
        height, width = picture.shape[:2]
        scale = min(1.0, MAX_PREVIEW_PX / max(width, height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        for quality in (80, 60, 40, 20):
            done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if done and len(encoded) <= MAX_PREVIEW_BYTES:
                return encoded.tobytes()
    except cv2.error:
        logger.info("a picture cannot be made small", exc_info=True)
    return None


def checked_preview(text: str | None) -> bytes | None:
    """What a far end offers as a preview, still encoded; None when it is none or would be large. Not for long texts."""
    if text is None:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    size = picture_size(data) if len(data) <= MAX_PREVIEW_BYTES else None
    return data if size is not None and max(size) <= _MAX_SHOWN_PX else None
