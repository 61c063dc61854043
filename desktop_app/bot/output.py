"""JSON lines on standard output, written by a thread: a reader that stalls must not stall the call."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

MAX_QUEUED_LINES = 1000


class EventWriter:
    """Writes {"t", "event", ...}. When nobody reads, `stats` are dropped first and the rest at the bound."""

    def __init__(self, stream: TextIO, *, on_closed: Callable[[], None]) -> None:
        self._stream = stream
        self._on_closed = on_closed
        self._queue: queue.Queue[str | None] = queue.Queue(MAX_QUEUED_LINES)
        self._thread = threading.Thread(target=self._run, name="event-writer", daemon=True)
        self._thread.start()

    def write(self, event: str, **values: Any) -> None:
        """Queue one line; never blocks."""
        if event == "stats" and self._queue.qsize() > MAX_QUEUED_LINES // 2:
            return
        # Escaped to ASCII: a name must not stop us where the output's encoding does not know its letters.
        line = json.dumps({"t": round(time.time(), 3), "event": event, **values})
        try:
            self._queue.put_nowait(line)
        except queue.Full:
            logger.warning("nobody reads our events; one was dropped")

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what is queued, then end."""
        try:
            self._queue.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (line := self._queue.get()) is not None:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # the reader is gone
                self._on_closed()
                return
