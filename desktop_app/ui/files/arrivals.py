"""Offers of others that come faster than a window can show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.data.events import Transfer

AT_ONCE = 20
"""A card is a dozen widgets, some 10 ms."""
NEXT_MS = 200
"""After so long there is room for one more."""
WITHDRAWN = ("cancelled", "failed")


class Arrivals(QObject):
    """Lets new files of others through at once up to AT_ONCE, then one in NEXT_MS, the oldest first.

    Args:
        show: a file that is shown now, in its newest state.
        parent: lives as long.
    """

    def __init__(self, show: Callable[[Transfer], None], parent: QObject) -> None:
        super().__init__(parent)
        self._show = show
        self._room = AT_ONCE
        self._waiting: dict[str, Transfer] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(NEXT_MS)
        self._timer.timeout.connect(self._next)

    def admits(self, transfer: Transfer) -> bool:
        """Whether a file that is not shown yet is to be shown now. If not it waits, unless it was withdrawn."""
        if transfer.transfer_id in self._waiting:
            if transfer.state in WITHDRAWN:
                del self._waiting[transfer.transfer_id]
            else:
                self._waiting[transfer.transfer_id] = transfer
            return False
        if transfer.state == "cancelled":
            return False  # there is nothing to be done with it any more
        if not self._timer.isActive():
            self._timer.start()
        if self._room:
            self._room -= 1
            return True
        self._waiting[transfer.transfer_id] = transfer
        return False

    def clear(self) -> None:
        """The call is over."""
        self._waiting.clear()

    def _next(self) -> None:
        if self._waiting:
            self._show(self._waiting.pop(next(iter(self._waiting))))
        elif self._room < AT_ONCE:
            self._room += 1
        else:
            self._timer.stop()
