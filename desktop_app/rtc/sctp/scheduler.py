"""Which message is cut into chunks next.

The chunks of a message have consecutive TSNs (RFC 9260 section 6.9; interleaving as in RFC 8260 is not negotiated by
browsers), so a message that was begun is finished first. Then the channel of the highest priority has its turn, and
channels of equal priority take turns, a message each.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .message import Message


class Priority(IntEnum):
    """Of a channel, with W3C's names (webrtc-priority, RTCPriorityType) and RFC 8831's numbers."""

    VERY_LOW = 128
    LOW = 256
    MEDIUM = 512
    HIGH = 1024

    @classmethod
    def of_name(cls, name: str) -> Priority:
        """From "very-low", "low", "medium" or "high".

        Raises:
            ValueError: there is no such priority.
        """
        try:
            return cls[name.upper().replace("-", "_")]
        except KeyError:
            raise ValueError(f"no such priority: {name}") from None


class Scheduler:
    """Queues of messages by stream."""

    def __init__(self) -> None:
        self._queues: dict[int, deque[Message]] = {}
        self._turns: dict[Priority, deque[int]] = {each: deque() for each in sorted(Priority, reverse=True)}
        self._priorities: dict[int, Priority] = {}
        self._current: Message | None = None
        self.next_ssn: dict[int, int] = {}
        """By stream; a stream that is reset is taken out."""
        self.queued_bytes = 0

    def priority(self, stream_id: int) -> Priority:
        """Of a stream; LOW is W3C's default."""
        return self._priorities.get(stream_id, Priority.LOW)

    def set_priority(self, stream_id: int, priority: Priority) -> None:
        """Also of what is queued already."""
        before = self.priority(stream_id)
        if priority is before:
            return
        self._priorities[stream_id] = priority
        if stream_id in self._turns[before]:
            self._turns[before].remove(stream_id)
            self._turns[priority].append(stream_id)

    def push(self, message: Message) -> None:
        """Queue a message behind those of its stream."""
        queue = self._queues.setdefault(message.stream_id, deque())
        if not queue:
            self._turns[self.priority(message.stream_id)].append(message.stream_id)
        queue.append(message)
        self.queued_bytes += message.size

    def has_queued(self, stream_id: int) -> bool:
        """Whether something of a stream was not cut to its end yet."""
        current = self._current
        return bool(self._queues.get(stream_id)) or (current is not None and current.stream_id == stream_id)

    def current(self, now_s: float, expired: list[Message]) -> Message | None:
        """The message to cut from; None when nothing is queued. Until it is cut another one may take its place.

        Args:
            now_s: of the clock of `expires_s`.
            expired: gets those that were too old before they were begun; they use up no number.
        """
        if self._current is not None:
            return self._current
        for turns in self._turns.values():
            while turns:
                message = self._queues[turns[0]][0]
                if message.expires_s is None or message.expires_s >= now_s:
                    return message
                self._take_next(turns)
                self.queued_bytes -= message.size
                expired.append(message)
        return None

    def _take_next(self, turns: deque[int]) -> None:
        """The first message of the stream whose turn it is leaves its queue."""
        stream_id = turns.popleft()
        queue = self._queues[stream_id]
        queue.popleft()
        if queue:
            turns.append(stream_id)
        else:
            del self._queues[stream_id]

    def has_waiting(self, priority: Priority, most_bytes: int) -> bool:
        """Whether a message of no more than `most_bytes` is next at this priority."""
        turns = self._turns[priority]
        return bool(turns) and self._queues[turns[0]][0].size <= most_bytes

    def cut(self, message: Message, size: int) -> memoryview:
        """The next `size` bytes of the message that `current` told."""
        if self._current is None:
            self._take_next(self._turns[self.priority(message.stream_id)])
            self._current = message
            if message.ordered:
                message.ssn = self.next_ssn.get(message.stream_id, 0)
                self.next_ssn[message.stream_id] = (message.ssn + 1) & 0xFFFF
        begin = message.offset
        message.offset = begin + size
        self.queued_bytes -= size
        if message.offset == message.size:
            self._current = None
        return message.data[begin : message.offset]

    def give_up(self, message: Message) -> int:
        """Cut nothing more from a message that was begun; how much of it was left."""
        rest = message.size - message.offset
        if message is self._current:
            self._current = None
            self.queued_bytes -= rest
            return rest
        return 0

    def drop_stream(self, stream_id: int) -> int:
        """Forget what is queued for a stream and was not begun; how many bytes."""
        queue = self._queues.pop(stream_id, None)
        if queue is None:
            return 0
        self._turns[self.priority(stream_id)].remove(stream_id)
        dropped = sum(message.size for message in queue)
        self.queued_bytes -= dropped
        return dropped

    def clear(self) -> None:
        """Forget everything queued."""
        self._queues.clear()
        for turns in self._turns.values():
            turns.clear()
        self._current = None
        self.queued_bytes = 0
