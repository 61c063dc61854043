"""Python's garbage collection, in pieces that no message has to wait for.

A full collection looks at every object of the process: with 5,000 connections at 600,000, which took 0.1 to 0.2 s of
one core, in the middle of passing messages on. What has lasted through one is therefore not looked at again
(`gc.freeze`) until as much has come on top of it as there was, since closed connections leave cycles behind.
"""

from __future__ import annotations

import gc
import logging
from typing import Any

logger = logging.getLogger(__name__)

FULL_AFTER = 2
"""Full collections come after so many of the middle generation more, of at most 7,700 objects each: some 5 ms."""
LEAST_FROZEN = 100_000
"""Fewer objects than that are looked at in 30 ms, however often."""


class ShortCollections:
    """In force from `begin` to `end`, for the whole process: only for a process that is a server and nothing else."""

    def __init__(self, *, least_frozen: int = LEAST_FROZEN) -> None:
        self._least_frozen = least_frozen
        self._kept = 0
        self._looks_at_all = True
        self._before = gc.get_threshold()

    def begin(self) -> None:
        """From now on."""
        self._before = gc.get_threshold()
        gc.set_threshold(self._before[0], self._before[1], FULL_AFTER)
        gc.callbacks.append(self._collected)
        gc.collect()

    def end(self) -> None:
        """Leave everything as it was before."""
        gc.callbacks.remove(self._collected)
        gc.unfreeze()
        gc.set_threshold(*self._before)

    def _collected(self, phase: str, info: dict[str, Any]) -> None:
        if phase != "stop" or info["generation"] != _OLDEST:
            return
        gc.freeze()
        frozen = gc.get_freeze_count()
        if self._looks_at_all:
            self._looks_at_all = False
            self._kept = frozen
            logger.debug("everything was looked at", extra={"objects": frozen})
        elif frozen > 2 * self._kept + self._least_frozen:
            self._looks_at_all = True
            gc.unfreeze()  # for the next one: none can be begun from here


_OLDEST = 2
