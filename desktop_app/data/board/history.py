"""What one can take back on the whiteboard, and do again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop_app.data.messages.board import OpId


class OwnHistory:
    """The changes made here; one change may have made several operations."""

    def __init__(self) -> None:
        self._done: list[tuple[OpId, ...]] = []
        self._undone: list[tuple[OpId, ...]] = []

    @property
    def can_undo(self) -> bool:
        """Whether anything that was done here counts."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether something was undone, and nothing done since."""
        return bool(self._undone)

    def did(self, ids: tuple[OpId, ...]) -> None:
        """A new change: what was undone before is forgotten."""
        self._done.append(ids)
        self._undone.clear()

    def undo(self) -> tuple[OpId, ...]:
        """The operations to take back, newest first; empty when there are none."""
        if not self._done:
            return ()
        self._undone.append(self._done.pop())
        return self._undone[-1][::-1]

    def redo(self) -> tuple[OpId, ...]:
        """The operations to do again, in their order; empty when there are none."""
        if not self._undone:
            return ()
        self._done.append(self._undone.pop())
        return self._done[-1]

    def forget(self) -> None:
        """Nothing of it can be taken back any more."""
        self._done.clear()
        self._undone.clear()
