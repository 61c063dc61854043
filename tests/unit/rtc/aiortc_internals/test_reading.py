"""Everything that lies in a socket is read, not one datagram for each turn of the loop."""

from __future__ import annotations

import asyncio
import socket
import sys

from desktop_app.rtc.aiortc_internals.reading import MOST, packets_overflowed, read_several


class Reader(asyncio.DatagramProtocol):
    """Notes what came, and in how many turns of the loop."""

    def __init__(self) -> None:
        self.read: list[bytes] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.read.append(data)


async def test_a_turn_of_the_loop_reads_many_datagrams_in_their_order() -> None:
    loop = asyncio.get_running_loop()
    transport, reader = await loop.create_datagram_endpoint(Reader, local_addr=("127.0.0.1", 0))
    read_several(transport, reader)
    sent = [str(number).encode() for number in range(MOST + 8)]
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for each in sent:
                sender.sendto(each, transport.get_extra_info("sockname"))
        while not reader.read:  # noqa: ASYNC110 - turns of the loop are what is counted
            await asyncio.sleep(0)
        assert reader.read == sent[:MOST]
        while len(reader.read) < len(sent):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
        assert reader.read == sent
    finally:
        transport.close()


async def test_what_found_no_room_in_the_socket_is_counted() -> None:
    loop = asyncio.get_running_loop()
    transport, reader = await loop.create_datagram_endpoint(Reader, local_addr=("127.0.0.1", 0))
    try:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert packets_overflowed(transport) == 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(200):
                sender.sendto(b"x" * 1000, transport.get_extra_info("sockname"))
        read = -1
        while len(reader.read) != read:  # until a turn of the loop brings nothing more
            read = len(reader.read)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert 0 < read < 200
        assert packets_overflowed(transport) == (200 - read if sys.platform == "linux" else 0)
    finally:
        transport.close()
    await asyncio.sleep(0)  # the socket is closed in the next turn
    assert packets_overflowed(transport) == 0
