"""A queue between threads that has a bound: when it is full, the oldest goes."""

from __future__ import annotations

import collections
import threading
from typing import Generic, TypeVar

from desktop_app.media.clock import now_s

T = TypeVar("T")


class BoundedBuffer(Generic[T]):
    """First in, first out, at most `capacity` items; all methods may be called from any thread."""

    def __init__(self, capacity: int) -> None:
        self._items: collections.deque[T] = collections.deque(maxlen=capacity)
        self._changed = threading.Condition()
        self._closed = False
        self.dropped = 0
        """Items that had to make room, since the start."""

    def put(self, item: T) -> None:
        """Add an item; the oldest goes when there is no room. After `close` it is ignored."""
        with self._changed:
            if self._closed:
                return
            if len(self._items) == self._items.maxlen:
                self.dropped += 1
            self._items.append(item)
            self._changed.notify()

    def take(self, wait_s: float) -> T | None:
        """The oldest item; None when none comes within `wait_s`, or when closed and empty."""
        until_s = now_s() + wait_s
        with self._changed:
            while not self._items and not self._closed:
                remaining_s = until_s - now_s()
                if remaining_s <= 0:
                    return None
                self._changed.wait(remaining_s)
            return self._items.popleft() if self._items else None

    def close(self) -> None:
        """Let nothing more in and wake who waits; what is inside can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def __len__(self) -> int:
        return len(self._items)
