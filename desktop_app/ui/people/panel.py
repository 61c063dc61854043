"""The panel of people beside the tiles: who waits, who is there, and the doors of the room."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from desktop_app.ui import theme
from desktop_app.ui.names import clean_name
from desktop_app.ui.room_model import Person

from .doors import DoorsSection
from .row import PersonRow
from .waiting import WaitingSection

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from desktop_app.ui.room_model import RoomModel

MIN_WIDTH_PX = 300
DOORS_STAY_FROM_PX = 500
"""In a panel as high as this the doors stay at its foot."""


class PeoplePanel(QWidget):
    """Shows what the model says; what the person wants it emits."""

    close_requested = Signal()
    chosen = Signal(str, str)
    """User id, and what shall be done: see PersonRow.chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, PersonRow] = {}
        self._own_name = ""
        self.title = QLabel("People")
        title_font = self.title.font()
        title_font.setBold(True)
        self.title.setFont(title_font)
        self.close_button = QToolButton()
        self.close_button.setIcon(theme.icon("close"))
        self.close_button.setToolTip("Close the list of people")
        self.close_button.setAccessibleName("Close the list of people")
        self.close_button.clicked.connect(self.close_requested)
        heading = QHBoxLayout()
        heading.setContentsMargins(theme.Spacing.M, theme.Spacing.XS, theme.Spacing.S, theme.Spacing.XS)
        heading.addWidget(self.title, 1)
        heading.addWidget(self.close_button)
        self.waiting = WaitingSection()
        self.doors = DoorsSection()
        self.own_row = PersonRow(own=True)
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._list.addWidget(self.own_row)
        self._list.addStretch(1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.Spacing.S)
        waiting_box = QVBoxLayout()
        waiting_box.setContentsMargins(theme.Spacing.S, 0, theme.Spacing.S, 0)
        waiting_box.addWidget(self.waiting)
        column.addLayout(waiting_box)
        column.addLayout(self._list, 1)
        self._inner_doors = QVBoxLayout()
        self._inner_doors.setContentsMargins(theme.Spacing.S, 0, theme.Spacing.S, theme.Spacing.S)
        column.addLayout(self._inner_doors)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it has the keyboard
        area.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(heading)
        outer.addWidget(area, 1)
        self._outer_doors = QVBoxLayout()
        self._outer_doors.setContentsMargins(*(theme.Spacing.S,) * 4)
        self._outer_doors.addWidget(self.doors)
        outer.addLayout(self._outer_doors)
        self.setMinimumWidth(MIN_WIDTH_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the doors scroll with the people, who would have no room beside them."""
        super().resizeEvent(event)
        wanted = self._inner_doors if self.height() < DOORS_STAY_FROM_PX else self._outer_doors
        if wanted.indexOf(self.doors) < 0:
            wanted.addWidget(self.doors)
        margin = theme.Spacing.S if wanted is self._outer_doors else 0
        self._outer_doors.setContentsMargins(*(margin,) * 4)

    def set_own_name(self, name: str) -> None:
        """What we are called."""
        self._own_name = clean_name(name)

    def show_model(self, model: RoomModel) -> None:
        """Show who is there and how they are."""
        self.title.setText(f"People ({len(model.people) + 1})")
        before = (tuple(self.waiting.rows), tuple(self.rows))
        self.waiting.show_knocks(model.knocks)
        self.doors.show_rules(model.rules, is_host=model.is_host)
        for user_id in [each for each in self.rows if each not in model.people]:
            row = self.rows.pop(user_id)
            row.hide()
            self._list.removeWidget(row)
            row.deleteLater()
        own_name = f"{self._own_name} (you)" if self._own_name else "You"
        own = Person(model.own_id, own_name, model.audio_muted, model.video_muted, is_host=model.is_host)
        self.own_row.show_person(own, None, compared=False, may_decide=False)
        for user_id, person in model.people.items():
            row = self.rows.get(user_id) or self._new_row(user_id)
            row.show_person(
                person,
                model.codes.get(user_id),
                compared=model.is_compared(user_id),
                may_decide=model.is_host,
            )
        if before != (tuple(self.waiting.rows), tuple(self.rows)):
            self._order_tabs()

    def _order_tabs(self) -> None:
        """From above to below, as they are seen: rows come and go, the doors were there before them."""
        order: list[QWidget] = [self.close_button, self.waiting.all_button]
        for knock in self.waiting.rows.values():
            order += (knock.refuse_button, knock.admit_button)
        for row in self.rows.values():
            order += (row.menu_button, row.code_button)
        for one, other in pairwise((*order, *self.doors.controls)):
            self.setTabOrder(one, other)

    def _new_row(self, user_id: str) -> PersonRow:
        row = PersonRow()
        row.chosen.connect(lambda what: self.chosen.emit(user_id, what))
        self.rows[user_id] = row
        self._list.insertWidget(self._list.count() - 1, row)
        return row

    def sizeHint(self) -> QSize:
        """Wide enough for most names."""
        return QSize(340, 480)
