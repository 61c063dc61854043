"""Waiting for what happens on other threads, without guessing how long it takes."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.source_status import SourceState, SourceStatus

LIMIT_S = 15.0


def eventually(
    condition: Callable[[], object], what: str = "the condition", *, limit_s: float = LIMIT_S
) -> None:
    """Return as soon as `condition` is true; fail when it is not within `limit_s`."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {limit_s:.0f} s")
        time.sleep(0.005)


async def until(condition: Callable[[], bool], limit_s: float = 20.0) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it did not come true.
    """
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 - what is counted has no event
            await asyncio.sleep(0.01)


class StatusLog:
    """A status listener that remembers everything and can be waited on."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.all: list[SourceStatus] = []

    def __call__(self, status: SourceStatus) -> None:
        """Take note."""
        with self._changed:
            self.all.append(status)
            self._changed.notify_all()

    @property
    def states(self) -> list[str]:
        """The states so far, as words."""
        return [status.state.value for status in self.all]

    def wait_for(self, state: SourceState, *, after: int = 0, limit_s: float = LIMIT_S) -> SourceStatus:
        """The first status with `state` at or after number `after`; fails when it does not come."""
        with self._changed:
            found: list[SourceStatus] = []

            def arrived() -> bool:
                found[:] = [status for status in self.all[after:] if status.state is state]
                return bool(found)

            if not self._changed.wait_for(arrived, limit_s):
                raise AssertionError(f"no status {state} within {limit_s:.0f} s, only {self.all}")
            return found[0]
