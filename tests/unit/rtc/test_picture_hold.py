"""Pictures that wait for their sound, on a clock of the test's own."""

from __future__ import annotations

import dataclasses

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.frame_assembler import AssembledFrame
from desktop_app.rtc.picture_hold import MAX_HELD, HeldPicture, PictureHold

PICTURE = av.VideoFrame(16, 16, "yuv420p")
TICKS = 3000
FRAME_S = TICKS / 90_000
BEGIN_S = 100.0


def picture(number: int, late_s: float = 0.0, timestamp: int = 0) -> HeldPicture:
    """Picture `number` of a stream at 30 fps, decoded on time or late."""
    encoded = AssembledFrame(b"", (timestamp + number * TICKS) & 0xFFFFFFFF, False, 0.0)
    return HeldPicture(PICTURE, encoded, BEGIN_S + number * FRAME_S + late_s)


def shown(
    hold: PictureHold, late_s: dict[int, float], count: int, timestamp: int = 0
) -> list[tuple[int, float]]:
    """Run a stream through, with a thread that is always in time: picture numbers and when each was shown."""
    decoded: list[HeldPicture] = []
    for number in range(count):
        on_time = picture(number, late_s.get(number, 0.0), timestamp)
        before_s = decoded[-1].decoded_s if decoded else 0.0  # a picture needs the ones before it
        decoded.append(dataclasses.replace(on_time, decoded_s=max(before_s, on_time.decoded_s)))
    result: list[tuple[int, float]] = []

    def take(now_s: float) -> None:
        held = hold.take_due(now_s)
        if held is not None:
            number = ((held.encoded.timestamp - timestamp) & 0xFFFFFFFF) // TICKS
            result.append((number, now_s))

    for each in decoded:
        while (wait_s := hold.wait_s(0.0)) is not None and wait_s <= each.decoded_s:
            take(wait_s)
        hold.add(each)
        take(each.decoded_s)
    while (wait_s := hold.wait_s(0.0)) is not None:
        take(wait_s)
    return result


def test_without_a_hold_each_picture_is_shown_when_it_is_decoded() -> None:
    hold = PictureHold()
    late_s = {5: 0.1, 6: 0.08, 9: 0.03}
    for number, at_s in shown(hold, late_s, 20):
        last_s = max(each * FRAME_S + late_s.get(each, 0.0) for each in range(number + 1))
        assert at_s == pytest.approx(BEGIN_S + last_s, abs=1e-6)
    assert hold.dropped == 0


@pytest.mark.parametrize("timestamp", [0, 0xFFFFFFFF - 10 * TICKS])
def test_every_picture_waits_and_late_ones_by_as_much_less(timestamp: int) -> None:
    hold = PictureHold()
    hold.hold_s = 0.1
    times = dict(shown(hold, {10: 0.03, 20: 0.08, 30: 0.15}, 40, timestamp))
    assert list(times) == list(range(40))
    for number, at_s in times.items():
        due_s = number * FRAME_S + 0.1
        if number in (30, 31):
            due_s = 30 * FRAME_S + 0.15  # later than it could have waited
        assert at_s == pytest.approx(BEGIN_S + due_s, abs=1e-6)


def test_when_the_hold_ends_the_newest_picture_is_due_at_once_and_the_others_are_dropped() -> None:
    hold = PictureHold()
    hold.hold_s = 0.2
    for number in range(5):
        hold.add(picture(number))
    now_s = BEGIN_S + 4 * FRAME_S
    assert hold.take_due(now_s) is None
    hold.hold_s = 0.0
    assert hold.wait_s(now_s) == 0
    newest = hold.take_due(now_s)
    assert newest is not None
    assert newest.encoded.timestamp == 4 * TICKS
    assert hold.dropped == 4
    assert (len(hold), hold.wait_s(now_s)) == (0, None)


def test_no_more_than_ten_pictures_wait() -> None:
    hold = PictureHold()
    hold.hold_s = 10.0
    for number in range(MAX_HELD):
        hold.add(picture(number))
        assert hold.take_due(picture(number).decoded_s) is None
    hold.add(picture(MAX_HELD))
    oldest = hold.take_due(picture(MAX_HELD).decoded_s)
    assert oldest is not None
    assert oldest.encoded.timestamp == 0
    assert len(hold) == MAX_HELD


def test_none_is_shown_after_it_was_cleared() -> None:
    hold = PictureHold()
    hold.hold_s = 0.1
    hold.add(picture(0))
    hold.clear()
    assert hold.take_due(BEGIN_S + 9) is None


def test_the_typical_picture_is_the_one_in_the_middle() -> None:
    hold = PictureHold()
    assert hold.typical() is None
    hold.hold_s = 0.05
    shown(hold, dict.fromkeys(range(20, 40, 3), 0.03), 41)
    typical = hold.typical()
    assert typical is not None
    assert typical.timestamp == 40 * TICKS
    assert typical.ready_s == pytest.approx(BEGIN_S + 40 * FRAME_S)
    assert typical.newest_s == pytest.approx(BEGIN_S + 40 * FRAME_S)


def test_a_sender_that_sets_its_clock_is_followed_with_the_next_picture() -> None:
    hold = PictureHold()
    shown(hold, {}, 40)
    moved = AssembledFrame(b"", 40 * TICKS + 90_000 * 1000, False, 0.0)
    hold.add(HeldPicture(PICTURE, moved, BEGIN_S + 40 * FRAME_S))
    typical = hold.typical()
    assert typical is not None
    assert typical.ready_s == pytest.approx(BEGIN_S + 40 * FRAME_S)


@given(
    st.lists(st.tuples(st.integers(0, (1 << 32) - 1), st.floats(0.0, 0.5)), max_size=40), st.floats(0.0, 0.25)
)
def test_whatever_the_timestamps_say_no_picture_waits_longer_than_the_hold(
    stream: list[tuple[int, float]], hold_s: float
) -> None:
    hold = PictureHold()
    hold.hold_s = hold_s
    now_s = BEGIN_S
    for timestamp, after_s in stream:
        now_s += after_s
        hold.add(HeldPicture(PICTURE, AssembledFrame(b"", timestamp, False, 0.0), now_s))
        hold.take_due(now_s)
        assert len(hold) <= MAX_HELD
        wait_s = hold.wait_s(now_s)
        assert wait_s is None or 0 <= wait_s <= hold_s + 1e-6
    hold.take_due(now_s + hold_s + 1e-6)
    assert len(hold) == 0
