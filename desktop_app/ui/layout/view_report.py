"""Tells the engine who is on screen, seldom enough for a window that is being resized."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SETTLE_MS = 150
"""What changes within so long after a first change is told together with it."""


class ViewReport(QObject):
    """Keeps the newest view, and tells it when it is another one than was told before."""

    def __init__(
        self, tell: Callable[[Sequence[str], Sequence[str], Sequence[str]], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._tell = tell
        self._told: tuple[tuple[str, ...], ...] | None = None
        self._newest: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] = ((), (), ())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._report)

    def take(self, large: tuple[str, ...], small: tuple[str, ...], screens: tuple[str, ...] = ()) -> None:
        """The window shows these now, large and small, and the shared screens of these."""
        self._newest = (large, small, screens)
        if self._newest != self._told and not self._timer.isActive():
            self._timer.start()

    def _report(self) -> None:
        if self._newest != self._told:
            self._told = self._newest
            self._tell(*self._newest)
