"""How often a participant may change what they want of an SFU.

Each change has Janus negotiate or ask for keyframes, tells the other servers, and makes the others' encoders begin or
end: who changed their mind all the time would keep everybody busy. Nothing is lost: the newest waits for its turn.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.protocol.topology import SfuSubscribe

BURST = 12
"""At once: a person who turns pages, or a room that fills up."""
PER_S = 3.0


class Pace:
    """One participant's. `act` gets the messages, at once or later. Lives on the server's loop."""

    def __init__(self, act: Callable[[SfuSubscribe], None]) -> None:
        self._act = act
        self._loop = asyncio.get_running_loop()
        self._left = float(BURST)
        self._at_s = self._loop.time()
        self._waiting: SfuSubscribe | None = None
        self._timer: asyncio.TimerHandle | None = None

    def put(self, message: SfuSubscribe) -> None:
        """Act on it as soon as that is allowed; a newer one takes the place of one that waits."""
        if self._waiting is not None:
            self._waiting = replace(message, restart=message.restart or self._waiting.restart)
            return
        now_s = self._loop.time()
        self._left = min(float(BURST), self._left + (now_s - self._at_s) * PER_S)
        self._at_s = now_s
        if self._left >= 1.0:
            self._left -= 1.0
            self._act(message)
            return
        self._waiting = message
        self._timer = self._loop.call_later((1.0 - self._left) / PER_S, self._due)

    def close(self) -> None:
        """Act on nothing more."""
        self._waiting = None
        if self._timer is not None:
            self._timer.cancel()

    def _due(self) -> None:
        message, self._waiting = self._waiting, None
        if message is not None:
            self._at_s, self._left = self._loop.time(), 0.0
            self._act(message)
