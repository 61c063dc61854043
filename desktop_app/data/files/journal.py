"""The state folder's records of what is being sent, of one program: another one at the same time has its own."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

from .records import NO_SURPRISES, outgoing_record_path, outgoing_records, remove_record, write_record
from .workers import Lane

if TYPE_CHECKING:
    from pathlib import Path

    from .records import OutgoingRecord
    from .workers import DiskWorkers

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger(__name__)

MAX_OWNERS = 8
"""Programs of one owner's name that run at the same time."""


class OutgoingJournal:
    """Used on the loop; its files are touched on worker threads, in the order of the calls.

    Args:
        folder: where the owners have their folders.
        owner: a name for a file; the same program has the same one at its next start.
        workers: threads.
    """

    def __init__(self, folder: Path, owner: str, workers: DiskWorkers) -> None:
        self._base = folder
        self._owner = owner
        self._lane = Lane(workers)
        self._turn = asyncio.Lock()
        self._folder: Path | None = None
        self._lock: int | None = None

    async def load(self) -> list[OutgoingRecord]:
        """What an earlier run of this program left; nothing where the folder cannot be used."""
        async with self._turn:
            return await self._lane.run(self._load)

    async def save(self, record: OutgoingRecord) -> None:
        """Write a record down; a failure is logged, the transfer then does not survive a restart."""
        async with self._turn:
            await self._lane.run(self._save, record)

    async def remove(self, record: OutgoingRecord) -> None:
        """Forget one."""
        async with self._turn:
            if self._folder is not None:
                await self._lane.run(remove_record, outgoing_record_path(self._folder, record))

    def close(self) -> None:
        """Leave the folder to another program, after the job that runs now."""
        self._lane.end(self._release)

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        self._folder = None

    def _load(self) -> list[OutgoingRecord]:
        try:
            self._claim()
        except OSError:
            logger.warning("what is being sent cannot be written down", exc_info=True)
        return [] if self._folder is None else outgoing_records(self._folder)

    def _claim(self) -> None:
        for number in range(1, MAX_OWNERS + 1):
            folder = self._base / (self._owner if number == 1 else f"{self._owner}-{number}")
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | NO_SURPRISES, 0o600)
            if _locked(lock):
                self._lock, self._folder = lock, folder
                return
            os.close(lock)
        logger.warning(
            "%d programs of this kind run already; what this one sends is not written down", MAX_OWNERS
        )

    def _save(self, record: OutgoingRecord) -> None:
        if self._folder is None:
            return
        try:
            write_record(outgoing_record_path(self._folder, record), record)
        except (OSError, ValueError):  # a path that is no text, for one
            logger.warning("what is being sent cannot be written down", exc_info=True)


def _locked(descriptor: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        logger.info("the disk of the state folder knows no locks; going on without", exc_info=True)
    return True
