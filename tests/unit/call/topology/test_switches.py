"""One picture and one voice out of two ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from desktop_app.call.topology.picture_switch import FLOWING_FRAMES, GAP_S, PictureSwitch
from desktop_app.call.topology.voice_switch import VoiceSwitch
from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES
from desktop_app.media.frame_slot import FrameSlot
from tests.unit.rtc.playout_simulation import Packet, encode_tone

if TYPE_CHECKING:
    from desktop_app.rtc.audio_playout import AudioPlayout


def come(switch: PictureSwitch | VoiceSwitch) -> bool:
    """Whether something has come by the preferred way."""
    return switch.has_come


def picture() -> av.VideoFrame:
    """A small one."""
    return av.VideoFrame(16, 16, "yuv420p")


def test_the_old_picture_stays_until_the_new_way_has_one() -> None:
    slot = FrameSlot()
    switch = PictureSwitch(slot)
    old, new = switch.way(), switch.way()
    switch.prefer(old)
    first = picture()
    old.put(first)
    assert (newest := slot.newest()) is not None
    assert newest.frame is first
    switch.prefer(new)
    assert not come(switch)
    second = picture()
    old.put(second)
    assert (newest := slot.newest()) is not None
    assert newest.frame is second
    for _ in range(FLOWING_FRAMES - 1):  # the keyframe, and what queues behind it
        new.put(picture())
    old.put(picture())
    assert not come(switch)
    third = picture()
    new.put(third)
    assert come(switch)
    old.put(picture())
    assert (newest := slot.newest()) is not None
    assert newest.frame is third
    assert switch.frames_shown == 4


def test_a_change_that_is_given_up_goes_back() -> None:
    slot = FrameSlot()
    switch = PictureSwitch(slot)
    old, new = switch.way(), switch.way()
    switch.prefer(old)
    old.put(picture())
    switch.prefer(new)
    for _ in range(FLOWING_FRAMES):
        new.put(picture())
    assert switch.frames_shown == 2
    switch.prefer(old)
    new.put(picture())
    assert switch.frames_shown == 3  # the new way goes on until the old one is back
    for _ in range(FLOWING_FRAMES):
        old.put(picture())
    new.put(picture())
    assert switch.frames_shown == 4


def test_when_the_old_way_has_stopped_the_first_picture_of_the_new_one_is_shown() -> None:
    now_s = 100.0
    switch = PictureSwitch(FrameSlot(), lambda: now_s)
    old, new = switch.way(), switch.way()
    switch.prefer(old)
    old.put(picture())
    assert switch.is_live
    switch.prefer(new)
    now_s += 2 * GAP_S
    new.put(picture())
    assert come(switch)
    assert switch.frames_shown == 2
    now_s += 5
    assert [switch.is_live] == [False]


class Speaker:
    """Pulls a voice as a speaker does, from packets that come on time."""

    def __init__(self) -> None:
        self.began = 0
        self.voice = VoiceSwitch(self._begins)
        self.now_s = 0.0
        self.played: list[float] = []
        """The loudness of each frame."""
        self.peaks: list[int] = []

    def _begins(self) -> None:
        self.began += 1

    def go(self, frames: int, *ways: tuple[AudioPlayout, list[Packet]]) -> None:
        for _ in range(frames):
            for way, packets in ways:
                if packets:
                    packet = packets.pop(0)
                    way.put(packet.sequence_number, packet.timestamp, packet.payload, self.now_s)
            self.now_s += AUDIO_FRAME_S
            frame = self.voice.pull(self.now_s)
            assert frame.shape == (AUDIO_FRAME_SAMPLES,)
            self.played.append(float(np.sqrt(np.mean(frame.astype(np.float64) ** 2))))
            self.peaks.append(int(np.abs(frame.astype(np.int32)).max()))


@pytest.fixture(scope="module")
def tone() -> tuple[Packet, ...]:
    """Six seconds."""
    return tuple(encode_tone(300))


def test_a_voice_moves_without_a_gap_and_is_never_heard_twice(tone: tuple[Packet, ...]) -> None:
    speaker = Speaker()
    old, new = speaker.voice.way(), speaker.voice.way()
    by_old, by_new = list(tone), list(encode_tone(300, sequence_number=7000, timestamp=123_456))
    speaker.voice.prefer(old)
    speaker.go(100, (old, by_old))
    usual, loudest = speaker.played[-1], max(speaker.peaks)
    speaker.voice.prefer(new)
    speaker.go(50, (old, by_old))  # nothing has come by the new way
    assert not come(speaker.voice)
    speaker.go(100, (old, by_old), (new, by_new))
    assert come(speaker.voice)
    speaker.go(40, (new, by_new))  # the old way has ended
    heard = speaker.voice.heard
    assert heard.concealed_samples == 0
    steady = speaker.played[20:]
    assert min(steady) > 0.5 * usual  # a tone that fades into itself may meet itself out of phase for a frame
    assert sum(level < 0.9 * usual for level in steady) <= 2
    assert max(speaker.peaks) <= 1.05 * loudest
    assert speaker.began == 1


def test_a_way_back_begins_with_fresh_sound(tone: tuple[Packet, ...]) -> None:
    speaker = Speaker()
    old, new = speaker.voice.way(), speaker.voice.way()
    by_old, by_new = list(tone), list(encode_tone(200, timestamp=777))
    speaker.voice.prefer(old)
    speaker.go(50, (old, by_old))
    speaker.voice.prefer(new)
    speaker.go(150, (old, by_old), (new, by_new))
    speaker.voice.prefer(old)  # in which two seconds have piled up that nobody heard
    speaker.go(40, (old, by_old), (new, by_new))
    assert come(speaker.voice)
    assert old.buffered_s < 0.2
    assert speaker.voice.heard.concealed_samples == 0


def test_nothing_is_heard_before_anybody_said_by_which_way(tone: tuple[Packet, ...]) -> None:
    speaker = Speaker()
    way = speaker.voice.way()
    speaker.go(20, (way, list(tone)))
    assert max(speaker.peaks) == 0
    assert speaker.voice.heard.total_samples == 0
