"""Which of the panels beside the tiles are shown, and whether the tiles have room beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QSplitter

if TYPE_CHECKING:
    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

MAIN_MIN_WIDTH_PX = 256


class SidePanels(QObject):
    """The splitter of a call: the tiles, and panels that are switched by actions.

    As many of the panels as there is room for, the last opened in any case: it takes the tiles' place in a window
    that is too narrow for both.
    """

    def __init__(self, main: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._main = main
        self._panels: list[tuple[QWidget, QAction]] = []
        self._opened: list[QWidget] = []
        """In the order of their opening."""
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(main)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.installEventFilter(self)

    def add(self, panel: QWidget, action: QAction) -> None:
        """Show `panel` while the checkable `action` is checked."""
        panel.hide()
        self._panels.append((panel, action))
        self.splitter.addWidget(panel)
        self.splitter.setStretchFactor(self.splitter.count() - 1, 0)
        action.toggled.connect(lambda on: self._toggle(panel, on))

    def _toggle(self, panel: QWidget, on: bool) -> None:
        self._opened = [each for each in self._opened if each is not panel] + [panel] * on
        panel.setVisible(on)
        self._arrange()

    def _arrange(self) -> None:
        room = self.splitter.width()
        while len(self._opened) > 1 and self._width_of(self._opened) > room:
            oldest = self._opened[0]
            next(action for panel, action in self._panels if panel is oldest).setChecked(False)
        wanted = self._width_of(self._opened)
        self._main.setVisible(not self._opened or wanted + MAIN_MIN_WIDTH_PX <= room)

    def _width_of(self, panels: list[QWidget]) -> int:
        return sum(panel.minimumWidth() + self.splitter.handleWidth() for panel in panels)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Decide anew when the room changes."""
        if event.type() == QEvent.Type.Resize:
            self._arrange()
        return super().eventFilter(watched, event)
