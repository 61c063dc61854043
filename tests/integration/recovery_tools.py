"""Recoveries again and again between two peers of this process, and what they leave behind."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import psutil

from .peer_tools import collect_garbage, open_files, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .peer_tools import Pair, Person


@dataclass(frozen=True, slots=True)
class Left:
    """What there is at a moment."""

    files: int
    threads: int
    tasks: int
    rss_mb: float


async def left(pair: Pair) -> Left:
    """When nothing closes any more."""
    people = (pair.alice, pair.bob)
    await until(
        lambda: all(len(each.peer.sessions()) == 1 and not len(each.peer._all.closing) for each in people)
    )
    collect_garbage()
    return Left(
        open_files(),
        threading.active_count(),
        len(asyncio.all_tasks()),
        psutil.Process().memory_info().rss / 1e6,
    )


async def recover(pair: Pair, times: int) -> None:
    """Whoever offers and whoever answers are told of a changed network in turn."""
    people = (pair.alice, pair.bob)
    for number in range(times):
        before = [each.counters.connection for each in people]
        people[number % 2].peer.recover()
        await until(partial(_are_newer, people, before))
        await pair.until_media(2)


def _are_newer(people: Sequence[Person], before: Sequence[int]) -> bool:
    return all(each.counters.connection > older for each, older in zip(people, before, strict=True))
