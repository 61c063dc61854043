"""Two real peers, one of whom claps: how far apart the clap is heard and seen, by what is in sound and picture."""

from __future__ import annotations

import random
import statistics
from typing import TYPE_CHECKING

import numpy as np
import pytest

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_RATE_HZ, now_s
from desktop_app.rtc.sample_clock import SampleClock
from tests.unit.rtc.pictures import MovingBlock

from .peer_tools import CLAP_EVERY_S, BadNetwork, Pair, Person, calling, payload_type_of, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktop_app.rtc.lip_sync import LipSync

AUDIO_TYPE, VIDEO_TYPES = 96, (97, 98)
GOAL_S = 0.080
TOLERANCE_S = 0.040
"""Claps are heard and seen on threads that may wake up late; what is told is a median."""
LOUD = 3000
CLAPS = 5


class Witness:
    """Notes when a person sees and hears the other one clap."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._block = MovingBlock()
        self._at_first_place = False
        self._seen_s: list[float] = []
        self._first_heard = 0
        person.screen.subscribe(self._look)
        person.keep_sound = True

    def _look(self) -> None:
        at_s = now_s()
        newest = self.person.screen.newest()
        if newest is None:
            return
        before, self._at_first_place = self._at_first_place, self._block.number_in(newest.frame) == 0
        if self._at_first_place and not before:
            self._seen_s.append(at_s)

    @property
    def _heard_s(self) -> list[float]:
        """When each clap began to be heard."""
        times_s = self.person.heard_at_s[self._first_heard :]
        if not times_s:
            return []
        frames = self.person.heard[self._first_heard :][: len(times_s)]
        indices = np.flatnonzero(np.abs(np.concatenate(frames)) > LOUD)
        # A clap begins with a loud sample long after the one before it.
        begins = indices[np.diff(indices, prepend=-AUDIO_RATE_HZ) > CLAP_EVERY_S / 2 * AUDIO_RATE_HZ]
        size = len(frames[0])
        return [times_s[i // size] + i % size / AUDIO_RATE_HZ for i in begins.tolist()]

    @property
    def offset_s(self) -> float | None:
        """How far the last claps were heard after they were seen (median); None before there are enough."""
        heard_s, seen_s = self._heard_s[-CLAPS:], self._seen_s[-CLAPS:]
        if len(heard_s) < CLAPS or len(seen_s) < CLAPS:
            return None
        half_s = CLAP_EVERY_S / 2
        return statistics.median(
            (heard - seen + half_s) % CLAP_EVERY_S - half_s
            for heard, seen in zip(heard_s, seen_s, strict=True)
        )

    def forget(self) -> None:
        """Judge by what comes from now on."""
        self._seen_s.clear()
        self._first_heard = len(self.person.heard_at_s)


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Two people in a call; Alice claps."""
    async with calling() as made:
        made.alice.clapping = True
        made.alice.peer.make_call()
        await made.until_connected()
        await made.until_media()
        yield made


def lip_sync_of(person: Person) -> LipSync:
    """What decides for what `person` sees and hears."""
    connection = person.peer._connection
    assert connection is not None
    assert connection._alignment is not None
    return connection._alignment._lip_sync


async def measured(witness: Witness) -> tuple[float, float]:
    """The offset of the next claps, and what the receiver said of it meanwhile."""
    witness.forget()
    told_s: list[float] = []

    def measured_and_told() -> bool:
        told_s.extend(filter(None, [witness.person.counters.av_offset_s]))
        return witness.offset_s is not None and bool(told_s)

    await until(measured_and_told)
    assert witness.offset_s is not None
    return witness.offset_s, statistics.median(told_s)


async def within_goal(witness: Witness) -> None:
    """Wait until claps are heard and seen together."""
    witness.forget()
    await until(lambda: witness.offset_s is not None and abs(witness.offset_s) <= GOAL_S, 60)


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
    async with calling() as pair:
        pair.alice.clapping = True
        pair.alice.audio_encoder._clock = clock_after_an_hour(ppm)
        pair.alice.peer.make_call()
        await pair.until_connected()
        await pair.until_media()
        assert pair.alice.audio_encoder.feed.lag_s == pytest.approx(3600 * ppm * 1e-6, abs=0.02)
        witness = Witness(pair.bob)
        await until(lambda: pair.bob.counters.av_offset_s is not None)
        offset_s, told_s = await measured(witness)
        assert told_s == pytest.approx(offset_s, abs=TOLERANCE_S)
        await within_goal(witness)
        assert lip_sync_of(pair.bob).hold_s <= GOAL_S, "half a second of drift is no delay"


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
