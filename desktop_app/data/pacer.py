"""At most so often, and the newest wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Timer(Protocol):
    """What asyncio.TimerHandle can do."""

    def cancel(self) -> None:
        """Do not call."""


class CallLater(Protocol):
    """What loop.call_later does."""

    def __call__(self, delay_s: float, callback: Callable[[], None], /) -> Timer:
        """Call `callback` after `delay_s`."""


class Pacer(Generic[T]):
    """Passes values on, one each `interval_s` at most: the first at once, of those that come too soon the last."""

    def __init__(
        self,
        pass_on: Callable[[T], None],
        interval_s: float,
        *,
        now_s: Callable[[], float],
        call_later: CallLater,
    ) -> None:
        self._pass_on = pass_on
        self._interval_s = interval_s
        self._now_s = now_s
        self._call_later = call_later
        self._next_s = now_s()
        self._waiting: list[T] = []
        self._timer: Timer | None = None

    def put(self, value: T) -> None:
        """Pass `value` on, now or when it is time."""
        wait_s = self._next_s - self._now_s()
        self._waiting = [value]
        if wait_s <= 0:
            self._flush()
        elif self._timer is None:
            self._timer = self._call_later(wait_s, self._flush)

    def close(self) -> None:
        """Pass nothing on any more."""
        self._waiting = []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._next_s = self._now_s() + self._interval_s
            self._pass_on(self._waiting.pop())
