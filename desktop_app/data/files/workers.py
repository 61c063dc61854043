"""Threads for disk work and hashing, so that no disk, however slow, holds up the loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from .errors import closing_error

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 3
"""One may be reading 10 GB back while the others write what comes in."""


class DiskWorkers:
    """Each transfer has at most one job here at a time, which bounds the queue."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        """Set when the program ends: jobs that read a whole file end early."""
        self._is_closed = False
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="files")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or raises, on one of the threads. It is not interrupted when this is cancelled.

        Raises:
            FileError: the program ends, "closing".
        """
        if self._is_closed:
            raise closing_error()
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """End the threads after their current jobs; does not wait for them."""
        self.stop.set()
        self._is_closed = True
        self._pool.shutdown(wait=False)
