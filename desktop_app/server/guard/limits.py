"""How much one connection, one address and one room may do. Beyond it they wait, and after a while they are cut."""

from __future__ import annotations

from dataclasses import dataclass

CONNECTIONS_PER_ADDRESS = 500
"""A whole office behind one address, each of them in a call; and one address takes a tenth of a server's places."""

JOIN_LIMIT_S = 30.0
"""How long a WebSocket may be in no room. A person types the password of a room before the WebSocket is opened."""

REQUEST_LIMIT_S = 15.0
"""From the first byte, or the end of the last request, until a request's headers are there."""

HTTP_LIMIT_S = 60.0
"""How long a connection lives that is no WebSocket: nobody can hold one by reading slowly."""

TOO_FAST_S = 10.0
"""Who has had to wait for so long without a pause is cut."""

MAX_WAIT_S = 1.0
"""For one message of somebody who does what is usual, whatever others do that come from the same address."""
MAX_FLOOD_WAIT_S = 4.0
"""The same for one who does more; pings must be answered in between, which a client may miss for 7.5 s."""

MESSAGES_PER_S, MESSAGES_BURST = 100.0, 1000.0
"""Of one connection, whatever the server has to do. Joining a mesh of eight takes about 150 at once."""

BYTES_PER_S, BYTES_BURST = 1024.0 * 1024, 8.0 * 1024 * 1024
ROOM_MESSAGES_PER_S, ROOM_MESSAGES_BURST = 1000.0, 8000.0

USUAL_PER_S, USUAL_BURST = 20.0, 100.0
"""What one connection may count on, whatever others do: a call that runs has less than 10 messages a second."""

REFUSAL_COST = 10.0
"""Of what is usual, for each message that is refused; a call that runs has next to none."""

SPARE_MESSAGES_PER_S, SPARE_MESSAGES_BURST = 1000.0, 500.0
"""For all that is beyond what its connection or address may count on, of the whole server: a tenth of what one core
does. So many that exceed a little are served at once, and a flood waits for itself."""

SPARE_OPENED_PER_S, SPARE_OPENED_BURST = 100.0, 200.0
"""The same for new connections."""


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """What is allowed to one address."""

    connections: int = CONNECTIONS_PER_ADDRESS
    """Who raises it says that so many people may come at once from one place, and speak."""
    origins: tuple[str, ...] = ()
    """Of pages elsewhere that may connect; "*" for all."""
    behind_proxy: bool = False
    """Whether X-Forwarded-For and X-Forwarded-Host are believed."""

    @property
    def _is_raised(self) -> bool:
        return self.connections > CONNECTIONS_PER_ADDRESS

    @property
    def sockets(self) -> int:
        """Connections of any kind: browsers fetch pages over several, and somebody may come back before the end of
        the old one was noticed."""
        return self.connections + 100

    @property
    def opened_burst(self) -> float:
        """New connections at once that an address may count on."""
        return float(self.sockets) if self._is_raised else max(10.0, self.sockets / 20)

    @property
    def opened_per_s(self) -> float:
        """The same, a second."""
        return self.opened_burst / 10

    @property
    def usual_per_s(self) -> float:
        """Messages a second of all connections of an address that it may count on."""
        return max(USUAL_PER_S, self.connections * (4.0 if self._is_raised else 0.2))

    @property
    def usual_burst(self) -> float:
        """The same, at once."""
        return max(USUAL_BURST, 2 * self.usual_per_s)
