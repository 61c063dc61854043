"""The whole transport, handshake and all, on a loop of virtual time."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import pytest
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters

from desktop_app.rtc.aiortc_internals import sctp as module
from tests.netlab.links import Conditions

from .data_pair import DataPair
from .virtual_loop import run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

LOSSY = Conditions(delay_ms=25, loss_pct=5, jitter_ms=10, rate_kbps=10_000)


def virtual(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on a loop of virtual time."""

    def wrapped() -> None:
        run(test())

    wrapped.__name__ = test.__name__
    return wrapped


@virtual
async def test_messages_of_every_kind_arrive_on_a_bad_link() -> None:
    pair = DataPair(LOSSY, seed=3)
    for each in (pair.a, pair.b):
        each.open(1)
        each.open(2, ordered=False)
    await pair.start()
    messages: list[bytes | str] = ["", b"", "ä", b"\0", b"x" * 16_384, "y" * 262_144, bytes(262_144)]
    for message in messages:
        pair.a.by_id[1].send(message)
        pair.b.by_id[2].send(message)
    await pair.until(lambda: len(pair.b.received[1]) == len(pair.a.received[2]) == len(messages))
    assert pair.b.received[1] == messages
    assert sorted(pair.a.received[2], key=repr) == sorted(messages, key=repr)
    assert pair.a.by_id[1].bufferedAmount == pair.b.by_id[2].bufferedAmount == 0
    counters = pair.a.transport.counters()
    assert counters.messages_sent == len(messages)
    assert counters.refused == 0
    assert counters.chunks_retransmitted > 0
    await pair.stop()


@pytest.mark.parametrize("seed", range(12))
def test_the_handshake_survives_a_link_that_loses_half(seed: int) -> None:
    async def test() -> None:
        pair = DataPair(Conditions(delay_ms=25, loss_pct=50), seed=seed)
        pair.a.open(1)
        pair.b.open(1)
        await pair.start()
        pair.a.by_id[1].send("hello")
        await pair.until(lambda: pair.b.received[1] == ["hello"])
        await pair.stop()

    run(test())


@virtual
async def test_a_handshake_that_nobody_answers_ends() -> None:
    pair = DataPair(Conditions(block=True))
    channel = pair.a.open(1)
    await pair.a.transport.start(None, 5000)
    await pair.until(lambda: pair.a.transport.state == "closed", module.HANDSHAKE_TRIES + 10)
    assert channel.readyState == "closed"
    await pair.stop()


@virtual
async def test_buffered_amount_falls_as_data_leaves_and_low_is_told_once() -> None:
    pair = DataPair(Conditions(delay_ms=25, rate_kbps=2000))
    channel = pair.a.open(1)
    pair.b.open(1)
    await pair.start()
    lows: list[int] = []
    channel.bufferedAmountLowThreshold = 100_000
    channel.on("bufferedamountlow", lambda: lows.append(channel.bufferedAmount))
    for _ in range(20):
        channel.send(bytes(16_384))
    assert channel.bufferedAmount == 20 * 16_384
    await pair.until(lambda: channel.bufferedAmount <= 200_000)
    assert lows == []
    await pair.until(lambda: channel.bufferedAmount == 0)
    assert len(lows) == 1
    assert 80_000 < lows[0] <= 100_000
    await pair.until(lambda: len(pair.b.received[1]) == 20)
    await pair.stop()


@virtual
async def test_a_listener_that_sends_more_keeps_it_going() -> None:
    pair = DataPair(Conditions(delay_ms=25, rate_kbps=20_000))
    channel = pair.a.open(1)
    pair.b.open(1)
    await pair.start()
    rest = [100]

    def refill() -> None:
        while rest[0] and channel.bufferedAmount < 65_536:
            rest[0] -= 1
            channel.send(bytes(16_384))

    channel.bufferedAmountLowThreshold = 32_768
    channel.on("bufferedamountlow", refill)
    refill()
    await pair.until(lambda: len(pair.b.received[1]) == 100)
    await pair.stop()


@virtual
async def test_a_chat_line_of_high_priority_passes_a_full_queue() -> None:
    pair = DataPair(Conditions(delay_ms=25, rate_kbps=20_000))
    for each in (pair.a, pair.b):
        each.open(1)
        each.open(2)
    pair.a.transport.set_priority(pair.a.by_id[2], "high")
    await pair.start()
    bulk = pair.a.by_id[1]
    bulk.bufferedAmountLowThreshold = 100_000

    def refill() -> None:
        for _ in range(2):
            bulk.send(bytes(16_384))

    bulk.on("bufferedamountlow", refill)
    for _ in range(8):
        bulk.send(bytes(16_384))
    await asyncio.sleep(2.0)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    arrived_s: list[float] = []
    pair.b.by_id[2].on("message", lambda _text: arrived_s.append(loop.time()))
    pair.a.by_id[2].send("hello")
    await pair.until(lambda: bool(arrived_s))
    assert arrived_s[0] - began_s < 0.1
    assert bulk.bufferedAmount > 50_000
    await pair.stop()


@virtual
async def test_a_limit_holds_bulk_data_back_and_chat_not() -> None:
    pair = DataPair()
    for each in (pair.a, pair.b):
        each.open(1)
        each.open(2)
    pair.a.transport.set_priority(pair.a.by_id[2], "high")
    pair.a.transport.limit(100.0)
    await pair.start()
    for _ in range(100):
        pair.a.by_id[1].send(bytes(1000))
    await asyncio.sleep(2.0)
    assert 15 <= len(pair.b.received[1]) <= 35
    pair.a.by_id[2].send("hello")
    await asyncio.sleep(0.06)
    assert pair.b.received[2] == ["hello"]
    pair.a.transport.limit(math.inf)
    await pair.until(lambda: len(pair.b.received[1]) == 100)
    await pair.stop()


@virtual
async def test_a_chat_line_does_not_wait_for_a_message_that_trickles() -> None:
    pair = DataPair()
    for each in (pair.a, pair.b):
        each.open(1)
        each.open(2)
    pair.a.transport.set_priority(pair.a.by_id[2], "high")
    pair.a.transport.limit(40.0)
    await pair.start()
    for _ in range(8):
        pair.a.by_id[1].send(bytes(16_384))
    await asyncio.sleep(1.0)
    assert pair.b.received[1] == []  # it takes three seconds
    pair.a.by_id[2].send("hello")
    await asyncio.sleep(1.0)
    assert pair.b.received[2] == ["hello"]
    pair.a.by_id[2].send("and again")  # no part of a message is under way now
    await asyncio.sleep(0.06)
    assert pair.b.received[2] == ["hello", "and again"]
    before = len(pair.b.received[1])
    for _ in range(20):  # a stream of lines cannot pull the bulk data along
        pair.a.by_id[2].send("and again")
        await asyncio.sleep(0.5)
    assert len(pair.b.received[1]) - before <= 5
    await pair.stop()


@virtual
async def test_partial_reliability_gives_up_what_got_lost() -> None:
    pair = DataPair(Conditions(delay_ms=25, loss_pct=20, rate_kbps=5000), seed=2)
    for each in (pair.a, pair.b):
        each.open(1, maxRetransmits=0, ordered=False)
        each.open(2, maxPacketLifeTime=10)
        each.open(3)
    await pair.start()
    for number in range(300):
        pair.a.by_id[1].send(bytes([number % 256]) * 500)
    for _ in range(4):
        pair.a.by_id[2].send(bytes(100_000))
    pair.a.by_id[3].send("reliable")
    await pair.until(lambda: len(pair.b.received[3]) == 1)
    await pair.until(lambda: pair.a.transport.counters().in_flight_bytes == 0)
    await asyncio.sleep(3.0)
    assert 150 < len(pair.b.received[1]) < 280
    assert pair.b.received[2] == []
    assert all(channel.bufferedAmount == 0 for channel in pair.a.by_id.values())
    await pair.stop()


@virtual
async def test_channels_that_are_opened_in_band_and_closed_again() -> None:
    pair = DataPair(LOSSY, seed=8)
    opened: list[RTCDataChannel] = []
    pair.b.transport.on("datachannel", opened.append)
    parameters = RTCDataChannelParameters(label="late", protocol="p", ordered=False, maxRetransmits=7)
    early = RTCDataChannel(pair.a.transport, parameters)
    pair.a.transport.set_priority(early, "high")
    await pair.start()
    await pair.until(lambda: early.readyState == "open" and len(opened) == 1)
    far = opened[0]
    assert (far.label, far.protocol, far.ordered, far.maxRetransmits) == ("late", "p", False, 7)
    assert far.id == early.id == 0
    pair.b.watch(far)
    early.send("one")
    far.send("two")
    await pair.until(lambda: pair.b.received[0] == ["one"])
    early.send(bytes(50_000))
    early.close()
    await pair.until(lambda: early.readyState == far.readyState == "closed")
    assert [len(message) for message in pair.b.received[0]] == [3, 50_000]  # what was queued still came
    again = RTCDataChannel(pair.a.transport, RTCDataChannelParameters(label="again"))
    await pair.until(lambda: again.readyState == "open" and len(opened) == 2)
    pair.b.watch(opened[1])
    again.send("three")
    await pair.until(lambda: pair.b.received[0][-1] == "three")
    await pair.stop()


@virtual
async def test_a_negotiated_channel_closes_at_both_ends() -> None:
    pair = DataPair(LOSSY, seed=9)
    near, far = pair.a.open(4), pair.b.open(4)
    await pair.start()
    assert near.readyState == far.readyState == "open"
    far.close()
    await pair.until(lambda: near.readyState == far.readyState == "closed")
    await pair.stop()


@virtual
async def test_ending_closes_the_channels_and_leaves_no_timer() -> None:
    pair = DataPair()
    near, far = pair.a.open(1), pair.b.open(1)
    await pair.start()
    for _ in range(50):
        near.send(bytes(16_384))
    await asyncio.sleep(0.1)
    await pair.a.transport.stop()
    await pair.until(lambda: near.readyState == far.readyState == "closed")
    assert pair.b.transport.state == "closed"
    await pair.stop()


@virtual
async def test_a_message_that_the_far_end_does_not_take_is_an_error() -> None:
    pair = DataPair()
    channel = pair.a.open(1)
    pair.b.open(1)
    await pair.start()
    with pytest.raises(ValueError, match="262145 bytes"):
        channel.send(bytes(262_145))
    assert channel.bufferedAmount == 0
    with pytest.raises(ValueError, match="no such priority"):
        pair.a.transport.set_priority(channel, "urgent")
    await pair.stop()


@virtual
async def test_a_link_that_was_cut_for_twenty_seconds_is_used_again_soon() -> None:
    pair = DataPair(Conditions(delay_ms=25, rate_kbps=10_000))
    channel = pair.a.open(1)
    pair.b.open(1)
    await pair.start()
    for _ in range(200):
        channel.send(bytes(16_384))
    await asyncio.sleep(1.0)
    weather = pair.a.transport.link.conditions
    for end in (pair.a, pair.b):
        end.transport.link.conditions = Conditions(block=True)
    await asyncio.sleep(20.0)
    before = len(pair.b.received[1])
    for end in (pair.a, pair.b):
        end.transport.link.conditions = weather
    await asyncio.sleep(1.5)
    assert len(pair.b.received[1]) > before
    await pair.until(lambda: len(pair.b.received[1]) == 200)
    await pair.stop()
