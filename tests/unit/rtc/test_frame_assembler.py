"""Packets in any order, twice or never: only whole frames come out, in order, and only such as can be decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.frame_assembler import MAX_BUFFERED_PACKETS, AssembledFrame, FrameAssembler
from desktop_app.rtc.reception import MAX_DROPOUT
from desktop_app.rtc.vp8 import Vp8Payload

if TYPE_CHECKING:
    import random

FRAME_TICKS = 3000


@dataclass(frozen=True, slots=True)
class Sent:
    """One packet of the sender."""

    number: int
    timestamp: int
    marker: bool
    payload: Vp8Payload | None


@dataclass(frozen=True, slots=True)
class FrameSpec:
    """A frame to send: parts, and padding packets behind it."""

    keyframe: bool
    parts: int
    padding: int = 0


def packets_of(frames: list[FrameSpec], *, begin: int = 0, markers: bool = True) -> list[Sent]:
    """The packets of these frames; the data of each part names its frame and part."""
    sent: list[Sent] = []
    for index, frame in enumerate(frames):
        timestamp = (0xFFFFF000 + index * FRAME_TICKS) & 0xFFFFFFFF
        for part in range(frame.parts):
            head = (b"\x00" if frame.keyframe else b"\x01") if part == 0 else b"\xff"
            payload = Vp8Payload(part == 0, None, head + f"[{index}.{part}]".encode())
            marker = markers and part == frame.parts - 1
            sent.append(Sent((begin + len(sent)) & 0xFFFF, timestamp, marker, payload))
        for _ in range(frame.padding):
            sent.append(Sent((begin + len(sent)) & 0xFFFF, timestamp, False, None))
    return sent


def data_of(index: int, frame: FrameSpec) -> bytes:
    """What the assembled frame must hold."""
    head = b"\x00" if frame.keyframe else b"\x01"
    return b"".join(
        (head if part == 0 else b"\xff") + f"[{index}.{part}]".encode() for part in range(frame.parts)
    )


def give(assembler: FrameAssembler, packets: list[Sent], *, at_s: float = 0.0) -> list[AssembledFrame]:
    """Add packets, one millisecond apart."""
    frames: list[AssembledFrame] = []
    for index, packet in enumerate(packets):
        frames += assembler.add(
            packet.number, packet.timestamp, packet.marker, packet.payload, at_s + index / 1000
        )
    return frames


KEY = FrameSpec(True, 3)
DELTA = FrameSpec(False, 2)
frame_specs = st.builds(FrameSpec, st.booleans(), st.integers(1, 4), st.one_of(st.just(0), st.integers(0, 2)))


@given(
    frames=st.lists(frame_specs, min_size=1, max_size=25),
    begin=st.integers(0, 0xFFFF),
    markers=st.booleans(),
    randomness=st.randoms(use_true_random=False),
    loss=st.sampled_from([0.0, 0.02, 0.2]),
    give_up_chance=st.sampled_from([0.0, 0.1]),
)
def test_only_whole_frames_with_their_reference_come_out_in_order(
    frames: list[FrameSpec],
    begin: int,
    markers: bool,
    randomness: random.Random,
    loss: float,
    give_up_chance: float,
) -> None:
    sent = packets_of(frames, begin=begin, markers=markers)
    arriving = [packet for packet in sent if randomness.random() >= loss]
    arriving += [packet for packet in sent if randomness.random() < 0.1]
    arriving.sort(key=lambda packet: sent.index(packet) + randomness.uniform(0, 12))
    assembler = FrameAssembler()
    by_data = {data_of(index, frame): index for index, frame in enumerate(frames)}
    last = -1
    for packet in arriving:
        for frame in give(assembler, [packet]):
            index = by_data[frame.data]  # whole, or the look-up fails
            assert frame.keyframe == frames[index].keyframe
            assert frame.keyframe or index == last + 1
            assert index > last
            last = index
        if randomness.random() < give_up_chance:
            assembler.give_up()
        assert len(assembler) <= len(sent)


@given(
    frames=st.lists(frame_specs, min_size=1, max_size=25),
    begin=st.integers(0, 0xFFFF),
    randomness=st.randoms(use_true_random=False),
)
def test_without_loss_every_frame_comes_out_whatever_the_order(
    frames: list[FrameSpec], begin: int, randomness: random.Random
) -> None:
    frames = [KEY, *frames]
    sent = packets_of(frames, begin=begin)
    # The first keyframe's packets come first: what stands before them would be skipped over.
    first, rest = sent[: KEY.parts], sent[KEY.parts :]
    rest = rest * 2
    randomness.shuffle(first)
    randomness.shuffle(rest)
    assembler = FrameAssembler()
    # A complete keyframe ends the waiting for what is missing before it, so only the frames without one
    # in between are certain.
    out = [frame.data for frame in give(assembler, first + rest)]
    if not any(frame.keyframe for frame in frames[1:]):
        assert out == [data_of(index, frame) for index, frame in enumerate(frames)]
    assert out[0] == data_of(0, KEY)
    assert assembler.blocked_since_s is None


@given(st.lists(frame_specs, min_size=1, max_size=25), st.integers(0, 0xFFFF), st.booleans())
def test_in_order_everything_from_the_first_keyframe_comes_out(
    frames: list[FrameSpec], begin: int, markers: bool
) -> None:
    frames = [KEY, *frames, DELTA]
    out = [frame.data for frame in give(FrameAssembler(), packets_of(frames, begin=begin, markers=markers))]
    expected = [data_of(index, frame) for index, frame in enumerate(frames)]
    assert out == (expected if markers else expected[:-1])


def test_a_frame_comes_out_with_its_last_packet_and_knows_its_first_arrival() -> None:
    assembler = FrameAssembler()
    sent = packets_of([KEY], begin=65_534)
    assert give(assembler, [sent[2], sent[1]], at_s=5) == []
    (frame,) = give(assembler, [sent[0]], at_s=6)
    assert frame.first_arrival_s == 5
    assert frame.timestamp == 0xFFFFF000
    assert frame.keyframe


def test_nothing_comes_out_before_the_first_keyframe() -> None:
    assembler = FrameAssembler()
    assert give(assembler, packets_of([DELTA, DELTA])) == []
    assert assembler.needs_keyframe
    sent = packets_of([DELTA, DELTA, KEY, DELTA])
    out = give(assembler, sent[4:])
    assert [frame.data for frame in out] == [data_of(2, KEY), data_of(3, DELTA)]
    assert not assembler.needs_keyframe


@pytest.mark.parametrize("lost_part", [0, 1, 2])
def test_a_lost_packet_blocks_from_the_first_later_arrival_until_it_comes(lost_part: int) -> None:
    frames = [KEY, FrameSpec(False, 3), DELTA, DELTA]
    sent = packets_of(frames)
    assembler = FrameAssembler()
    lost = sent[3 + lost_part]
    give(assembler, sent[:3])
    assert give(assembler, [packet for packet in sent[3:6] if packet is not lost], at_s=10) == []
    give(assembler, sent[6:], at_s=20)
    # Until a later packet has come nobody can know that one is missing.
    begun_s = 20 if lost_part == 2 else 10 + lost_part / 1000 if lost_part else 10
    assert assembler.blocked_since_s == pytest.approx(begun_s)
    out = give(assembler, [lost], at_s=30)
    assert [frame.data for frame in out] == [data_of(index, frames[index]) for index in (1, 2, 3)]
    assert assembler.blocked_since_s is None
    assert not assembler.needs_keyframe


def test_a_second_hole_is_no_excuse_to_blame_the_repaired_first_one() -> None:
    frames = [KEY, DELTA, DELTA, DELTA]
    sent = packets_of(frames)
    assembler = FrameAssembler()
    give(assembler, sent[:3])
    give(assembler, [sent[4]], at_s=10)  # 3 is missing
    give(assembler, [sent[6]], at_s=10.4)  # and now 5
    assert assembler.blocked_since_s == 10
    give(assembler, [sent[3]], at_s=10.5)
    assert assembler.blocked_since_s == 10.4


def test_giving_up_waits_for_the_next_keyframe_and_counts_once() -> None:
    frames = [KEY, DELTA, DELTA, KEY, DELTA]
    sent = packets_of(frames)
    assembler = FrameAssembler()
    give(assembler, sent[:3])
    give(assembler, sent[4:7])
    assembler.give_up()
    assembler.give_up()
    assert assembler.frames_dropped == 1
    assert assembler.blocked_since_s is None
    assert give(assembler, [sent[3]]) == []  # too late, though the frame is whole now
    out = give(assembler, sent[7:])
    assert [frame.data for frame in out] == [data_of(3, KEY), data_of(4, DELTA)]


def test_a_complete_keyframe_ends_the_waiting_at_once() -> None:
    frames = [KEY, DELTA, KEY, DELTA]
    sent = packets_of(frames)
    assembler = FrameAssembler()
    give(assembler, sent[:3])
    out = give(assembler, sent[4:])
    assert [frame.data for frame in out] == [data_of(2, KEY), data_of(3, DELTA)]
    assert assembler.blocked_since_s is None
    assert give(assembler, [sent[3]]) == []  # the hole is history


def test_a_keyframe_is_never_shown_again() -> None:
    sent = packets_of([KEY, DELTA])
    assembler = FrameAssembler()
    assert len(give(assembler, sent)) == 2
    assembler.give_up()
    assert give(assembler, sent * 2) == []


def test_a_stream_that_continues_without_a_frame_start_asks_for_a_keyframe() -> None:
    sent = packets_of([KEY, DELTA])
    assembler = FrameAssembler()
    give(assembler, sent[:3])
    assert give(assembler, [Sent(3, sent[3].timestamp, True, Vp8Payload(False, None, b"x"))]) == []
    assert assembler.needs_keyframe


def since(assembler: FrameAssembler) -> float | None:
    """Read anew each time: a type checker takes an attribute for unchanged."""
    return assembler.keyframe_since_s


def test_a_keyframe_on_its_way_is_known() -> None:
    assembler = FrameAssembler()
    assert since(assembler) is None
    sent = packets_of([DELTA, KEY, KEY])
    give(assembler, sent[:2], at_s=1)
    assert since(assembler) is None
    give(assembler, [sent[3], sent[2]], at_s=2)
    assert since(assembler) == pytest.approx(2.001)
    give(assembler, [sent[5]], at_s=3)
    assert since(assembler) == 3
    give(assembler, sent, at_s=4)
    assert since(assembler) is None


def test_padding_neither_blocks_nor_belongs_to_a_frame() -> None:
    frames = [KEY, FrameSpec(False, 2, padding=3), DELTA]
    sent = packets_of(frames)
    inside = [sent[0], Sent(1, sent[0].timestamp, True, None)]  # padding in the middle of a frame
    rest = [Sent(packet.number + 1, packet.timestamp, packet.marker, packet.payload) for packet in sent[1:]]
    out = [frame.data for frame in give(FrameAssembler(), inside + rest)]
    assert out == [data_of(index, frame) for index, frame in enumerate(frames)]


@pytest.mark.parametrize("jump", [MAX_DROPOUT + 1, 30_000, -30_000, -(MAX_DROPOUT + 10)])
def test_a_restarted_sender_is_followed_from_its_first_keyframe(jump: int) -> None:
    assembler = FrameAssembler()
    give(assembler, packets_of([KEY, DELTA], begin=10_000))
    out = give(assembler, packets_of([DELTA, KEY, DELTA], begin=10_000 + jump))
    assert [frame.data for frame in out] == [data_of(1, KEY), data_of(2, DELTA)]


def test_an_announced_restart_forgets_everything() -> None:
    assembler = FrameAssembler()
    give(assembler, packets_of([KEY, DELTA], begin=10_000))
    assembler.restart()
    assert len(assembler) == 0
    assert assembler.needs_keyframe
    assert len(give(assembler, packets_of([KEY], begin=9_990))) == 1


def test_the_buffer_is_bounded_and_recovers_at_a_keyframe() -> None:
    assembler = FrameAssembler()
    frames = [KEY, *[DELTA] * 1000, KEY, DELTA]
    sent = packets_of(frames, begin=60_000)
    out: list[AssembledFrame] = []
    for packet in sent[:3] + sent[4:]:  # one packet is lost for good and nobody gives up
        out += give(assembler, [packet])
        assert len(assembler) <= MAX_BUFFERED_PACKETS
    assert assembler.frames_dropped == 1
    assert [frame.data for frame in out] == [data_of(0, KEY), data_of(1001, KEY), data_of(1002, DELTA)]


@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, 0xFFFF), st.integers(0, 40)),
            st.integers(0, 3),
            st.booleans(),
            st.one_of(
                st.none(),
                st.builds(
                    Vp8Payload, st.booleans(), st.none(), st.sampled_from([b"\x00k", b"\x01d", b"\xff"])
                ),
            ),
        ),
        max_size=120,
    )
)
def test_hostile_packets_never_raise_and_leave_consistent_state(
    packets: list[tuple[int, int, bool, Vp8Payload | None]],
) -> None:
    assembler = FrameAssembler()
    shown = 0
    for index, (number, timestamp, marker, payload) in enumerate(packets):
        for frame in assembler.add(number, timestamp, marker, payload, float(index)):
            assert shown or frame.keyframe
            shown += 1
        assert len(assembler) <= index + 1
        if assembler.needs_keyframe:
            assert assembler.blocked_since_s is None


def test_a_flood_of_unfinished_keyframes_stays_within_the_bound() -> None:
    assembler = FrameAssembler()
    for number in range(0, 20_000, 2):  # every second packet, each the beginning of another keyframe
        payload = Vp8Payload(True, None, b"\x00")
        assert assembler.add(number & 0xFFFF, number, False, payload, 0.0) == []
        assert len(assembler) <= MAX_BUFFERED_PACKETS
