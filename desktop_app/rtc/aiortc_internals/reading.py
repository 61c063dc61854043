"""Several datagrams at a time from a socket. Private names read in Python 3.11's asyncio.

asyncio reads one datagram of a socket and then looks at everything else there is to do. Where that takes a few
milliseconds, as on a computer that is short of time, fewer are read than come: the socket's buffer stays full for
good, and nearly everything that a room sends is lost (97 % were, of ten bots on two cores).
"""

from __future__ import annotations

import socket as sockets
import struct
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

MOST = 32
"""About 3 ms of work."""
MAX_DATAGRAM_BYTES = 65536
SO_MEMINFO = 55
"""Linux's (asm-generic/socket.h); Python does not name it. Nine numbers, of which the last one counts drops."""
MEMINFO = struct.Struct("9I")


def packets_overflowed(transport: asyncio.BaseTransport) -> int:
    """Datagrams that came since the socket exists and found no room in its buffer, for we did not read it in time.

    0 where the system does not tell: only Linux does.
    """
    socket = transport.get_extra_info("socket")
    if sys.platform != "linux" or socket is None:
        return 0
    try:
        return int(MEMINFO.unpack(socket.getsockopt(sockets.SOL_SOCKET, SO_MEMINFO, MEMINFO.size))[-1])
    except (OSError, struct.error):  # closed, or a kernel before 4.6
        return 0


def read_several(transport: asyncio.DatagramTransport, protocol: asyncio.DatagramProtocol) -> None:
    """Let `protocol` have what else lies in the socket after each datagram that it gets."""
    socket: Any = getattr(transport, "_sock", None)  # another kind of loop has none
    if socket is None:
        return
    usual = protocol.datagram_received

    def received(data: bytes, address: tuple[str | Any, int]) -> None:
        usual(data, address)
        for _ in range(MOST - 1):
            if transport.is_closing():
                return
            try:
                data, address = socket.recvfrom(MAX_DATAGRAM_BYTES)
            except OSError:  # usually that there is none; asyncio finds out about another one
                return
            usual(data, address)

    vars(protocol)["datagram_received"] = received
