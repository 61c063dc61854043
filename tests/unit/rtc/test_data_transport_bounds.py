"""A far end that wants much for little: what a packet is answered with, what is kept, and what ends the association."""

from __future__ import annotations

import asyncio
import hmac
import logging
import struct
from typing import TYPE_CHECKING, Any

import pytest

from desktop_app.rtc.aiortc_internals import sctp as module
from desktop_app.rtc.sctp import receiver as receiver_module
from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.wire import Sack

from .test_data_transport_hostile import BINARY, STRING, WHOLE, Attack, attack, chunk
from .virtual_loop import run

if TYPE_CHECKING:
    from tests.conftest import ExpectWarning

RESET_REQUEST, ADD_STREAMS = 13, 17


def parameter(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, 4 + len(value)) + value + bytes(-len(value) % 4)


def reset_request(sequence: int, last_tsn: int, streams: list[int]) -> bytes:
    value = struct.pack("!LLL", sequence, 0, last_tsn % 2**32) + struct.pack(f"!{len(streams)}H", *streams)
    return chunk(wire.RECONFIG, parameter(RESET_REQUEST, value))


def bodies(a: Attack) -> list[bytes]:
    """What the victim sent since the last call."""
    sent = [packet[wire.HEADER_BYTES :] for packet in a.victim.sent]
    a.victim.sent.clear()
    return sent


@attack
async def test_a_packet_of_heartbeats_is_answered_with_few_packets(a: Attack) -> None:
    a.victim.keep_sent = True
    await a.send(*[chunk(wire.HEARTBEAT, b"")] * 294)
    assert bodies(a) == [chunk(wire.HEARTBEAT_ACK, b"")] * module.MAX_OF_A_KIND
    assert a.refused == 294 - module.MAX_OF_A_KIND
    info = parameter(1, b"asked")
    await a.send(chunk(wire.HEARTBEAT, info))
    assert bodies(a) == [chunk(wire.HEARTBEAT_ACK, info)]
    # What would not fit into a datagram is not sent.
    await a.send(chunk(wire.HEARTBEAT, parameter(1, bytes(1500))))
    assert bodies(a) == []


@attack
async def test_a_packet_of_stream_resets_is_answered_with_few_packets(a: Attack) -> None:
    a.victim.keep_sent = True
    await a.send(chunk(wire.RECONFIG, parameter(ADD_STREAMS, bytes(8)) * 90))
    assert bodies(a) == []
    assert a.refused == 1
    await a.send(*[chunk(wire.RECONFIG, parameter(ADD_STREAMS, bytes(8)) * 2)] * 40)
    assert len(bodies(a)) == 2 * module.MAX_OF_A_KIND


@attack
async def test_nothing_is_answered_while_the_socket_is_full(a: Attack) -> None:
    a.victim.keep_sent = True
    request = reset_request(5, a.next_tsn - 1, [7])
    a.victim._is_full = lambda: True  # type: ignore[method-assign]
    await a.send(chunk(wire.HEARTBEAT, b""), request)
    assert bodies(a) == []
    del a.victim._is_full
    await a.send(chunk(wire.HEARTBEAT, b""), request)
    assert [body[0] for body in bodies(a)] == [wire.HEARTBEAT_ACK, wire.RECONFIG]


@pytest.mark.parametrize("is_late", [False, True])
def test_what_waits_in_a_stream_that_is_reset_is_taken_off_the_account(is_late: bool) -> None:
    @attack
    async def test(a: Attack) -> None:
        reassembly = a.victim._receiver.reassembly
        first = a.next_tsn
        for number in range(500):  # the first message never comes
            await a.send(wire.data_chunk(WHOLE, (first + number) % 2**32, 7, number + 1, BINARY, bytes(1000)))
        await a.send(wire.data_chunk(wire.FIRST, (first + 500) % 2**32, 7, 501, BINARY, b"begun"))
        assert a.victim._receiver.window_bytes < receiver_module.ADVERTISED_BYTES / 2
        await a.send(reset_request(77, first + 500 + is_late, [7, 8, 7]))
        if is_late:
            assert reassembly.buffered_bytes > 0
            await a.data(b"now everything has come")
        assert 7 not in reassembly.streams
        assert reassembly.buffered_bytes == 0
        assert a.victim._receiver.window_bytes == receiver_module.ADVERTISED_BYTES
        # The stream begins anew.
        opening = struct.pack("!BBHLHH", 3, 0, 0, 0, 1, 0) + b"x"
        await a.send(wire.data_chunk(WHOLE, a.next_tsn % 2**32, 7, 0, 50, opening))
        assert a.victim._data_channels[7].readyState == "open"

    test()


@attack
async def test_of_messages_that_come_free_at_once_one_that_is_bad_takes_no_other_with_it(a: Attack) -> None:
    first = a.next_tsn
    for number, (ppid, payload) in enumerate(
        [(STRING, b"\xff"), (12345, b"x"), (STRING, b"good"), (BINARY, b"too")]
    ):
        await a.send(wire.data_chunk(WHOLE, (first + 1 + number) % 2**32, 1, 2 + number, ppid, payload))
    assert a.pair.b.received[1] == ["before"]
    await a.send(wire.data_chunk(WHOLE, first % 2**32, 1, 1, STRING, b"\xfe"))
    assert a.pair.b.received[1] == ["before", "good", b"too"]
    # The same when a FORWARD TSN sets them free.
    first = a.next_tsn
    for number, payload in enumerate([b"\xff", b"fine"]):
        await a.send(wire.data_chunk(WHOLE, (first + 1 + number) % 2**32, 1, 7 + number, STRING, payload))
    await a.send(wire.forward_tsn_chunk(first % 2**32, [(1, 6)]))
    assert a.pair.b.received[1][-1] == "fine"
    assert a.refused == 4


def cookie_echo(a: Attack) -> bytes:
    """With a cookie that the victim made."""
    stamp = struct.pack("!L", a.victim._get_timestamp())
    return chunk(wire.COOKIE_ECHO, stamp + hmac.new(a.victim._hmac_key, stamp, "sha1").digest())


@pytest.mark.parametrize("then", ["sack", "cookie", "data"])
def test_nothing_behind_an_abort_is_looked_at(then: str) -> None:
    async def main() -> None:
        a = Attack()
        await a.begin()
        a.far.send("under way")
        await asyncio.sleep(0.01)
        a.victim.keep_sent = True
        outstanding = a.victim._sender.outstanding
        sack = wire.sack_chunk(Sack((outstanding.next_tsn - 1) % 2**32, 1000, (), ()))
        data = wire.data_chunk(WHOLE, a.next_tsn % 2**32, 1, 1, BINARY, b"late")
        behind = {"sack": sack, "cookie": cookie_echo(a), "data": data}[then]
        await a.send(chunk(wire.ABORT, b""), behind)
        assert a.victim.state == "closed"
        assert a.far.readyState == "closed"
        assert outstanding.in_flight_bytes == outstanding.outstanding_bytes == len(outstanding) == 0
        for _ in range(3):
            await a.send(cookie_echo(a), sack)
        await asyncio.sleep(5.0)
        assert a.victim.state == "closed"
        assert bodies(a) == []
        assert a.refused == 0
        assert a.pair.b.received[1] == ["before"]
        await a.pair.stop()

    run(main())


def test_what_could_not_be_handled_is_logged_once(
    expected_warnings: ExpectWarning, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expected_warnings("a chunk of the far end could not be handled")

    async def fail(*_: Any) -> None:
        raise LookupError("of a library")

    @attack
    async def test(a: Attack) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(a.victim, "_receive_chunk", fail)
            for _ in range(20):
                await a.send(chunk(wire.ERROR, b""))
        assert a.refused == 20

    with caplog.at_level(logging.WARNING):
        test()
    assert [record.message for record in caplog.records] == ["a chunk of the far end could not be handled"]


def test_an_init_that_comes_again_does_not_undo_what_was_skipped() -> None:
    async def main() -> None:
        a = Attack()
        await a.pair.start()
        received = a.victim._receiver
        first = a.next_tsn
        await a.send(wire.forward_tsn_chunk((first + 2) % 2**32, []))  # the first messages were given up
        init = struct.pack("!LLHHL", a.victim._remote_verification_tag, 100_000, 10, 10, first % 2**32)
        await a.send(chunk(wire.INIT, init), tag=0)
        assert received.cumulative_tsn == first + 2
        await a.check_alive()

    run(main())
