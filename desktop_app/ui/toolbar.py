"""The bar under the tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from . import theme

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QResizeEvent

    from .actions import Actions

ICONS_ONLY_BELOW_PX = 560
BUTTON_WIDTH_PX = 88


class ActionButton(QToolButton):
    """A button of an action; it looks different while the action's "off" property is set."""

    def __init__(self, action: QAction, kind: str = "toolbar") -> None:
        super().__init__()
        self._kind = kind
        self.setDefaultAction(action)
        self.setIconSize(QSize(theme.Spacing.TOOL_ICON, theme.Spacing.TOOL_ICON))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_style(self, kind=kind)
        action.changed.connect(self._action_changed)
        self._action_changed()

    def _action_changed(self) -> None:
        action = self.defaultAction()
        self.setAccessibleName(action.text().replace("&", ""))
        kind = "off" if action.property("off") else self._kind
        if kind != self.property("kind"):
            theme.set_style(self, kind=kind)


class Toolbar(QFrame):
    """Microphone, camera, statistics, invite, settings, leave."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_style(self, role="toolbar")
        self.buttons = [
            ActionButton(actions.microphone),
            ActionButton(actions.camera),
            ActionButton(actions.whiteboard),
            ActionButton(actions.pointer),
            ActionButton(actions.statistics),
            ActionButton(actions.invite),
            ActionButton(actions.settings),
            ActionButton(actions.leave, "danger"),
        ]
        layout = QHBoxLayout(self)
        layout.setContentsMargins(*(theme.Spacing.S,) * 4)
        layout.setSpacing(theme.Spacing.S)
        layout.addStretch(1)
        for button in self.buttons:
            if button is self.buttons[-1]:
                layout.addSpacing(theme.Spacing.L)
            layout.addWidget(button)
        layout.addStretch(1)
        self._show_texts(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the words out when there is no room for them."""
        super().resizeEvent(event)
        self._show_texts(self.width() >= ICONS_ONLY_BELOW_PX)

    def _show_texts(self, shown: bool) -> None:
        style = Qt.ToolButtonStyle.ToolButtonTextUnderIcon if shown else Qt.ToolButtonStyle.ToolButtonIconOnly
        for button in self.buttons:
            button.setToolButtonStyle(style)
            button.setMinimumWidth(BUTTON_WIDTH_PX if shown else 0)

    def minimumSizeHint(self) -> QSize:
        """As narrow as the bare icons."""
        return QSize(320, super().minimumSizeHint().height())
