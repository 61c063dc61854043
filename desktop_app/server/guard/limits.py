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
"""For one message; pings must be answered in between."""

MESSAGES_PER_S, MESSAGES_BURST = 100.0, 1000.0
"""Of one connection. Joining a mesh of eight takes about 150 at once; a call that runs, less than 10 a second."""

BYTES_PER_S, BYTES_BURST = 1024.0 * 1024, 8.0 * 1024 * 1024
ROOM_MESSAGES_PER_S, ROOM_MESSAGES_BURST = 1000.0, 8000.0


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """What is allowed to one address."""

    connections: int = CONNECTIONS_PER_ADDRESS
    origins: tuple[str, ...] = ()
    """Of pages elsewhere that may connect; "*" for all."""
    behind_proxy: bool = False
    """Whether X-Forwarded-For and X-Forwarded-Host are believed."""

    @property
    def sockets(self) -> int:
        """Connections of any kind: browsers fetch pages over several, and somebody may come back before the end of
        the old one was noticed."""
        return self.connections + 100

    @property
    def opened_per_s(self) -> float:
        """New connections; as many as there may be come at once."""
        return max(5.0, self.connections / 10)

    @property
    def joins_per_s(self) -> float:
        """Messages of those who are in no room."""
        return max(5.0, self.connections / 10)

    @property
    def messages_per_s(self) -> float:
        """Of all connections of the address."""
        return max(MESSAGES_PER_S, 2.0 * self.connections)
