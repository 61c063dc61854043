"""Counts what each connection, address and room does, and says who has to wait or is not taken."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

from desktop_app.protocol.errors import ErrorCode

from .addresses import client_address
from .buckets import Bucket, Buckets, take_if_there
from .limits import (
    BYTES_BURST,
    BYTES_PER_S,
    MAX_FLOOD_WAIT_S,
    MAX_WAIT_S,
    MESSAGES_BURST,
    MESSAGES_PER_S,
    REFUSAL_COST,
    ROOM_MESSAGES_BURST,
    ROOM_MESSAGES_PER_S,
    SPARE_MESSAGES_BURST,
    SPARE_MESSAGES_PER_S,
    TOO_FAST_S,
    USUAL_BURST,
    USUAL_PER_S,
    GuardLimits,
)
from .origin import origin_is_allowed

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web


class Pace:
    """How fast one connection may speak."""

    def __init__(self, now_s: float) -> None:
        self._messages = Bucket(MESSAGES_PER_S, MESSAGES_BURST, MESSAGES_BURST, now_s)
        self._bytes = Bucket(BYTES_PER_S, BYTES_BURST, BYTES_BURST, now_s)
        self.usual = Bucket(USUAL_PER_S, USUAL_BURST, USUAL_BURST, now_s)
        self._slowed_since_s: float | None = None

    def take(self, now_s: float, size: int) -> float:
        """One message; returns the seconds that it has to wait."""
        wait_s = max(self._messages.take(now_s), self._bytes.take(now_s, size))
        if wait_s <= 0:
            if self._messages.tokens > MESSAGES_BURST / 10:
                self._slowed_since_s = None
        elif self._slowed_since_s is None:
            self._slowed_since_s = now_s
        return wait_s

    def is_too_fast(self, now_s: float) -> bool:
        """Whether it has been too fast for long."""
        return self._slowed_since_s is not None and now_s - self._slowed_since_s > TOO_FAST_S


class Guard:
    """One server's limits.

    Args:
        limits: what is allowed.
        clock: in seconds; tests bring their own.
    """

    def __init__(
        self, limits: GuardLimits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits or GuardLimits()
        self._clock = clock
        self._connections: Counter[str] = Counter()
        self._addresses = Buckets(self.limits.usual_per_s, self.limits.usual_burst)
        self._rooms = Buckets(ROOM_MESSAGES_PER_S, ROOM_MESSAGES_BURST)
        self._spare = Bucket(SPARE_MESSAGES_PER_S, SPARE_MESSAGES_BURST, SPARE_MESSAGES_BURST, clock())

    def address_of(self, request: web.Request) -> str:
        """Where a request comes from."""
        return client_address(request, behind_proxy=self.limits.behind_proxy)

    def check(self, request: web.Request, address: str) -> ErrorCode | None:
        """Whether a WebSocket may be opened: the reason why not."""
        if not origin_is_allowed(request, self.limits):
            return ErrorCode.BAD_ORIGIN
        if self._connections[address] >= self.limits.connections:
            return ErrorCode.TOO_MANY_CONNECTIONS
        return None

    def opened(self, address: str) -> Pace:
        """A WebSocket was opened."""
        self._connections[address] += 1
        return Pace(self._clock())

    def closed(self, address: str) -> None:
        """A WebSocket has ended."""
        self._connections[address] -= 1
        if self._connections[address] <= 0:
            del self._connections[address]

    def wait_s(self, pace: Pace, address: str, room: str | None, size: int) -> float:
        """A message of `size` characters, of somebody in a room or not: the seconds that it has to wait."""
        now_s = self._clock()
        wait_s = pace.take(now_s, size)
        if room is not None:
            wait_s = max(wait_s, self._rooms.of(room, now_s).take(now_s))
        most_s = MAX_WAIT_S if pace.usual.wait_s(now_s) <= 0 else MAX_FLOOD_WAIT_S
        if not take_if_there(now_s, pace.usual, self._addresses.of(address, now_s)):
            # It is beyond what is usual, and waits its turn among all that is.
            wait_s = max(wait_s, self._spare.take(now_s))
            self._spare.tokens = max(self._spare.tokens, -MAX_FLOOD_WAIT_S * self._spare.rate)
        # Those who wait for the longest time shall not come back all at once.
        return wait_s if wait_s < most_s else most_s * random.uniform(0.75, 1.0)

    def refused(self, pace: Pace, address: str) -> None:
        """A message was refused: who sends many such is the first to wait."""
        now_s = self._clock()
        for bucket in (pace.usual, self._addresses.of(address, now_s)):
            bucket.take(now_s, REFUSAL_COST)
            bucket.tokens = max(bucket.tokens, -bucket.burst)

    def is_too_fast(self, pace: Pace) -> bool:
        """Whether a connection is to be cut."""
        return pace.is_too_fast(self._clock())
