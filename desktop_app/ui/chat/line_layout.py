"""The text of a line, laid out in a width: plain text with its links underlined, never HTML."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QTextCharFormat, QTextLayout, QTextOption

from desktop_app.ui.reactions.emoji import find_missing, render_reaction

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from .links import Link
    from .rows import Row

LINE_SEPARATOR = "\u2028"


class LineLayout:
    """Laid out at most `max_width` pixels wide, and as narrow as the text allows."""

    def __init__(self, row: Row, font: QFont, max_width: float, link_color: QColor | None = None) -> None:
        self._row = row
        self._layout = QTextLayout(row.text.replace("\n", LINE_SEPARATOR), font)
        self._layout.setCacheEnabled(True)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._layout.setTextOption(option)
        self._drawn: list[tuple[int, int, str]] = []
        emoji = [] if row.text.isascii() else find_missing(row.text, font)
        self._units = _unit_offsets(row.text) if row.links or emoji else None
        formats = []
        for start, length, name in emoji:
            formats.append(self._format(start, length, None, font))
            self._drawn.append((self._unit(start), self._unit(start + length), name))
        if link_color is not None:
            formats += [self._format(link.start, link.length, link_color, font) for link in row.links]
        if formats:
            self._layout.setFormats(formats)
        self.size = self._lay_out(max_width)
        self.wraps = self.size.width() > max_width - 1 or self._layout.lineCount() > row.text.count("\n") + 1
        """Whether another width may give another height."""
        if link_color is not None:  # to be painted: texts from right to left end where the bubble does
            self._lay_out(self.size.width() + 0.01)

    def draw(self, painter: QPainter, at: QPointF, clip: QRectF) -> None:
        """Paint with the painter's pen."""
        self._layout.draw(painter, at, [], clip)
        for start, end, name in self._drawn:
            for place in self._rects(start, end):
                side = place.height()
                target = QRectF(0, 0, side, side)
                target.moveCenter(place.center() + at)
                pixmap = render_reaction(name, round(side * painter.device().devicePixelRatio()))
                painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))

    def link_at(self, point: QPointF) -> Link | None:
        """The link under a point of the layout."""
        if self._units is None:
            return None
        for number in range(self._layout.lineCount()):
            line = self._layout.lineAt(number)
            if line.naturalTextRect().contains(point):
                position = _index(line.xToCursor(point.x(), line.CursorPosition.CursorOnCharacter))
                for link in self._row.links:
                    start, end = self._unit(link.start), self._unit(link.start + link.length)
                    if start <= position < end:
                        return link
        return None

    def link_rects(self, link: Link) -> list[QRectF]:
        """Where a link is, one rectangle a line of text."""
        if self._units is None:
            return []
        return self._rects(self._unit(link.start), self._unit(link.start + link.length))

    def _unit(self, index: int) -> int:
        return self._units(index) if self._units is not None else index

    def _rects(self, start: int, end: int) -> list[QRectF]:
        rects = []
        for number in range(self._layout.lineCount()):
            line = self._layout.lineAt(number)
            first, last = max(start, line.textStart()), min(end, line.textStart() + line.textLength())
            if first < last:
                one, two = _x(line.cursorToX(first)), _x(line.cursorToX(last))
                rects.append(QRectF(min(one, two), line.y(), abs(two - one), line.height()))
        return rects

    def _lay_out(self, width: float) -> QSizeF:
        y = natural = 0.0
        self._layout.beginLayout()
        while (line := self._layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, y))
            y += line.height()
            natural = max(natural, line.naturalTextWidth())
        self._layout.endLayout()
        return QSizeF(min(width, math.ceil(natural)), math.ceil(y))

    def _format(self, first: int, length: int, color: QColor | None, font: QFont) -> QTextLayout.FormatRange:
        """How a link looks; without a colour, that nothing is painted there and a drawing has room."""
        made = QTextLayout.FormatRange()
        start, end = self._unit(first), self._unit(first + length)
        look = QTextCharFormat()
        look.setForeground(color if color is not None else Qt.GlobalColor.transparent)
        look.setFontUnderline(color is not None)
        if color is None:
            metrics = QFontMetricsF(font)
            look.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
            look.setFontLetterSpacing(max(0.0, metrics.height() - metrics.horizontalAdvance("\ufffe")))
        for name, value in (("start", start), ("length", end - start), ("format", look)):
            setattr(made, name, value)
        return made


def _x(found: Any) -> float:
    return float(
        found[0] if isinstance(found, tuple) else found
    )  # PySide gives back the second argument, too


def _index(found: Any) -> int:
    return int(found[0] if isinstance(found, tuple) else found)


def _unit_offsets(text: str) -> Any:
    """From positions in code points to those in UTF-16 units, in which Qt counts."""
    if text.isascii() or all(ord(char) < 0x10000 for char in text):
        return lambda index: index
    offsets = [0]
    for char in text:
        offsets.append(offsets[-1] + (2 if ord(char) >= 0x10000 else 1))
    return offsets.__getitem__


def measure(row: Row, font: QFont, max_width: int) -> QSizeF:
    """The size of a row's text; kept in the row, and used again where another width changes nothing."""
    kept = row.measured.get("text")
    if kept is not None:
        width, size, wraps = kept
        if width == max_width or (not wraps and size.width() < max_width):
            return QSizeF(size)
    made = LineLayout(row, font, max_width)
    row.measured["text"] = (max_width, made.size, made.wraps)
    return made.size
