"""Paints the lines of the conversation; files are widgets of their own, for which it only keeps the room."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop_app.ui import theme

from .line_layout import LineLayout, measure
from .model import ConversationModel, day_text, short_time
from .words import author_text, delivery_text, private_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.data.events import ChatEntry

    from .links import Link
    from .rows import Row

MARGIN_PX = 10
INDENT_PX = 28
"""What a bubble leaves free on the other side."""
PAD_X_PX = 10
PAD_Y_PX = 6
GROUP_GAP_PX = 12
LINE_GAP_PX = 3
DAY_PX = 30
MARK_PX = 14
MARK_ROOM_PX = MARK_PX + 5
RADIUS_PX = 9
_KEPT_LAYOUTS = 120
_MARKS = {"waiting": "clock", "sent": "check", "delivered": "check-double", "failed": "warning"}


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a line's row are, in the row's own pixels."""

    day: QRect
    header: QRect
    bubble: QRect
    text: QPoint
    foot: QRect
    height: int


class LineDelegate(QStyledItemDelegate):
    """Measures each row once a width, and keeps the layouts of those that are seen."""

    def __init__(
        self, model: ConversationModel, card_of: Callable[[str], QWidget | None], view: QWidget
    ) -> None:
        super().__init__(view)
        self._model = model
        self._card_of = card_of
        self._layouts: OrderedDict[tuple[str, int, str], LineLayout] = OrderedDict()
        self.measured = 0
        """How many heights were worked out, for tests."""
        self._use_font(view.font())
        theme.notifier().changed.connect(self._layouts.clear)

    def _use_font(self, font: QFont) -> None:
        self._font = font
        self._small = QFont(font)
        self._small.setPointSizeF(max(6.0, font.pointSizeF() * 0.85))
        self._bold = QFont(font)
        self._bold.setWeight(QFont.Weight.DemiBold)
        self._bold.setPointSizeF(max(6.0, font.pointSizeF() * 0.92))
        self._header_px = QFontMetrics(self._bold).height() + 3
        self._small_px = QFontMetrics(self._small).height() + 2

    def font_changed(self, font: QFont) -> None:
        """Measure everything anew."""
        self._use_font(font)
        self._layouts.clear()
        for row in self._model.conversation.rows:
            row.measured.clear()

    # Places

    def height(self, row: Row, width: int) -> int:
        """How high a row is, without its gaps being worked out in full."""
        above = DAY_PX * row.starts_day + (GROUP_GAP_PX if row.starts_group else LINE_GAP_PX)
        entry = row.entry
        if entry is None:
            card = self._card_of(row.row_id)
            return above + (card.heightForWidth(width) if card is not None else 0)
        size = measure(row, self._font, self._text_room(entry, width))
        foot = self._small_px if entry.own and entry.state == "failed" else 0
        return above + self._header_px * row.starts_group + int(size.height()) + 2 * PAD_Y_PX + foot

    def places(self, row: Row, width: int) -> Places:
        """Where a line's parts are."""
        entry = row.entry
        assert entry is not None
        size = measure(row, self._font, self._text_room(entry, width))
        y = DAY_PX * row.starts_day
        day = QRect(0, 0, width, y)
        y += GROUP_GAP_PX if row.starts_group else LINE_GAP_PX
        header = QRect(MARGIN_PX, y, width - 2 * MARGIN_PX, self._header_px * row.starts_group)
        y += header.height()
        bubble_width = int(size.width()) + 2 * PAD_X_PX + MARK_ROOM_PX * entry.own
        left = width - MARGIN_PX - bubble_width if entry.own else MARGIN_PX
        bubble = QRect(left, y, bubble_width, int(size.height()) + 2 * PAD_Y_PX)
        y += bubble.height()
        foot = QRect(header.left(), y, header.width(), self._small_px if entry.state == "failed" else 0)
        text = QPoint(bubble.left() + PAD_X_PX, bubble.top() + PAD_Y_PX)
        return Places(day, header, bubble, text, foot, y + foot.height())

    def _text_room(self, entry: ChatEntry, width: int) -> int:
        return max(40, width - 2 * MARGIN_PX - INDENT_PX - 2 * PAD_X_PX - MARK_ROOM_PX * entry.own)

    def layout_of(self, row: Row, width: int) -> LineLayout:
        """The laid out text of a line, ready to be painted."""
        assert row.entry is not None
        key = (row.row_id, width, theme.current_palette().name)
        made = self._layouts.get(key)
        if made is None:
            room = self._text_room(row.entry, width)
            made = LineLayout(row, self._font, room, theme.current_palette().accent_text)
            self._layouts[key] = made
            if len(self._layouts) > _KEPT_LAYOUTS:
                self._layouts.popitem(last=False)
        else:
            self._layouts.move_to_end(key)
        return made

    def link_at(self, row: Row, rect: QRect, position: QPoint) -> Link | None:
        """The link of a row at `rect` under `position`, both in the view's pixels."""
        if row.entry is None or not row.links:
            return None
        origin = rect.topLeft() + self.places(row, rect.width()).text
        return self.layout_of(row, rect.width()).link_at(QPointF(position - origin))

    # QStyledItemDelegate

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """The row's height in the view's width."""
        row = self._model.conversation.rows[index.row()]
        view = self.parent()
        width = view.viewport().width() if isinstance(view, QAbstractScrollArea) else option.rect.width()
        height = self.height(row, width)
        row.measured["height"] = height
        self.measured += 1
        return QSize(width, height)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint a line."""
        row = self._model.row(index)
        rect = option.rect
        painter.save()
        painter.setClipRect(rect)  # marks piled upon a letter stay in their row
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(rect.topLeft())
        if row.starts_day:
            self._paint_day(painter, row, rect.width())
        if row.entry is not None:
            self._paint_line(painter, row, row.entry, rect, option.state)
        painter.restore()

    def _paint_day(self, painter: QPainter, row: Row, width: int) -> None:
        palette = theme.current_palette()
        text = day_text(row.key[0])
        painter.setFont(self._small)
        half = painter.fontMetrics().horizontalAdvance(text) // 2 + 10
        middle = DAY_PX // 2 + 4
        painter.setPen(palette.border)
        painter.drawLine(MARGIN_PX, middle, width // 2 - half, middle)
        painter.drawLine(width // 2 + half, middle, width - MARGIN_PX, middle)
        painter.setPen(palette.text_muted)
        painter.drawText(QRect(0, 4, width, DAY_PX), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_line(
        self, painter: QPainter, row: Row, entry: ChatEntry, rect: QRect, state: QStyle.StateFlag
    ) -> None:
        palette = theme.current_palette()
        places = self.places(row, rect.width())
        if row.starts_group:
            self._paint_header(painter, entry, places.header)
        fill = QColor(palette.accent) if entry.own else QColor(palette.surface_raised)
        if entry.own:
            fill.setAlphaF(0.16)
        edge = None
        if state & QStyle.StateFlag.State_Selected:
            edge = QPen(palette.accent, 2)
        elif entry.to is not None:
            edge = QPen(palette.border_strong, 1, Qt.PenStyle.DashLine)
        painter.setPen(edge if edge is not None else Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        inset = edge.widthF() / 2 if edge is not None else 0.0
        painter.drawRoundedRect(
            QRectF(places.bubble).adjusted(inset, inset, -inset, -inset), RADIUS_PX, RADIUS_PX
        )
        if state & QStyle.StateFlag.State_HasFocus and not state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(palette.accent, 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(
                QRectF(places.bubble).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX
            )
        painter.setPen(palette.text)
        clip = QRectF(painter.clipBoundingRect())
        self.layout_of(row, rect.width()).draw(painter, QPointF(places.text), clip)
        if entry.own:
            self._paint_mark(painter, entry, places)

    def _paint_mark(self, painter: QPainter, entry: ChatEntry, places: Places) -> None:
        partly = entry.state != "failed" and 0 < entry.delivered < entry.recipients
        name = "check" if partly else _MARKS[entry.state]
        color = "danger" if entry.state == "failed" else "text_muted"
        mark = theme.icon(name, color=color)
        corner = places.bubble.bottomRight() - QPoint(MARK_PX + 5, MARK_PX + 4)
        mark.paint(painter, QRect(corner, QSize(MARK_PX, MARK_PX)))
        if places.foot.height():
            painter.setFont(self._small)
            painter.setPen(theme.current_palette().danger)
            painter.drawText(
                places.foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, delivery_text(entry)
            )

    def _paint_header(self, painter: QPainter, entry: ChatEntry, area: QRect) -> None:
        """Name, whom it is for, time: towards the side of the bubble."""
        palette = theme.current_palette()
        time = short_time(entry.sent_ms)
        private = private_text(entry, self._model.names)
        small, bold = QFontMetrics(self._small), QFontMetrics(self._bold)
        parts: list[tuple[str, QFont, QColor, int]] = []
        rest = area.width() - small.horizontalAdvance(time) - 8
        marks = (MARK_PX + 4) * (bool(private) + entry.from_history)
        name = bold.elidedText(
            author_text(entry, self._model.names),
            Qt.TextElideMode.ElideRight,
            max(40, rest - marks) // (2 if private else 1),
        )
        parts.append((name, self._bold, palette.text, bold.horizontalAdvance(name)))
        if private:
            room = rest - marks - parts[0][3] - 8
            private = small.elidedText(private, Qt.TextElideMode.ElideMiddle, max(0, room))
            parts.append((private, self._small, palette.warning, small.horizontalAdvance(private)))
        parts.append((time, self._small, palette.text_muted, small.horizontalAdvance(time)))
        width = sum(each[3] for each in parts) + 8 * (len(parts) - 1) + marks
        x = area.right() - width if entry.own else area.left()
        for number, (text, font, color, text_width) in enumerate(parts):
            icon = "lock" if private and number == 1 else ""
            if entry.from_history and number == len(parts) - 1:
                icon = "history"
            if icon:
                place = QRect(x, area.center().y() - MARK_PX // 2, MARK_PX, MARK_PX)
                theme.icon(icon, color="warning" if icon == "lock" else "text_muted").paint(painter, place)
                x += MARK_PX + 4
            painter.setFont(font)
            painter.setPen(color)
            place = QRect(x, area.top(), text_width + 2, area.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            x += text_width + 8
