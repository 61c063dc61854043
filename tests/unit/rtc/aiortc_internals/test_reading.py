"""Everything that lies in a socket is read, not one datagram for each turn of the loop."""

from __future__ import annotations

import asyncio
import socket

from desktop_app.rtc.aiortc_internals.reading import MOST, read_several


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
        while len(reader.read) < len(sent):  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert reader.read == sent
    finally:
        transport.close()
