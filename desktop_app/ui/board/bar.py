"""The bar over the whiteboard: tools, ink, and what concerns the whole board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from desktop_app.ui import theme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QAction, QResizeEvent

    from .actions import BoardActions

ALL_FROM_PX = 780
"""With so much room every colour and width has a button of its own."""
BUTTON_PX = 32
LINE_PX = 7


class ToolButton(QToolButton):
    """A small button of an action."""

    def __init__(self, action: QAction | None = None) -> None:
        super().__init__()
        self.setIconSize(QSize(theme.Spacing.ICON, theme.Spacing.ICON))
        self.setFixedSize(BUTTON_PX, BUTTON_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus on the canvas
        theme.set_style(self, kind="tool")
        if action is not None:
            self.setDefaultAction(action)
            self.setAccessibleName(action.text().rstrip("…"))


class MenuButton(ToolButton):
    """A small button that opens a menu of actions."""

    def __init__(self, name: str, actions: Iterable[QAction]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(False)
        menu.addActions(list(actions))
        self.setMenu(menu)


class BoardBar(QFrame):
    """One row; colours and widths fold into menus when there is little room."""

    def __init__(self, actions: BoardActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_style(self, role="boardbar")
        self.setAccessibleName("Whiteboard tools")
        self._actions = actions
        colors = [*actions.colors.values(), actions.other_color]
        self.color_menu = MenuButton("Colour", colors)
        self.width_menu = MenuButton("Width", actions.widths.values())
        self.more_menu = MenuButton("More", (actions.export_png, actions.export_svg, actions.clear))
        self.more_menu.setIcon(theme.icon("more"))
        self.export_menu = MenuButton("Save the whiteboard", (actions.export_png, actions.export_svg))
        self.export_menu.setIcon(theme.icon("export"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(*(theme.Spacing.XS,) * 4)
        layout.setSpacing(0)
        self._wide: list[QWidget] = []
        self._narrow: list[QWidget] = [self.color_menu, self.width_menu, self.more_menu]
        for action in actions.tools.values():
            layout.addWidget(ToolButton(action))
        layout.addWidget(self._line())
        for action in colors:
            layout.addWidget(self._only_wide(ToolButton(action)))
        layout.addWidget(self.color_menu)
        layout.addWidget(self._only_wide(self._line()))
        for action in actions.widths.values():
            layout.addWidget(self._only_wide(ToolButton(action)))
        layout.addWidget(self.width_menu)
        layout.addWidget(self._only_wide(self._line()))
        layout.addWidget(ToolButton(actions.undo))
        layout.addWidget(ToolButton(actions.redo))
        layout.addStretch(1)
        layout.addWidget(self._only_wide(self.export_menu))
        layout.addWidget(self._only_wide(ToolButton(actions.clear)))
        layout.addWidget(self.more_menu)
        actions.ink_chosen.connect(lambda _ink: self._show_ink())
        self._show_ink()
        self._fold(True)

    def _only_wide(self, widget: QWidget) -> QWidget:
        self._wide.append(widget)
        return widget

    def _line(self) -> QWidget:
        line = QLabel()
        line.setFixedSize(LINE_PX, BUTTON_PX - 10)
        theme.set_style(line, role="divider")
        return line

    def _show_ink(self) -> None:
        color, width = self._actions.current_color(), self._actions.current_width()
        self.color_menu.setIcon(color.icon())
        self.color_menu.setAccessibleName(f"Colour: {color.text().rstrip('…')}")
        self.width_menu.setIcon(width.icon())
        self.width_menu.setAccessibleName(f"Width: {width.text()}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold and unfold."""
        super().resizeEvent(event)
        self._fold(self.width() < ALL_FROM_PX)

    def _fold(self, folded: bool) -> None:
        for widget in self._wide:
            widget.setHidden(folded)
        for widget in self._narrow:
            widget.setVisible(folded)

    def minimumSizeHint(self) -> QSize:
        """As narrow as it is folded."""
        return QSize(12 * BUTTON_PX + LINE_PX + 2 * theme.Spacing.XS, super().minimumSizeHint().height())
