"""How often somebody may be wrong: by address, and for passwords by room, too. Pure: the time comes from outside.

A link's secret has 128 bits and is not guessed, so wrong ones count for their address alone: nobody without the link
can lock a room's people out by being wrong on purpose.
"""

from __future__ import annotations

import math

from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.server.guard.buckets import Bucket, Buckets

ADDRESS_BURST, ADDRESS_SECONDS_EACH = 10, 6.0
ROOM_BURST, ROOM_SECONDS_EACH = 60, 1.0


class Attempts:
    """Counts what is wrong, or may turn out to be."""

    def __init__(self) -> None:
        self._by_address = Buckets(1 / ADDRESS_SECONDS_EACH, ADDRESS_BURST)
        self._by_room = Buckets(1 / ROOM_SECONDS_EACH, ROOM_BURST)

    def check(self, address: str, room_id: str, now_s: float) -> None:
        """Whether one more may be tried.

        Raises:
            ProtocolError: not now; the sentence says when.
        """
        wait_s = max(bucket.wait_s(now_s) for bucket in self._buckets(address, room_id, now_s))
        if wait_s > 0:
            seconds = math.ceil(wait_s)
            raise ProtocolError(
                ErrorCode.TOO_MANY_ATTEMPTS,
                f"There were too many wrong attempts. Try again in {seconds} second{'s' if seconds > 1 else ''}.",
            )

    def wrong_link(self, address: str, now_s: float) -> None:
        """Somebody came without the right secret."""
        self._by_address.of(address, now_s).take(now_s)

    def try_password(self, address: str, room_id: str, now_s: float) -> None:
        """A password is tried; counted before it is known, lest a hundred be tried at once."""
        for bucket in self._buckets(address, room_id, now_s):
            bucket.take(now_s)

    def was_right(self, address: str, room_id: str, now_s: float) -> None:
        """That one does not count."""
        for bucket in self._buckets(address, room_id, now_s):
            bucket.give_back()

    def _buckets(self, address: str, room_id: str, now_s: float) -> tuple[Bucket, Bucket]:
        return self._by_address.of(address, now_s), self._by_room.of(room_id, now_s)
