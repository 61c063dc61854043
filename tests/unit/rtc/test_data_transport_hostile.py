"""A far end that sends nonsense: it is dropped and counted, memory stays bounded, and the connection goes on."""

from __future__ import annotations

import asyncio
import random
import struct
from typing import TYPE_CHECKING, Any

import pytest
from aiortc import rtcsctptransport as reference

from desktop_app.rtc.aiortc_internals import sctp_channels as channels_module
from desktop_app.rtc.sctp import receiver as receiver_module
from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.wire import Sack

from .data_pair import DataPair, Transport
from .virtual_loop import run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from aiortc.rtcdatachannel import RTCDataChannel

    from tests.conftest import ExpectWarning

WHOLE = wire.FIRST | wire.LAST
DCEP, STRING, BINARY = 50, 51, 53


class Attack:
    """Bob is under attack by somebody with Alice's keys."""

    def __init__(self) -> None:
        self.pair = DataPair()
        self.near, self.far = self.pair.a.open(1), self.pair.b.open(1)
        self.victim: Transport = self.pair.b.transport

    async def begin(self) -> None:
        await self.pair.start()
        self.near.send("before")
        await self.pair.until(lambda: self.pair.b.received[1] == ["before"])

    @property
    def next_tsn(self) -> int:
        """What the victim expects."""
        return self.victim._receiver.cumulative_tsn + 1

    async def send(self, *chunks: bytes, tag: int | None = None) -> None:
        """A packet with these chunks; an exception of the handler fails the test."""
        own = self.victim._local_verification_tag if tag is None else tag
        await self.victim._handle_data(wire.packet(wire.header(5000, 5000, own), b"".join(chunks)))

    async def data(
        self, payload: bytes, *, ppid: int = BINARY, stream_id: int = 1, flags: int = WHOLE
    ) -> None:
        """The next DATA chunk."""
        await self.send(
            wire.data_chunk(flags | wire.UNORDERED, self.next_tsn % 2**32, stream_id, 0, ppid, payload)
        )

    @property
    def refused(self) -> int:
        return self.victim.counters().refused

    async def check_alive(self) -> None:
        """Bob's messages still reach Alice: what he receives of hers was overtaken by the attack's numbers."""
        got = len(self.pair.a.received[1])
        self.far.send("still here")
        await self.pair.until(lambda: len(self.pair.a.received[1]) == got + 1)
        assert self.victim.state == "connected"
        await self.data(b"and I hear you")
        assert self.pair.b.received[1][-1] == b"and I hear you"
        await self.pair.stop()


def attack(test: Callable[[Attack], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run a test on a loop of virtual time, and see that Bob is alive after it."""

    def wrapped() -> None:
        async def main() -> None:
            attacker = Attack()
            await attacker.begin()
            await test(attacker)
            await attacker.check_alive()

        run(main())

    wrapped.__name__ = test.__name__
    return wrapped


def chunk(kind: int, value: bytes, flags: int = 0) -> bytes:
    return struct.pack("!BBH", kind, flags, len(value) + 4) + value + bytes(-len(value) % 4)


@attack
async def test_data_channel_messages_that_no_channel_can_take(a: Attack) -> None:
    await a.data(b"\xff\xfe", ppid=STRING)  # no UTF-8
    await a.data(b"x", stream_id=7)  # no such channel
    await a.data(b"x", ppid=12345)
    await a.data(b"x", ppid=52)  # the deprecated partial ones
    await a.data(b"\x09", ppid=DCEP)
    await a.data(b"\x02", ppid=DCEP, stream_id=7)  # an ACK of nothing
    await a.data(b"\x03short", ppid=DCEP, stream_id=7)
    await a.data(struct.pack("!BBHLHH", 3, 0, 0, 0, 500, 500), ppid=DCEP, stream_id=7)
    await a.data(struct.pack("!BBHLHH", 3, 0, 0, 0, 2, 0) + b"\xff\xfe", ppid=DCEP, stream_id=7)
    await a.data(struct.pack("!BBHLHH", 3, 0, 0, 0, 0, 0), ppid=DCEP, stream_id=1)  # it is open already
    assert a.refused == 10
    assert a.pair.b.received[1] == ["before"]


@attack
async def test_channels_are_opened_up_to_a_bound(a: Attack) -> None:
    opened: list[RTCDataChannel] = []
    a.victim.on("datachannel", opened.append)
    for stream_id in range(10, 2000):
        await a.data(struct.pack("!BBHLHH", 3, 0, 0, 0, 1, 0) + b"x", ppid=DCEP, stream_id=stream_id)
    assert len(opened) == channels_module.MAX_OPENED_BY_PEER
    assert a.refused == 1990 - channels_module.MAX_OPENED_BY_PEER
    assert len(a.victim._data_channels) == channels_module.MAX_OPENED_BY_PEER + 1


@attack
async def test_sacks_that_cannot_be_true(a: Attack) -> None:
    sender = a.victim._sender
    cumulative = sender.outstanding.cumulative_tsn
    await a.send(wire.sack_chunk(Sack(cumulative % 2**32, 0, [(1, 65_535)] * 250, range(20))))
    await a.send(wire.sack_chunk(Sack((cumulative + 1) % 2**32, 0, [], [])))
    await a.send(wire.sack_chunk(Sack((cumulative + 2**30) % 2**32, 0, [(5, 3), (0, 0)], [])))
    await a.send(chunk(wire.SACK, b"short"))
    await a.send(chunk(wire.SACK, struct.pack("!LLHH", cumulative % 2**32, 0, 65_535, 65_535)))
    assert a.refused == 4
    # The window of 0 that the first one told is asked about, and opened by the next.
    assert sender.outstanding.cumulative_tsn == cumulative


def test_gaps_before_anything_was_sent() -> None:
    async def main() -> None:
        attacker = Attack()
        await attacker.pair.start()
        victim = attacker.victim
        cumulative = victim._sender.outstanding.cumulative_tsn
        await attacker.send(wire.sack_chunk(Sack(cumulative % 2**32, 100_000, [(1, 9)], [])))
        await attacker.check_alive()

    run(main())


@attack
async def test_forward_tsn_of_every_kind(a: Attack) -> None:
    await a.send(chunk(wire.FORWARD_TSN, b""))
    await a.send(chunk(wire.FORWARD_TSN, b"12345"))
    await a.send(wire.forward_tsn_chunk((a.next_tsn - 5) % 2**32, [(1, 60_000)]))
    await a.send(wire.forward_tsn_chunk((a.next_tsn + 2**31 - 2) % 2**32, [(n, n) for n in range(250)]))
    assert a.refused == 2


@attack
async def test_a_flood_of_fragments_stays_within_bounds(a: Attack) -> None:
    for number in range(6000):
        tsn = (a.next_tsn + 2 + number) % 2**32
        await a.send(wire.data_chunk(wire.FIRST, tsn, number % 3000, 0, BINARY, bytes(1100)))
    assert a.victim._receiver.reassembly.buffered_bytes <= receiver_module.BUFFER_BYTES
    assert a.refused > 3000
    assert a.victim._receiver.window_bytes == 0
    # The far end has to give up what it holds back; then there is room again.
    await a.send(wire.forward_tsn_chunk((a.next_tsn + 7000) % 2**32, []))
    assert a.victim._receiver.reassembly.buffered_bytes <= 1500


@attack
async def test_packets_that_are_none(a: Attack) -> None:
    good = wire.data_chunk(WHOLE, a.next_tsn % 2**32, 1, 0, BINARY, b"x")
    await a.victim._handle_data(b"")
    await a.victim._handle_data(b"x" * 11)
    await a.victim._handle_data(b"\xff" * 200)  # a wrong checksum
    await a.send(good, tag=12345)
    await a.send(b"\x00\x03\x00\x00")  # a chunk of no length
    await a.send(b"\x00\x03\xff\xff" + bytes(20))
    await a.send(chunk(wire.DATA, bytes(12)))  # without data
    await a.send(chunk(wire.DATA, b"123"))
    await a.send(b"\x01\x00\x00\x14" + bytes(16), good, tag=0)  # an INIT that is not alone
    assert a.refused == 9
    assert a.pair.b.received[1] == ["before"]


@pytest.mark.parametrize("kind", sorted(reference.CHUNK_TYPES))
def test_any_chunk_with_any_bytes(kind: int) -> None:
    # Of an honest end ABORT and the three of shutdown end the association; that may they here as well.
    ends = kind in (wire.ABORT, 7, 8, 14, wire.ERROR)

    async def main() -> None:
        attacker = Attack()
        await attacker.begin()
        chance = random.Random(kind)
        for _ in range(400):
            value = chance.randbytes(chance.choice([0, 1, 3, 4, 7, 8, 12, 16, 20, 21, 40, 100]))
            if chance.random() < 0.5 and len(value) >= 8:
                # Closer to what parses: a parameter or number of a likely length.
                value = struct.pack("!HH", chance.choice([1, 7, 13, 16, 17]), len(value)) + value[4:]
            tag = 0 if kind == wire.INIT else None
            await attacker.send(chunk(kind, value, chance.getrandbits(8)), tag=tag)
        await asyncio.sleep(0.5)
        if ends:
            await attacker.pair.stop()
        else:
            received = attacker.victim._receiver
            assert received.reassembly.buffered_bytes <= 2 * receiver_module.BUFFER_BYTES
            assert attacker.victim.state == "connected"
            await attacker.pair.stop()

    run(main())


@attack
async def test_a_parameter_of_length_zero_does_not_stop_the_loop(a: Attack) -> None:
    for kind in (wire.HEARTBEAT, wire.RECONFIG, wire.ERROR):
        await a.send(chunk(kind, b"\x00\x01\x00\x00"))
    await a.send(chunk(wire.INIT, bytes(16) + b"\x00\x01\x00\x00"), tag=0)
    assert a.refused == 4


@attack
async def test_a_second_handshake_changes_nothing(a: Attack) -> None:
    theirs = a.victim._remote_verification_tag
    before = a.next_tsn
    init = struct.pack("!LLHHL", theirs, 100_000, 10, 10, 77)
    await a.send(chunk(wire.INIT, init), tag=0)
    await a.send(chunk(wire.INIT, struct.pack("!LLHHL", theirs ^ 1, 1, 1, 1, 77)), tag=0)
    await a.send(chunk(wire.INIT_ACK, init))
    assert a.victim._remote_verification_tag == theirs
    assert a.next_tsn == before
    assert a.refused == 1


@attack
async def test_resets_of_streams_that_nobody_has(a: Attack) -> None:
    for number in range(50):
        request = struct.pack("!LLL", number, number, 2**32 - 1) + struct.pack("!H", 500 + number) * 9
        await a.send(chunk(wire.RECONFIG, struct.pack("!HH", 13, 4 + len(request)) + request + bytes(2)))
        answer = struct.pack("!HHLL", 16, 12, number, 1)
        await a.send(chunk(wire.RECONFIG, answer))


def test_a_listener_that_raises_is_logged_and_the_connection_goes_on(
    expected_warnings: ExpectWarning,
) -> None:
    expected_warnings("a listener for (message|bufferedamountlow|datachannel) failed")
    expected_warnings("a listener for the state of a data channel failed")

    async def main() -> None:
        def fail(*_: object) -> None:
            raise LookupError("of the application")

        attacker = Attack()
        for event in ("message", "open", "close", "bufferedamountlow"):
            attacker.far.on(event, fail)
        attacker.victim.on("datachannel", fail)
        await attacker.begin()
        await attacker.data(struct.pack("!BBHLHH", 3, 0, 0, 0, 1, 0) + b"x", ppid=DCEP, stream_id=9)
        await attacker.check_alive()

    run(main())
