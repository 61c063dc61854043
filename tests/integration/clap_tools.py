"""How far apart a clap is heard and seen, by what is in sound and picture."""

from __future__ import annotations

import statistics
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.clock import AUDIO_RATE_HZ, now_s
from tests.unit.rtc.pictures import MovingBlock

from .peer_tools import CLAP_EVERY_S, Pair, Person, calling, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktop_app.rtc.lip_sync import LipSync
    from desktop_app.rtc.sample_clock import SampleClock

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


@asynccontextmanager
async def clapping(clock: SampleClock | None = None) -> AsyncIterator[Pair]:
    """Two people in a call; Alice claps, with a sound card that `clock` has followed so far."""
    async with calling() as pair:
        pair.alice.clapping = True
        if clock is not None:
            pair.alice.audio_encoder._clock = clock
        pair.alice.peer.make_call()
        await pair.until_connected()
        await pair.until_media()
        yield pair


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
