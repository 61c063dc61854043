"""The slot that holds the newest picture."""

from __future__ import annotations

import av

from desktop_app.media.frame_slot import FrameSlot


def frame() -> av.VideoFrame:
    return av.VideoFrame(64, 48, "yuv420p")


def test_the_newest_frame_wins_and_everybody_is_told() -> None:
    slot, told = FrameSlot(), []
    slot.subscribe(lambda: told.append(slot.newest()))
    first, second = frame(), frame()
    slot.put(first)
    slot.put(second)
    newest = slot.newest()
    assert newest is not None
    assert newest.frame is second
    assert [each.serial for each in told if each is not None] == [1, 2]
    slot.clear()
    assert slot.newest() is None
    assert told[-1] is None


def test_a_dark_slot_takes_nothing_until_it_is_light_again() -> None:
    slot = FrameSlot()
    slot.put(frame())
    slot.set_dark(True)
    assert slot.newest() is None
    slot.put(frame())
    assert slot.newest() is None
    slot.set_dark(False)
    assert slot.newest() is None
    slot.put(frame())
    assert slot.newest() is not None
