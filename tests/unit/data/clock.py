"""Time that a test moves by hand, and the calls that wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ManualCall:
    """What `call_later` answers with."""

    def __init__(self, at_s: float, callback: Callable[[], None]) -> None:
        self.at_s = at_s
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """`now_s` and `call_later` of one clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self._calls: list[ManualCall] = []

    def now_s(self) -> float:
        return self.now

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> ManualCall:
        call = ManualCall(self.now + delay_s, callback)
        self._calls.append(call)
        return call

    @property
    def waiting(self) -> int:
        """How many calls are to come."""
        return sum(not call.cancelled for call in self._calls)

    def move(self, by_s: float) -> None:
        """Let time pass, and what is due happen in its order."""
        end = self.now + by_s
        while due := [call for call in self._calls if not call.cancelled and call.at_s <= end]:
            call = min(due, key=lambda each: each.at_s)
            self._calls.remove(call)
            self.now = max(self.now, call.at_s)
            call.callback()
        self.now = end
