"""An asyncio loop whose time passes only while nobody has anything to do: seconds of timers run in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any


RESOLUTION_S = 1e-6
"""A step that is lost in rounding would never end."""


class _Selector(selectors.DefaultSelector):
    """Waits for nothing, and moves the clock on by as long as it should have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.advance: Callable[[float], None] = lambda _seconds: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits and nothing is due")
        self.advance(timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time begins at 1000 s."""

    def __init__(self) -> None:
        selector = _Selector()
        super().__init__(selector)
        self._now_s = 1000.0
        selector.advance = self._advance

    def _advance(self, seconds: float) -> None:
        if seconds > 0:
            self._now_s += max(seconds, RESOLUTION_S)

    def time(self) -> float:
        """Seconds."""
        return self._now_s


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on such a loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main)
