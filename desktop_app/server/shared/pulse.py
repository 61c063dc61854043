"""Says to the others that this server lives, notices those that do not, and watches the way to Redis."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .link import RedisLink

BEAT_S = 0.5
ALIVE_S = 2.5
"""How long a server counts as alive after its last beat. Its members leave, and another one leads, at most
BEAT_S later."""

SILENCE_S = 2.0
"""A beat that does not come back by the channel for so long: the channel is dead, whatever it looks like."""


class Pulse:
    """Beats while the link is up; `on_forgotten` is called when the others had taken us for dead."""

    def __init__(self, link: RedisLink, server_id: str, *, on_forgotten: Callable[[], None]) -> None:
        self._link = link
        self._server_id = server_id
        self._on_forgotten = on_forgotten
        self._timer: asyncio.TimerHandle | None = None
        self._lease_until = 0.0
        self._heard_at = 0.0
        self.epoch = 0
        """Which connection to Redis it is."""

    def lease_valid(self) -> bool:
        """Whether nobody can have taken us for dead yet."""
        return asyncio.get_running_loop().time() < self._lease_until

    def start(self) -> None:
        """The link is up: beat at once, and from then on."""
        self.stop()
        self._heard_at = asyncio.get_running_loop().time()
        self.epoch += 1
        self._beat(first=True)

    def stop(self) -> None:
        """No more beats."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def heard(self, stamp: bytes) -> None:
        """A beat of ours came back."""
        self._heard_at = asyncio.get_running_loop().time()
        self._lease_until = max(self._lease_until, float(stamp) + ALIVE_S)

    def _beat(self, first: bool = False) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = loop.call_later(BEAT_S, self._beat)
        if now - self._heard_at > SILENCE_S:
            self._heard_at = now  # once is enough
            self._link.give_up("its channel is silent")
            return

        def answered(reply: object) -> None:
            if reply == 1 and not first:
                self._on_forgotten()

        arguments = (self._server_id, self.epoch, int(ALIVE_S * 1000), f"{now:.6f}")
        self._link.call("beat", arguments, answered)
