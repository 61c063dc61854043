"""Threads for disk work and hashing, so that no disk, however slow, holds up the loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from .errors import closing_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 2
"""For reading and writing; one more reads back, 10 GB maybe."""


class Stop:
    """Tells a job that reads a whole file to end early: for itself, or because the program ends."""

    def __init__(self, program: threading.Event) -> None:
        self._program = program
        self._own = threading.Event()

    def is_set(self) -> bool:
        """Whether to end."""
        return self._own.is_set() or self._program.is_set()

    def set(self) -> None:
        """Nobody needs what the job is about."""
        self._own.set()

    def clear(self) -> None:
        """Another job begins."""
        self._own.clear()


class Lane:
    """The jobs of one transfer, or of the journal: one at a time, and its end after the last of them."""

    def __init__(self, workers: DiskWorkers) -> None:
        self._workers = workers
        self._newest: Future[Any] | None = None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or raises, on one of the threads. It is not interrupted when this is cancelled.

        Raises:
            FileError: the program ends, "closing".
        """
        return await self._run(self._workers.disk, lambda: work(*args, **kwargs))

    async def read_back(
        self, partner: object | None, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same for what may read a whole file: on a thread of its own kind, and one at a time for each `partner`,
        so that one of them with many files does not hold up the others.
        """
        async with self._workers.turn(partner):
            return await self._run(self._workers.hashing, lambda: work(*args, **kwargs))

    def end(self, work: Callable[[], None]) -> None:
        """Do this after the job that runs now, on its thread; at once when there is none."""
        if self._newest is None:
            work()
        else:
            self._newest.add_done_callback(lambda _done: work())

    async def _run(self, threads: Executor, work: Callable[[], T]) -> T:
        if self._workers.is_closed:
            raise closing_error()
        future = threads.submit(work)
        self._newest = future
        return await asyncio.wrap_future(future)


class DiskWorkers:
    """Each lane has at most one job here at a time, which bounds the queue."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        """Set when the program ends: jobs that read a whole file end early."""
        self.disk = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
        self.hashing = ThreadPoolExecutor(1, thread_name_prefix="files-hash")
        self.is_closed = False
        self._turns: WeakKeyDictionary[object, asyncio.Lock] = WeakKeyDictionary()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """A job of no lane.

        Raises:
            FileError: the program ends, "closing".
        """
        return await Lane(self).run(work, *args, **kwargs)

    def turn(self, partner: object | None) -> asyncio.Lock | nullcontext[None]:
        """Held by the one that reads back for a partner."""
        return nullcontext() if partner is None else self._turns.setdefault(partner, asyncio.Lock())

    def close(self, last: Callable[[], None] = lambda: None) -> Future[None]:
        """End the threads after their current jobs, for which it does not wait; meanwhile do what comes last, on a
        thread that none of the jobs holds up.
        """
        self.stop.set()
        self.is_closed = True
        ending = ThreadPoolExecutor(1, thread_name_prefix="files-end")
        done = ending.submit(last)
        ending.shutdown(wait=False)
        self.disk.shutdown(wait=False)
        self.hashing.shutdown(wait=False)
        return done
