"""Messages from chunks in any order, in bounded memory."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.rtc.sctp import reassembly as module
from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.reassembly import Reassembly, Received

Piece = tuple[int, int, int, int, bytes]
"""TSN, flags, stream, SSN, payload."""


def cut(messages: list[tuple[int, bool, bytes]], piece: int = 3) -> list[Piece]:
    """(stream, ordered, data) as chunks of up to `piece` bytes, from TSN 1 on."""
    tsn, next_ssn, pieces = 1, dict[int, int](), list[Piece]()
    for stream_id, ordered, data in messages:
        ssn = next_ssn.get(stream_id, 0)
        if ordered:
            next_ssn[stream_id] = ssn + 1
        for begin in range(0, len(data), piece):
            flags = 0 if ordered else wire.UNORDERED
            flags |= wire.FIRST if begin == 0 else 0
            flags |= wire.LAST if begin + piece >= len(data) else 0
            pieces.append((tsn, flags, stream_id, ssn if ordered else 0, data[begin : begin + piece]))
            tsn += 1
    return pieces


class Inbound:
    """A reassembly that is told how far everything has come."""

    def __init__(self, max_message_bytes: int = 1000) -> None:
        self.reassembly = Reassembly(max_message_bytes)
        self.received: list[Received] = []
        self._seen = set[int]()
        self._cumulative = 0

    def add(self, piece: Piece) -> list[Received]:
        tsn, flags, stream_id, ssn, payload = piece
        messages = self.reassembly.add(
            tsn, flags, stream_id, ssn, 53, payload, cumulative_tsn=self._cumulative
        )
        self._seen.add(tsn)
        while self._cumulative + 1 in self._seen:
            self._cumulative += 1
        self.received += messages
        return messages


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.binary(min_size=1, max_size=20)), max_size=20),
    st.integers(0, 1000),
)
def test_any_order_of_arrival_gives_every_message_once(
    messages: list[tuple[int, bool, bytes]], seed: int
) -> None:
    pieces = cut(messages)
    random.Random(seed).shuffle(pieces)
    inbound = Inbound()
    for piece in pieces:
        inbound.add(piece)
    got = [(stream_id, data) for stream_id, _, data in inbound.received]
    assert sorted(got) == sorted((stream_id, data) for stream_id, _, data in messages)
    for stream in range(3):
        in_order = [data for each, ordered, data in messages if each == stream and ordered]
        # Where unordered messages have the same bytes they cannot be told apart.
        rest = [data for each, data in got if each == stream]
        for data in in_order:
            assert data in rest
            rest = rest[rest.index(data) + 1 :] if not _unordered(messages, stream) else rest
    assert inbound.reassembly.buffered_bytes == 0
    assert inbound.reassembly.refused == 0


def _unordered(messages: list[tuple[int, bool, bytes]], stream: int) -> bool:
    return any(each == stream and not ordered for each, ordered, _ in messages)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 400),
            st.integers(0, 15),
            st.integers(0, 5),
            st.integers(0, 65535),
            st.binary(min_size=1, max_size=30),
        ),
        max_size=300,
        unique_by=lambda piece: piece[0],
    )
)
def test_nonsense_never_raises_and_is_accounted_for(pieces: list[Piece]) -> None:
    inbound = Inbound(max_message_bytes=60)
    for piece in pieces:
        inbound.add(piece)
    assert (
        0
        <= inbound.reassembly.buffered_bytes
        <= sum(len(payload) + module.CHUNK_COST_BYTES for *_, payload in pieces)
    )
    assert all(len(data) <= 60 for _, _, data in inbound.received)
    for stream_id in range(6):
        inbound.reassembly.reset(stream_id)
    assert inbound.reassembly.buffered_bytes == 0


def test_a_message_that_is_too_long_is_not_kept_and_the_next_one_comes() -> None:
    inbound = Inbound(max_message_bytes=10)
    *long, after = cut([(1, True, bytes(5000)), (1, True, b"ok")])
    for piece in long:
        inbound.add(piece)
        assert inbound.reassembly.buffered_bytes <= 10 + 6 * module.CHUNK_COST_BYTES
    assert inbound.add(after) == [(1, 53, b"ok")]
    assert inbound.reassembly.refused == 1
    assert inbound.reassembly.buffered_bytes == 0


def test_a_single_chunk_can_be_too_long() -> None:
    inbound = Inbound(max_message_bytes=2)
    for piece in cut([(1, True, b"abc"), (1, True, b"ok")]):
        inbound.add(piece)
    assert inbound.received == [(1, 53, b"ok")]
    assert inbound.reassembly.refused == 1


def test_endless_fragments_of_one_message_cost_no_more_than_the_limit() -> None:
    inbound = Inbound(max_message_bytes=100)
    inbound.add((1, wire.FIRST, 1, 0, b"x"))
    for tsn in range(2, 20_000):
        inbound.add((tsn, 0, 1, 0, b"x"))
    assert inbound.reassembly.buffered_bytes <= 101 * (1 + module.CHUNK_COST_BYTES)


def test_fragments_of_nothing_are_dropped() -> None:
    inbound = Inbound()
    for tsn in range(1, 100):
        inbound.add((tsn, 0, 1, 0, b"middle"))
    assert inbound.reassembly.buffered_bytes == 0
    assert inbound.reassembly.refused == 99


def test_no_more_than_so_many_streams_are_remembered() -> None:
    inbound = Inbound()
    for tsn in range(1, 3000):
        inbound.add((tsn, wire.FIRST | wire.LAST, tsn, 0, b"x"))
    assert len(inbound.reassembly.streams) == module.MAX_STREAMS
    assert len(inbound.received) == module.MAX_STREAMS


def test_an_old_or_repeated_stream_sequence_number_is_dropped() -> None:
    inbound = Inbound()
    whole = wire.FIRST | wire.LAST
    inbound.add((1, whole, 1, 0, b"a"))
    inbound.add((2, whole, 1, 0, b"again"))
    inbound.add((3, whole, 1, 5, b"ahead"))
    inbound.add((4, whole, 1, 5, b"twice"))
    assert [data for *_, data in inbound.received] == [b"a"]
    assert inbound.reassembly.refused == 2
    inbound.reassembly.reset(1)
    assert inbound.reassembly.buffered_bytes == 0


def test_skipping_lets_go_of_what_never_comes_and_delivers_what_waited() -> None:
    inbound = Inbound()
    first, *rest = cut([(1, True, b"abcdef"), (1, True, b"gh"), (2, True, b"xyz123"), (1, False, b"uvwUVW")])
    inbound.add(first)  # the second half of abcdef never comes
    assert inbound.add(rest[1]) == []  # gh waits
    inbound.add(rest[2])  # xyz, whose message goes on
    inbound.add(rest[4])  # uvw
    messages = inbound.reassembly.skip(2, [(1, 0)])
    assert messages == [(1, 53, b"gh")]
    assert inbound.reassembly.skip(2, [(1, 0)]) == []  # told again
    assert inbound.add(rest[3]) == [(2, 53, b"xyz123")]
    assert inbound.add(rest[5]) == [(1, 53, b"uvwUVW")]
    assert inbound.reassembly.buffered_bytes == 0


def test_skipping_keeps_a_message_that_goes_on_behind() -> None:
    inbound = Inbound()
    pieces = cut([(1, True, b"abcdef")])
    inbound.add(pieces[0])
    inbound.reassembly.skip(1, [])
    assert inbound.add(pieces[1]) == [(1, 53, b"abcdef")]


def test_stream_sequence_numbers_wrap_around() -> None:
    inbound = Inbound()
    whole = wire.FIRST | wire.LAST
    inbound.reassembly.skip(0, [(1, 30_000)])
    inbound.reassembly.skip(0, [(1, 60_000)])
    inbound.reassembly.skip(0, [(1, 65_533)])
    for tsn, ssn in enumerate((65_535, 0, 1, 65_534), start=1):
        inbound.add((tsn, whole, 1, ssn, str(ssn).encode()))
    assert [data for *_, data in inbound.received] == [b"65534", b"65535", b"0", b"1"]
