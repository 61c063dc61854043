"""What comes of the whiteboard faster than a window can show it: put together, and shown a few times a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.data.events import BoardChanged
    from desktop_app.data.messages.board import Op, Shape

REST_MS = 40
"""So long at least nothing is shown after something was."""
REST_FACTOR = 4
"""And so many times as long as it took: clearing and bringing back 30,000 shapes takes a tenth of a second."""


class Gathering(QObject):
    """Shows the first at once, and what comes in the time after it together.

    Args:
        show: operations of one kind of origin, in their order, with the newest state of undo and redo.
        show_stroke: a stroke that somebody draws, None when it is over.
        parent: lives as long.
    """

    def __init__(
        self,
        show: Callable[[list[Op], BoardChanged], None],
        show_stroke: Callable[[str, Shape | None], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._show = show
        self._show_stroke = show_stroke
        self._changes: list[tuple[list[Op], BoardChanged]] = []
        self._strokes: dict[str, Shape | None] = {}
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self.show_all)

    def take(self, event: BoardChanged) -> None:
        """Operations, ours or others'."""
        for op in event.ops:
            if op.kind == "add":
                self._strokes.pop(op.author, None)  # the stroke is this
        if self._changes and not event.own and not self._changes[-1][1].own:
            ops = self._changes.pop()[0]
            ops.extend(event.ops)
            self._changes.append((ops, event))
        else:  # ours one by one: each of them is waited for
            self._changes.append((list(event.ops), event))
        if not self._rest.isActive():
            self.show_all()

    def take_stroke(self, user_id: str, shape: Shape | None) -> None:
        """A stroke while it is drawn: not before what its author drew before it."""
        if self._changes:
            self._strokes[user_id] = shape
        else:
            self._show_stroke(user_id, shape)

    def show_all(self) -> None:
        """Show what has come, if anything has; then rest."""
        if not self._changes:
            return
        begun_s = time.perf_counter()
        changes, strokes = self._changes, self._strokes
        self._changes, self._strokes = [], {}
        for ops, event in changes:
            self._show(ops, event)
        for user_id, shape in strokes.items():
            self._show_stroke(user_id, shape)
        took_ms = (time.perf_counter() - begun_s) * 1000
        self._rest.start(max(REST_MS, round(REST_FACTOR * took_ms)))

    def clear(self) -> None:
        """Another board begins."""
        self._changes.clear()
        self._strokes.clear()
        self._rest.stop()
