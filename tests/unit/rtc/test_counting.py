"""What comes is counted without being decoded."""

from __future__ import annotations

import av
import numpy as np

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.rtc.counting_playout import CountingPlayout
from desktop_app.rtc.frame_assembler import AssembledFrame
from desktop_app.rtc.video_decoder import FrameCounter
from desktop_app.rtc.vp8_encoder import open_vp8_encoder


def test_sound_counts_as_heard_where_it_came_and_as_concealed_where_it_did_not() -> None:
    began: list[bool] = []
    playout = CountingPlayout(on_first_frame=lambda: began.append(True))
    now_s = 0.0
    for number in range(200):
        if not 100 <= number < 110:
            playout.put(number, number * AUDIO_FRAME_SAMPLES, b"?", now_s)
        now_s += AUDIO_FRAME_S
        assert not playout.pull(now_s).any()
    assert began == [True]
    assert playout.is_playing
    assert 7 <= playout.concealed_samples / AUDIO_FRAME_SAMPLES <= 10
    playout.restart()
    assert playout.buffered_s == 0
    total = playout.total_samples
    playout.pull(now_s)
    assert playout.total_samples == total


def test_pictures_are_counted_with_their_size() -> None:
    slot = FrameSlot()
    began: list[bool] = []
    counter = FrameCounter(slot, on_keyframe_needed=lambda: None, on_first_frame=lambda: began.append(True))
    encoder = open_vp8_encoder(320, 180, 200, 30)
    grey = av.VideoFrame.from_ndarray(np.full((270, 320), 128, dtype=np.uint8), format="yuv420p")
    for number in range(5):
        encoded = encoder.encode(grey, number * 3000, keyframe=number == 0)
        assert encoded is not None
        counter.push(AssembledFrame(encoded[0], number * 3000, encoded[1], 0.0))
    encoder.close()
    assert (counter.width_px, counter.height_px) == (320, 180)
    assert (counter.frames_decoded, counter.key_frames_decoded) == (5, 1)
    assert (newest := slot.newest()) is not None
    assert newest.serial == 5
    assert began == [True]
    assert not counter.running
    counter.close()
    counter.push(AssembledFrame(b"x", 0, False, 0.0))
    assert counter.frames_decoded == 5
