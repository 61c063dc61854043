"""The one Opus encoder: timestamps without seams, silence when muted, nothing for nobody."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ
from desktop_app.rtc.audio_encoder import AudioEncoder, level_dbov
from desktop_app.rtc.opus import OpusDecoder

from .playout_simulation import tone

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
