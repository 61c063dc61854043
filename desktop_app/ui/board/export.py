"""The whiteboard as a file: a picture (PNG) or a drawing (SVG). Made and written on a worker thread."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter

from desktop_app.data.board.errors import BoardError

from .shapes import TEXT_HEIGHT, clean_text, paint_shape, shape_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.data.messages.board import Shape

MARGIN = 24.0
PAPER = "#ffffff"
PNG_SCALE = 2.0
MAX_PNG_PX = 8192
_LINE_HEIGHT = 1.2
_ASCENT = 0.95


def save(shapes: Sequence[Shape], path: str) -> None:
    """Write the file at `path`, in the format of its suffix; the whole of it or nothing.

    Raises:
        BoardError: it cannot be written.
    """
    svg = path.lower().endswith(".svg")
    data = to_svg(shapes).encode("utf-8") if svg else to_png(shapes)
    target = Path(path)
    temporary = target.with_name(f".{secrets.token_hex(6)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        reason = error.strerror or "it cannot be written"
        raise BoardError(f"The whiteboard could not be saved as {target.name}: {reason}.") from error


def _bounds(shapes: Sequence[Shape]) -> QRectF:
    whole = QRectF()
    for shape in shapes:
        whole = whole.united(shape_bounds(shape))
    return whole.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)


def to_png(shapes: Sequence[Shape]) -> bytes:
    """Everything on white paper, at twice its size as long as that is at most 8,192 pixels a side."""
    bounds = _bounds(shapes)
    scale = min(PNG_SCALE, MAX_PNG_PX / bounds.width(), MAX_PNG_PX / bounds.height())
    width, height = max(1, round(bounds.width() * scale)), max(1, round(bounds.height() * scale))
    image = QImage(width, height, QImage.Format.Format_RGB32)
    if image.isNull():
        raise BoardError("The whiteboard is too large for a picture.")
    image.fill(QColor(PAPER))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(scale, scale)
    painter.translate(-bounds.topLeft())
    for shape in shapes:
        paint_shape(painter, shape)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not QImageWriter(buffer, QByteArray(b"png")).write(image):
        raise BoardError("The picture of the whiteboard could not be made.")
    return bytes(buffer.data().data())


def to_svg(shapes: Sequence[Shape]) -> str:
    """An SVG 1.1 document; texts in it are escaped, whatever they are."""
    bounds = _bounds(shapes)
    size = f'width="{_number(bounds.width())}" height="{_number(bounds.height())}"'
    place = f'x="{_number(bounds.x())}" y="{_number(bounds.y())}"'
    view = " ".join(_number(each) for each in (bounds.x(), bounds.y(), bounds.width(), bounds.height()))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="{view}">',
        f'<rect {place} {size} fill="{PAPER}"/>',
        '<g fill="none" stroke-linecap="round" stroke-linejoin="round">',
        *(_element(shape) for shape in shapes),
        "</g>",
        "</svg>",
        "",
    ]
    return "\n".join(lines)


def _element(shape: Shape) -> str:
    if shape.tool == "text":
        return _text(shape)
    ink = f"stroke={quoteattr(shape.color)} stroke-width={quoteattr(_number(shape.width))}"
    points = shape.points
    if shape.tool == "rectangle":
        left, top = _number(min(points[0], points[2])), _number(min(points[1], points[3]))
        width, height = _number(abs(points[2] - points[0])), _number(abs(points[3] - points[1]))
        return f'<rect x="{left}" y="{top}" width="{width}" height="{height}" {ink}/>'
    if shape.tool == "ellipse":
        center = f'cx="{_number((points[0] + points[2]) / 2)}" cy="{_number((points[1] + points[3]) / 2)}"'
        radii = (
            f'rx="{_number(abs(points[2] - points[0]) / 2)}" ry="{_number(abs(points[3] - points[1]) / 2)}"'
        )
        return f"<ellipse {center} {radii} {ink}/>"
    return f'<path d="{_path(points)}" {ink}/>'


def _path(points: tuple[float, ...]) -> str:
    """The same curves as on the screen (shapes.outline)."""
    pairs = list(zip(points[::2], points[1::2], strict=True))
    parts = [f"M{_pair(*pairs[0])}"]
    if len(pairs) <= 2:
        parts.append(f"L{_pair(*pairs[-1])}")
        return "".join(parts)
    for (x, y), (next_x, next_y) in itertools.pairwise(pairs[1:-1]):
        parts.append(f"Q{_pair(x, y)} {_pair((x + next_x) / 2, (y + next_y) / 2)}")
    parts.append(f"Q{_pair(*pairs[-2])} {_pair(*pairs[-1])}")
    return "".join(parts)


def _text(shape: Shape) -> str:
    size = shape.width * TEXT_HEIGHT
    x, y = shape.points
    lines = [
        f'<tspan x="{_number(x)}" y="{_number(y + size * (_ASCENT + _LINE_HEIGHT * number))}">'
        f"{escape(_xml_text(line))}</tspan>"
        for number, line in enumerate(clean_text(shape.text).split("\n"))
    ]
    return (
        f'<text fill={quoteattr(shape.color)} font-size="{_number(size)}" font-family="sans-serif"'
        f' xml:space="preserve">{"".join(lines)}</text>'
    )


def _xml_text(text: str) -> str:
    """Without the characters that XML 1.0 does not have even when escaped (section 2.2)."""
    return "".join(char for char in text if char >= " " and char not in "\ufffe\uffff")


def _pair(x: float, y: float) -> str:
    return f"{_number(x)} {_number(y)}"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "0"
    return f"{value:.2f}".rstrip("0").rstrip(".")
