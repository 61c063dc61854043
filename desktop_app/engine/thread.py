"""The engine thread: one plain asyncio loop for aiortc, signaling and the server that the window may host."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import concurrent.futures
    from collections.abc import Callable, Coroutine

logger = logging.getLogger(__name__)
T = TypeVar("T")


class EngineThread:
    """Runs an asyncio selector loop on its own thread from `start` to `stop`.

    A stall of the window cannot delay a packet here: a late packet would read as congestion and lower the other
    side's bitrate.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The engine loop, while the thread runs."""
        if self._loop is None:
            raise RuntimeError("the engine thread does not run")
        return self._loop

    def start(self) -> None:
        """Start the thread; returns when its loop runs. Harmless when it runs already."""
        if self._thread is not None:
            return
        running = threading.Event()
        # Not the default of Windows (proactor): aioice needs datagram endpoints of the selector kind.
        loop = asyncio.SelectorEventLoop()

        def run() -> None:
            asyncio.set_event_loop(loop)
            loop.call_soon(running.set)
            try:
                loop.run_forever()
            finally:
                _finish(loop)

        self._loop = loop
        self._thread = threading.Thread(target=run, name="engine", daemon=True)
        self._thread.start()
        running.wait()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run `coroutine` on the engine loop; any thread may call this.

        Raises:
            RuntimeError: the thread does not run (any more).
        """
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        except RuntimeError:
            coroutine.close()
            raise

    def post(self, call: Callable[[], None]) -> None:
        """Make `call` on the engine loop soon; any thread may ask, and nothing happens when there is no loop."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it was closed just now
                loop.call_soon_threadsafe(call)

    def stop(self, timeout_s: float = 10.0) -> None:
        """Stop the loop, cancel what is left on it and join the thread. Safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        thread.join(timeout_s)
        if thread.is_alive():
            logger.error("the engine thread did not end within %.0f s", timeout_s)
        self._loop = None


def _finish(loop: asyncio.AbstractEventLoop) -> None:
    """What asyncio.run does at its end."""
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
