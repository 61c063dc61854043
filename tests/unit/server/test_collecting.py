"""Full garbage collections that look at what is new."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from desktop_app.server.collecting import ShortCollections

if TYPE_CHECKING:
    from collections.abc import Iterator

LASTING = 30_000


class Cycle:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def short() -> Iterator[ShortCollections]:
    short = ShortCollections(least_frozen=LASTING // 2)
    short.begin()
    yield short
    short.end()


def test_what_has_lasted_is_not_looked_at_again(short: ShortCollections) -> None:
    lasting = [Cycle() for _ in range(LASTING // 4)]
    gc.collect()
    assert gc.get_freeze_count() > len(lasting)
    assert len(gc.get_objects()) < LASTING // 10  # all that the next one has to do with


def test_new_garbage_is_found(short: ShortCollections) -> None:
    found = weakref.ref(Cycle())
    gc.collect()
    assert found() is None


def test_garbage_of_what_had_lasted_is_found_when_as_much_has_come_on_top_of_it(
    short: ShortCollections,
) -> None:
    old = Cycle()
    found = weakref.ref(old)
    gc.collect()
    del old
    gc.collect()
    assert found() is not None
    there, lasting = gc.get_freeze_count(), []
    while gc.get_freeze_count() < there + (there + LASTING):
        lasting += [Cycle() for _ in range(LASTING)]
        gc.collect()
        if found() is None:
            break
    assert found() is None


def test_the_end_leaves_everything_as_it_was() -> None:
    before, callbacks = gc.get_threshold(), list(gc.callbacks)
    short = ShortCollections()
    short.begin()
    assert gc.get_threshold() != before
    short.end()
    assert (gc.get_threshold(), gc.callbacks, gc.get_freeze_count()) == (before, callbacks, 0)
