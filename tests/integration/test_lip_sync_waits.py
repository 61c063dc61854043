"""Two real peers, one of whom claps: sound waits for pictures, or pictures for sound, as long as it helps."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

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


async def test_pictures_wait_for_sound_that_jitters_and_are_released_when_it_no_longer_does(
    pair: Pair,
) -> None:
    witness, lip_sync = Witness(pair.bob), lip_sync_of(pair.bob)
    generator, network = random.Random(4), BadNetwork(pair.bob.peer)
    network.delay_s = lambda data: generator.uniform(0, 0.25) if payload_type_of(data) == AUDIO_TYPE else 0.0
    await until(lambda: pair.bob.speaker.target_delay_s > 0.15)
    await until(lambda: lip_sync.hold_s > 0.05, 60)
    await within_goal(witness)
    offset_s, told_s = await measured(witness)
    assert told_s == pytest.approx(offset_s, abs=TOLERANCE_S)
    assert offset_s + lip_sync.hold_s > GOAL_S, "without the hold it would not be so"

    network.delay_s = lambda _data: 0.0
    await until(lambda: lip_sync.hold_s < 0.03, 60)
    await within_goal(witness)


async def test_sound_waits_for_pictures_that_come_late_and_no_longer_than_they_do(pair: Pair) -> None:
    witness, lip_sync = Witness(pair.bob), lip_sync_of(pair.bob)
    network = BadNetwork(pair.bob.peer)
    network.delay_s = lambda data: 0.18 if payload_type_of(data) in VIDEO_TYPES else 0.0
    assert (await measured(witness))[0] < -GOAL_S
    await until(lambda: pair.bob.speaker.minimum_s > 0.05, 60)
    await within_goal(witness)
    assert lip_sync.hold_s == 0

    network.delay_s = lambda _data: 0.0
    await until(lambda: lip_sync.sound_minimum_s == 0, 60)
    await within_goal(witness)
