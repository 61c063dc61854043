"""The one Opus encoder: timestamps without seams, silence when muted, nothing for nobody."""

from __future__ import annotations

import asyncio
import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ
from desktop_app.rtc.audio_encoder import ANNOUNCEMENTS, AudioEncoder, level_dbov
from desktop_app.rtc.opus import DTX_BYTES, OpusDecoder

from .playout_simulation import PAUSE_FRAMES, TALK_FRAMES, encode_with_pauses, tone

if TYPE_CHECKING:
    from desktop_app.rtc.encoded_feed import EncodedFrame, Subscription

BEGIN_S = 1000.0


def push_tone(encoder: AudioEncoder, count: int, *, begin_s: float = BEGIN_S, muted: bool = False) -> None:
    """So many frames of a tone, each captured on time."""
    for index in range(count):
        samples = tone(AUDIO_FRAME_SAMPLES, 440, index * AUDIO_FRAME_SAMPLES).astype(np.int16)
        encoder.push(samples, begin_s + index * AUDIO_FRAME_S, muted=muted)


async def take(subscription: Subscription, count: int) -> list[EncodedFrame]:
    """The next frames."""
    async with asyncio.timeout(10):
        return [await subscription.next() for _ in range(count)]


async def test_nothing_is_encoded_for_nobody_but_the_level_is_known() -> None:
    encoder = AudioEncoder()
    push_tone(encoder, 3)
    assert encoder.level == pytest.approx(8000 / 32768 / math.sqrt(2), rel=0.01)
    subscription = encoder.feed.subscribe()
    push_tone(encoder, 3, begin_s=BEGIN_S + 3 * AUDIO_FRAME_S)
    first, _second = await take(subscription, 2)
    assert first.timestamp >= int(BEGIN_S * AUDIO_RATE_HZ) + 3 * AUDIO_FRAME_SAMPLES
    assert first.keyframe
    assert first.audio_level_dbov == pytest.approx(-15, abs=1)


async def test_wobbling_capture_times_make_no_seam() -> None:
    encoder = AudioEncoder()
    subscription = encoder.feed.subscribe()
    for index in range(9):
        wobble_s = 0.015 * (-1) ** index
        encoder.push(
            np.zeros(AUDIO_FRAME_SAMPLES, dtype=np.int16),
            BEGIN_S + index * AUDIO_FRAME_S + wobble_s,
            muted=False,
        )
    timestamps = [frame.timestamp for frame in await take(subscription, 8)]
    assert set(np.diff(timestamps)) == {AUDIO_FRAME_SAMPLES}


@pytest.mark.parametrize(("gap_s", "least_s", "most_s"), [(1.0, 0.99, 1.01), (-1.0, 0.019, 0.021)])
async def test_a_stall_moves_the_timestamps_on_and_nothing_moves_them_back(
    gap_s: float, least_s: float, most_s: float
) -> None:
    encoder = AudioEncoder()
    subscription = encoder.feed.subscribe()
    push_tone(encoder, 4)
    push_tone(encoder, 4, begin_s=BEGIN_S + 3 * AUDIO_FRAME_S + gap_s)
    timestamps = [frame.timestamp for frame in await take(subscription, 7)]
    steps = np.diff(timestamps)
    assert least_s <= float(steps.max()) / AUDIO_RATE_HZ <= most_s
    assert int(steps.min()) == AUDIO_FRAME_SAMPLES


async def test_timestamps_of_a_slow_sound_card_stay_whole_and_their_lag_is_told() -> None:
    encoder = AudioEncoder()
    subscription = encoder.feed.subscribe()
    frame_s = AUDIO_FRAME_S * 1.001
    for index in range(6 * 1000):  # two minutes, after which samples and clock are 120 ms apart
        if index == 9:
            early = await take(subscription, 8)
            subscription.close()
        if index == 5990:
            subscription = encoder.feed.subscribe()
        encoder.push(np.zeros(AUDIO_FRAME_SAMPLES, dtype=np.int16), BEGIN_S + index * frame_s, muted=False)
    late = await take(subscription, 9)
    count = (late[0].timestamp - early[0].timestamp) / AUDIO_FRAME_SAMPLES
    assert count == int(count)
    assert set(np.diff([frame.timestamp for frame in late])) == {AUDIO_FRAME_SAMPLES}
    assert encoder.feed.lag_s == pytest.approx(0.12, abs=0.01)


async def test_muted_is_silence_on_the_wire() -> None:
    encoder = AudioEncoder()
    subscription = encoder.feed.subscribe()
    push_tone(encoder, 9, muted=True)
    assert encoder.level == 0
    decoder = OpusDecoder()
    frames = await take(subscription, 8)
    sound = np.concatenate([decoder.decode(frame.payloads[0]) for frame in frames])
    assert np.abs(sound).max() < 5
    assert {frame.audio_level_dbov for frame in frames} == {-127}


async def test_with_dtx_silence_is_announced_a_few_times_and_then_hardly_sent() -> None:
    packets = await encode_with_pauses(2 * (TALK_FRAMES + PAUSE_FRAMES), 0.0)
    steps = [
        (after.timestamp - before.timestamp) // AUDIO_FRAME_SAMPLES for before, after in pairwise(packets)
    ]
    assert len(packets) < 2 * TALK_FRAMES + 2 * 40
    assert 15 <= max(steps) <= 25  # libopus tells of the background two or three times a second
    for packet, step in zip(packets, steps, strict=False):
        if step > 1:  # a pause
            assert len(packet.payload) <= DTX_BYTES
    talking = [packet for packet in packets if packet.timestamp < TALK_FRAMES * AUDIO_FRAME_SAMPLES]
    assert len(talking) == TALK_FRAMES
    small = sum(len(packet.payload) <= DTX_BYTES for packet in packets)
    assert small <= ANNOUNCEMENTS * (2 + sum(step > 1 for step in steps))


async def test_dtx_is_switched_while_everything_runs() -> None:
    encoder = AudioEncoder()
    subscription = encoder.feed.subscribe()
    taken = []
    count = 0
    for dtx in (False, True, False):
        encoder.set_dtx(dtx)
        for _ in range(100):
            push_tone(encoder, 1, muted=True)
            await asyncio.sleep(0)
            while subscription.oldest is not None:
                subscription.take()
                count += 1
        taken.append(count)
    assert taken[0] == 100
    assert taken[1] - taken[0] < 50
    assert taken[2] - taken[1] == 100


async def test_after_close_nothing_is_sent() -> None:
    encoder = AudioEncoder()
    subscription = encoder.feed.subscribe()
    encoder.close()
    push_tone(encoder, 3)
    await asyncio.sleep(0)
    assert subscription.oldest is None
    waiting = asyncio.create_task(subscription.next())
    done, _ = await asyncio.wait((waiting,), timeout=0)
    assert not done
    waiting.cancel()
    await asyncio.wait((waiting,))


def test_frames_after_the_end_of_the_loop_do_no_harm() -> None:
    async def make() -> AudioEncoder:
        encoder = AudioEncoder()
        encoder.feed.subscribe()
        return encoder

    encoder = asyncio.run(make())
    push_tone(encoder, 3)
    assert encoder.level > 0


@pytest.mark.parametrize(("level", "dbov"), [(0.0, -127), (1.0, 0), (2.0, 0), (0.5, -6), (1e-9, -127)])
def test_the_level_in_dbov_stays_in_its_range(level: float, dbov: int) -> None:
    assert level_dbov(level) == dbov
