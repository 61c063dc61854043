"""Two real peers, one of whom claps: what is told of how far apart it is heard and seen, and when nobody waits."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from desktop_app.media.clock import AUDIO_FRAME_S, now_s
from desktop_app.rtc.sample_clock import SampleClock

from .clap_tools import (
    AUDIO_TYPE,
    GOAL_S,
    TOLERANCE_S,
    VIDEO_TYPES,
    Witness,
    clapping,
    lip_sync_of,
    measured,
    within_goal,
)
from .peer_tools import BadNetwork, Pair, payload_type_of, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with clapping() as made:
        yield made


async def test_what_is_told_of_a_clean_path_is_true_and_no_sound_waits_there(pair: Pair) -> None:
    witness, lip_sync = Witness(pair.bob), lip_sync_of(pair.bob)
    await until(lambda: pair.bob.counters.av_offset_s is not None)
    offset_s, told_s = await measured(witness)
    assert told_s == pytest.approx(offset_s, abs=TOLERANCE_S)
    await within_goal(witness)
    assert lip_sync.sound_minimum_s == pair.bob.speaker.minimum_s == 0


def clock_after_an_hour(ppm: float) -> SampleClock:
    """Of a sound card that is `ppm` too slow, after a hole of some seconds: counting takes a while here."""
    clock, frame_s = SampleClock(), AUDIO_FRAME_S * (1 + ppm * 1e-6)
    frames = round(3600 / frame_s)
    end_s = now_s() - 5.0
    for index in range(1 - frames, 1):
        clock.advance(end_s + index * frame_s)
    return clock


@pytest.mark.parametrize("ppm", [-150, 150])
async def test_a_sound_card_that_went_wrong_for_an_hour_is_told_in_the_reports(ppm: float) -> None:
    async with clapping(clock_after_an_hour(ppm)) as pair:
        assert pair.alice.audio_encoder.feed.lag_s == pytest.approx(3600 * ppm * 1e-6, abs=0.02)
        witness = Witness(pair.bob)
        await until(lambda: pair.bob.counters.av_offset_s is not None)
        offset_s, told_s = await measured(witness)
        assert told_s == pytest.approx(offset_s, abs=TOLERANCE_S)
        await within_goal(witness)
        assert lip_sync_of(pair.bob).hold_s <= GOAL_S, "half a second of drift is no delay"


async def test_without_sound_no_picture_waits(pair: Pair) -> None:
    lip_sync, network = lip_sync_of(pair.bob), BadNetwork(pair.bob.peer)
    generator = random.Random(4)
    network.delay_s = lambda data: generator.uniform(0, 0.25) if payload_type_of(data) == AUDIO_TYPE else 0.0
    await until(lambda: lip_sync.hold_s > 0.03, 60)
    network.drop_if = lambda data: payload_type_of(data) == AUDIO_TYPE
    await until(lambda: lip_sync.hold_s == 0)
    assert pair.bob.counters.av_offset_s is None
    connection = pair.bob.peer._connection
    await pair.hang_up()
    assert connection is not None
    await until(lambda: not len(connection._tasks))


async def test_the_sound_s_minimum_ends_with_the_connection(pair: Pair) -> None:
    network = BadNetwork(pair.bob.peer)
    network.delay_s = lambda data: 0.18 if payload_type_of(data) in VIDEO_TYPES else 0.0
    await until(lambda: pair.bob.speaker.minimum_s > 0.02, 60)
    await pair.hang_up()
    assert pair.bob.speaker.minimum_s == 0
