"""Data channels of ours over real DTLS and sockets, on loopback, in a call and on a network that loses packets."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from aiortc import RTCPeerConnection

from desktop_app.media.clock import AUDIO_RATE_HZ
from desktop_app.rtc.aiortc_internals import DataTransport
from desktop_app.rtc.connection import LocalFeeds, MediaConnection, RemoteSinks
from tests.netlab import NetLab
from tests.waiting import until

from .data_tools import DataEnd, connect, data_ends
from .peer_tools import Person, calling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiortc.rtcdatachannel import RTCDataChannel

    from desktop_app.rtc.channel_spec import ChannelSpec
    from desktop_app.rtc.ice import IceConfiguration

MESSAGES: list[bytes | str] = [
    "",
    b"",
    "x",
    b"x",
    "ü" * 8000,
    bytes(16_384),
    "y" * 262_144,
    bytes(range(256)) * 1024,
]


async def test_messages_of_every_size_in_both_directions() -> None:
    async with data_ends() as (a, b):
        channels = [(end.open(1), end.open(2, ordered=False)) for end in (a, b)]
        await connect(a.pc, b.pc)
        await until(lambda: all(each.readyState == "open" for pair in channels for each in pair))
        for message in MESSAGES:
            for ordered, unordered in channels:
                ordered.send(message)
                unordered.send(message)
        await until(lambda: all(len(got) == len(MESSAGES) for end in (a, b) for got in end.received.values()))
        for end in (a, b):
            assert end.received[1] == MESSAGES
            assert sorted(end.received[2], key=repr) == sorted(MESSAGES, key=repr)
            counters = end.pc.data_counters()
            assert counters is not None
            assert counters.messages_sent == counters.messages_received == 2 * len(MESSAGES)
            assert counters.refused == 0
            assert counters.smoothed_round_trip_ms is not None


async def test_plain_aiortc_is_understood_both_ways() -> None:
    theirs = RTCPeerConnection()
    end = DataEnd()
    got: list[bytes | str] = []
    opened: list[RTCDataChannel] = []
    end.pc.on("datachannel", opened.append)
    end.pc.createDataChannel("first")  # so that there is a transport
    try:
        channel = theirs.createDataChannel("late", ordered=True)
        channel.on("message", got.append)
        await connect(theirs, end.pc)  # type: ignore[arg-type]
        await until(lambda: channel.readyState == "open" and len(opened) == 1)
        back: list[bytes | str] = []
        opened[0].on("message", back.append)
        for message in MESSAGES:
            channel.send(message)
            if len(message) < 60_000:  # what aiortc says that it takes
                opened[0].send(message)
        await until(lambda: back == MESSAGES)
        await until(lambda: got == [each for each in MESSAGES if len(each) < 60_000])
    finally:
        await theirs.close()
        await end.pc.close()


class DataConnection(MediaConnection):
    """A call's connection with a channel for data."""

    def __init__(
        self, ice: IceConfiguration, local: LocalFeeds, remote: RemoteSinks, channels: Sequence[ChannelSpec]
    ) -> None:
        super().__init__(ice, local, remote, channels)
        self.add_transceivers()  # first, so that the channel uses their transport
        self.bulk = self.pc.createDataChannel("bulk", negotiated=True, id=1)


def bulk_of(person: Person) -> RTCDataChannel:
    connection = person.peer._connection
    assert isinstance(connection, DataConnection)
    return connection.bulk


async def test_a_call_carries_data_beside_its_sound_and_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.rtc.peer.MediaConnection", DataConnection)
    async with calling() as pair:
        pair.alice.peer.make_call()
        await pair.until_connected()
        await pair.until_media()
        channel, got = bulk_of(pair.alice), list[int]()
        bulk_of(pair.bob).on("message", lambda data: got.append(len(data)))
        await until(lambda: channel.readyState == "open")
        assert isinstance(channel.transport, DataTransport)
        begin, concealed, sent = pair.bob.speaker.total_samples, pair.bob.speaker.concealed_samples, 0
        while pair.bob.speaker.total_samples - begin < 3 * AUDIO_RATE_HZ:
            if channel.bufferedAmount < 131_072:
                channel.send(bytes(16_384))
                sent += 1
            await asyncio.sleep(0)
        await until(lambda: len(got) == sent)
        await pair.until_media()
        assert sent > 10
        # Everything is in one thread here, which is busy to the brim; what is asserted is that the sound goes on.
        played = pair.bob.speaker.total_samples - begin
        assert pair.bob.speaker.concealed_samples - concealed < 0.5 * played


@pytest.mark.needs_netlab
async def test_one_percent_of_loss_costs_about_as_much_as_it_takes() -> None:
    with NetLab(hosts=2, seed=5, delay=10, loss=1) as lab:
        ends = [
            await asyncio.create_subprocess_exec(
                *lab.command(host, [sys.executable, "-m", "tests.bench.data_end"]),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=1 << 26,
            )
            for host in "ab"
        ]

        async def ask(index: int, what: str, **values: object) -> dict[str, Any]:
            stdin, stdout = ends[index].stdin, ends[index].stdout
            assert stdin is not None
            assert stdout is not None
            stdin.write(json.dumps({"do": what, **values}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(await asyncio.wait_for(stdout.readline(), 60))
            return answer

        try:
            offer = await ask(0, "offer")
            answer = await ask(1, "answer", sdp=offer["sdp"])
            await ask(0, "accept", sdp=answer["sdp"])
            await asyncio.gather(ask(0, "opened"), ask(1, "opened"))
            await ask(0, "send", seconds=3)
            await ask(0, "sent")
            near, far = [(await ask(index, "figures"))["counters"] for index in (0, 1)]
            lost = lab.stats()["a>b"]["lost"]
        finally:
            for end in ends:
                assert end.stdin is not None
                end.stdin.close()
                await end.wait()
    assert near["messages_sent"] == far["messages_received"]
    assert near["bytes_sent"] == far["bytes_received"]
    assert near["messages_sent"] > 50
    assert lost > 5
    assert near["chunks_retransmitted"] > 0
    # A busy machine makes packets late as well; sending everything twice would be a storm.
    assert near["chunks_retransmitted"] <= 3 * lost + 0.02 * near["chunks_sent"] + 20
    assert far["refused"] == 0
