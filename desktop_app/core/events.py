"""A typed event source for code that lives on one thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Emitter(Generic[T]):
    """Calls every listener in the order of subscription; one that raises is logged and does not stop the others."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[T], None]] = []

    def subscribe(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Add `listener`; returns the function that removes it again (calling it twice is harmless)."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def emit(self, event: T) -> None:
        """Deliver `event` now, on the calling thread."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                logger.exception("a listener for %s failed", type(event).__name__)

    def __len__(self) -> int:
        return len(self._listeners)
