"""The bar under the tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from . import theme

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QPaintEvent, QResizeEvent

    from .actions import Actions

BUTTON_WIDTH_PX = 66
BADGE = "badge"
"""An action's property: a number shown on its button, 0 for none."""
ABSENT = "absent"
"""An action's property: it has no button, the place is for something else."""
MAX_BADGE = 99
MAX_HIDDEN_WITH_TEXTS = 4
"""Rather than hiding more, the bar shows icons without words."""
_BADGE_PX = 17
_AROUND_TEXT_PX = 35
"""The style sheet's padding and edge, and what the style adds."""


class ActionButton(QToolButton):
    """A button of an action; it looks different while the action's "off" property is set."""

    def __init__(self, action: QAction, kind: str = "toolbar", badge_word: str = "unread") -> None:
        super().__init__()
        self._badge_word = badge_word
        self._kind = kind
        self._badge = 0
        self.setDefaultAction(action)
        self.setIconSize(QSize(theme.Spacing.TOOL_ICON, theme.Spacing.TOOL_ICON))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_style(self, kind=kind)
        action.changed.connect(self._action_changed)
        self._action_changed()

    def width_with_text(self) -> int:
        """How wide the button is with its words under the icon."""
        return max(BUTTON_WIDTH_PX, self.fontMetrics().horizontalAdvance(self.text()) + _AROUND_TEXT_PX)

    def _action_changed(self) -> None:
        action = self.defaultAction()
        self._badge = int(action.property(BADGE) or 0)
        name = action.text().replace("&", "")
        self.setAccessibleName(f"{name}, {self._badge} {self._badge_word}" if self._badge else name)
        kind = "off" if action.property("off") else self._kind
        if kind != self.property("kind"):
            theme.set_style(self, kind=kind)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the number over the icon's corner."""
        super().paintEvent(event)
        if not self._badge:
            return
        text = str(self._badge) if self._badge <= MAX_BADGE else f"{MAX_BADGE}+"
        palette = theme.current_palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(11)
        font.setWeight(QFont.Weight.Bold)
        painter.setFont(font)
        width = max(_BADGE_PX, painter.fontMetrics().horizontalAdvance(text) + 9)
        area = QRectF(min(self.width() / 2 + 4, self.width() - width - 3.0), 4, width, _BADGE_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.danger_fill)
        painter.drawRoundedRect(area, _BADGE_PX / 2, _BADGE_PX / 2)
        painter.setPen(palette.on_danger)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)


class MoreButton(QToolButton):
    """Holds what has no room in a menu."""

    def __init__(self) -> None:
        super().__init__()
        self.setIcon(theme.icon("more"))
        self.setText("More")
        self.setToolTip("More")
        self.setAccessibleName("More")
        self.setIconSize(QSize(theme.Spacing.TOOL_ICON, theme.Spacing.TOOL_ICON))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_style(self, kind="toolbar")
        self.items = QMenu(self)
        self.clicked.connect(self._open)

    def _open(self) -> None:
        height = self.items.sizeHint().height()
        self.items.popup(self.mapToGlobal(QPoint(0, -height)))


class Toolbar(QFrame):
    """The switches of a call. What has no room goes into the menu "More"; microphone, camera and leave stay.

    The switch of the layout is there only while there are layouts.
    """

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_style(self, role="toolbar")
        self.buttons = [
            ActionButton(actions.microphone),
            ActionButton(actions.camera),
            ActionButton(actions.share_screen),
            ActionButton(actions.people, badge_word="waiting"),
            ActionButton(actions.chat),
            ActionButton(actions.whiteboard),
            ActionButton(actions.react),
            ActionButton(actions.hand),
            ActionButton(actions.layout),
            ActionButton(actions.invite),
            ActionButton(actions.pointer),
            ActionButton(actions.statistics),
            ActionButton(actions.settings),
            ActionButton(actions.leave, "danger"),
        ]
        self.more = MoreButton()
        always = (actions.microphone, actions.camera, actions.leave)
        self._yielding = [each for each in self.buttons if each.defaultAction() not in always]
        """Those that may go into the menu; the last goes first."""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(*(theme.Spacing.S,) * 4)
        layout.setSpacing(theme.Spacing.XS)
        layout.addStretch(1)
        for button in self.buttons:
            if button is self.buttons[-1]:
                layout.addWidget(self.more)
                layout.addSpacing(theme.Spacing.L)
            layout.addWidget(button)
        layout.addStretch(1)
        for button in self.buttons:
            button.defaultAction().changed.connect(self._fit)  # "Hand down" needs more room than "Hand"
        self._fit()

    def button(self, action: QAction) -> QToolButton:
        """The button of `action`, or "More" while it is in there."""
        found = next(each for each in self.buttons if each.defaultAction() is action)
        return self.more if found.isHidden() else found

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the words out when there is no room for them, then the less important buttons."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        present = [button for button in self.buttons if self._is_present(button)]
        every = {each: each.width_with_text() for each in self.buttons}
        # Judged by all buttons: the bar would change its height whenever there begins to be a layout.
        with_texts = len(self._without_room(every, BUTTON_WIDTH_PX)) <= MAX_HIDDEN_WITH_TEXTS
        hidden = self._without_room({each: every[each] for each in present}, BUTTON_WIDTH_PX)
        self._show_texts(with_texts)
        if not with_texts:
            side = self.more.sizeHint().width()
            hidden = self._without_room(dict.fromkeys(present, side), side)
        for button in self._yielding:
            button.setHidden(button in hidden or button not in present)
        self.more.setVisible(bool(hidden))
        wanted = [button.defaultAction() for button in hidden]
        if self.more.items.actions() != wanted:
            self.more.items.clear()
            self.more.items.addActions(wanted)

    @staticmethod
    def _is_present(button: ActionButton) -> bool:
        return not button.defaultAction().property(ABSENT)

    def _without_room(self, width_of: dict[ActionButton, int], more_width: int) -> list[ActionButton]:
        """The buttons that have to go into the menu when each is so wide, in the order of the bar."""
        room = self.width() - 2 * theme.Spacing.S - theme.Spacing.L
        needed = sum(width + theme.Spacing.XS for width in width_of.values())
        hidden: list[ActionButton] = []
        for button in reversed(self._yielding):
            if needed <= room:
                break
            if button not in width_of:
                continue
            needed += (more_width + theme.Spacing.XS) * (not hidden) - width_of[button] - theme.Spacing.XS
            hidden.insert(0, button)
        return hidden

    def _show_texts(self, shown: bool) -> None:
        style = Qt.ToolButtonStyle.ToolButtonTextUnderIcon if shown else Qt.ToolButtonStyle.ToolButtonIconOnly
        for button in (*self.buttons, self.more):
            button.setToolButtonStyle(style)
            button.setMinimumWidth(BUTTON_WIDTH_PX if shown else 0)

    def minimumSizeHint(self) -> QSize:
        """As narrow as the bare icons of what always stays."""
        return QSize(320, super().minimumSizeHint().height())
