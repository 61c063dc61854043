"""What waits to be sent to one client: bounded in messages and bytes."""

from __future__ import annotations

import asyncio
from collections import deque

MAX_QUEUED_MESSAGES = 1024
MAX_QUEUED_BYTES = 1024 * 1024


class Outbox:
    """A queue with one reader; a writer never waits."""

    def __init__(self, *, max_messages: int = MAX_QUEUED_MESSAGES, max_bytes: int = MAX_QUEUED_BYTES) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._finished = False
        self._changed = asyncio.Event()

    def put(self, message: bytes) -> bool:
        """Queue `message`; False when there is no room for it. A finished outbox swallows it."""
        if self._finished:
            return True
        if len(self._queue) >= self._max_messages or self._queued_bytes + len(message) > self._max_bytes:
            return False
        self._append(message)
        return True

    def finish(self, last: bytes) -> None:
        """Drop what waits, queue `last`, and end the queue after it."""
        self._queue.clear()
        self._queued_bytes = 0
        self._append(last)
        self._finished = True

    def put_back(self, message: bytes) -> None:
        """Make `message`, which was taken last and not sent, the next one again."""
        if not self._finished:
            self._queue.appendleft(message)
            self._queued_bytes += len(message)

    def take_all(self) -> list[bytes]:
        """Take everything that waits, oldest first."""
        taken = [] if self._finished else list(self._queue)
        if not self._finished:
            self._queue.clear()
            self._queued_bytes = 0
        return taken

    async def get(self) -> bytes | None:
        """The next message; None after the last one."""
        while not self._queue:
            if self._finished:
                return None
            self._changed.clear()
            await self._changed.wait()
        message = self._queue.popleft()
        self._queued_bytes -= len(message)
        return message

    def _append(self, message: bytes) -> None:
        self._queue.append(message)
        self._queued_bytes += len(message)
        self._changed.set()

    @property
    def queued_bytes(self) -> int:
        """What waits."""
        return self._queued_bytes

    def __len__(self) -> int:
        return len(self._queue)
