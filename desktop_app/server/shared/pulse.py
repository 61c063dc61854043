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

LATE_S = 6.0
"""The same for one that still listens to its channel: a machine that stood still, and everybody on it with it, is
no reason to tear rooms apart."""

SILENT_BEATS = 5
"""So many beats that did not come back by the channel: it is dead, whatever it looks like. Counted, not timed: our
own loop may have stood still."""


class Pulse:
    """Beats while the link is up; `on_forgotten` is called when the others had taken us for dead."""

    def __init__(self, link: RedisLink, server_id: str, *, on_forgotten: Callable[[], None]) -> None:
        self._link = link
        self._server_id = server_id
        self._on_forgotten = on_forgotten
        self._timer: asyncio.TimerHandle | None = None
        self._lease_until = 0.0
        self._unheard = 0
        self.epoch = 0
        """Which connection to Redis it is."""

    def lease_valid(self) -> bool:
        """Whether nobody can have taken us for dead yet."""
        return asyncio.get_running_loop().time() < self._lease_until

    def start(self) -> None:
        """The link is up: beat at once, and from then on."""
        self.stop()
        self._unheard = 0
        self.epoch += 1
        self._beat(first=True)

    def stop(self) -> None:
        """No more beats."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def heard(self, stamp: bytes) -> None:
        """A beat of ours came back."""
        self._unheard = 0
        self._lease_until = max(self._lease_until, float(stamp) + ALIVE_S)

    def _beat(self, first: bool = False) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = loop.call_later(BEAT_S, self._beat)
        if self._unheard >= SILENT_BEATS:
            self._unheard = 0  # once is enough
            self._link.give_up("its channel is silent")
            return

        def answered(reply: object) -> None:
            if reply == 1 and not first:
                self._on_forgotten()

        self._unheard += 1
        arguments = (self._server_id, self.epoch, int(ALIVE_S * 1000), int(LATE_S * 1000), f"{now:.6f}")
        self._link.call("beat", arguments, answered)
