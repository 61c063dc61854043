"""From chunks to messages, in bounded memory (RFC 9260 sections 6.6 and 6.9, RFC 3758 section 3.6).

A message is a run of consecutive TSNs of one stream from a chunk with the FIRST flag to one with LAST. Runs grow at
both ends as chunks come; a complete one of an ordered stream waits for its turn.

What a chunk or a FORWARD TSN costs does not grow with what is kept: looking at a run pays for taking it away.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

from .wire import FIRST, LAST, UNORDERED

CHUNK_COST_BYTES = 200
"""What keeping a chunk costs besides its payload: a stranger may send a byte a chunk."""
MAX_STREAMS = 1024
"""Whose order is remembered."""
MAX_RUNS = 2000
"""Incomplete messages; an honest end has two beside each gap (receiver.MAX_RANGES)."""
MAX_WAITING = 2000
"""Complete messages that wait for their turn: one chunk may set all of them free at once."""

Received = tuple[int, int, bytes]
"""Stream, protocol and data of a message."""


class _Run:
    """Consecutive chunks of one message."""

    __slots__ = ("begins", "cost", "ends", "first", "key", "last", "parts", "ppid", "size")

    def __init__(self, tsn: int, flags: int, key: tuple[int, int, int], ppid: int, payload: bytes) -> None:
        self.first = self.last = tsn
        self.begins, self.ends = bool(flags & FIRST), bool(flags & LAST)
        self.key = key
        """Stream, SSN, and whether it is unordered."""
        self.ppid = ppid
        self.parts = [payload]
        self.size = len(payload)
        self.cost = self.size + CHUNK_COST_BYTES


class InboundOrder:
    """Whose turn it is in one stream."""

    __slots__ = ("next_ssn", "runs", "waiting")

    def __init__(self) -> None:
        self.next_ssn = 0
        self.runs: set[int] = set()
        """Incomplete messages by their first TSN."""
        self.waiting: dict[int, _Run] = {}
        """Complete messages by SSN."""


class Reassembly:
    """All streams of one association. TSNs are unwrapped (serial.py) and each is added once."""

    def __init__(self, max_message_bytes: int) -> None:
        self._max_message_bytes = max_message_bytes
        self.streams: dict[int, InboundOrder] = {}
        self._by_first: dict[int, _Run] = {}
        self._by_last: dict[int, _Run] = {}
        self._firsts: list[int] = []
        """The keys of _by_first in order."""
        self._waiting = 0
        self.buffered_bytes = 0
        """With what keeping costs."""
        self.refused = 0
        """Chunks and messages that were dropped: too long, or not part of anything."""

    def has_room(self, spare: int = 0) -> bool:
        """Whether what is kept is fewer runs and messages than may be, and `spare` more."""
        return len(self._firsts) < MAX_RUNS + spare and self._waiting < MAX_WAITING + spare

    def add(
        self,
        tsn: int,
        flags: int,
        stream_id: int,
        ssn: int,
        ppid: int,
        payload: bytes,
        *,
        cumulative_tsn: int,
    ) -> list[Received]:
        """Take a chunk; the messages that are complete and in order by it.

        Args:
            tsn: unwrapped, and new.
            flags: of the chunk.
            stream_id: of the chunk.
            ssn: of the chunk.
            ppid: the payload protocol identifier.
            payload: at least one byte.
            cumulative_tsn: everything up to it has come, before this chunk.
        """
        if stream_id not in self.streams and len(self.streams) >= MAX_STREAMS:
            self.refused += 1
            return []
        unordered = flags & UNORDERED
        order = self._order(stream_id)
        if flags & (FIRST | LAST) == FIRST | LAST:
            return self._complete(_Run(tsn, flags, (stream_id, ssn, unordered), ppid, payload))
        run = _Run(tsn, flags, (stream_id, 0 if unordered else ssn, unordered), ppid, payload)
        before, after = self._by_last.get(tsn - 1), self._by_first.get(tsn + 1)
        if not run.begins and before is not None and not before.ends and before.key == run.key:
            del self._by_last[before.last]
            self._join(before, run)
            run = before
        elif not run.begins and tsn <= cumulative_tsn + 1:
            self.refused += 1  # what it continues will never come
            return []
        else:
            self._keep(run, order)
        if not run.ends and after is not None and not after.begins and after.key == run.key:
            self._drop(after)
            self._join(run, after)
        self._by_last[run.last] = run
        if run.begins and run.ends:
            self._drop(run)
            return self._complete(run)
        return []

    def _keep(self, run: _Run, order: InboundOrder) -> None:
        """Note and account for a new run; its last TSN is noted by `add`."""
        self.buffered_bytes += run.cost
        self._by_first[run.first] = run
        order.runs.add(run.first)
        firsts = self._firsts
        if not firsts or run.first > firsts[-1]:
            firsts.append(run.first)
        else:
            insort(firsts, run.first)

    def _drop(self, run: _Run) -> None:
        """Forget a run that is kept."""
        self.buffered_bytes -= run.cost
        del self._by_first[run.first], self._by_last[run.last]
        del self._firsts[bisect_left(self._firsts, run.first)]
        self.streams[run.key[0]].runs.discard(run.first)

    def _join(self, run: _Run, after: _Run) -> None:
        """Append a run that is not kept."""
        run.last, run.ends = after.last, after.ends
        run.size += after.size
        if run.parts and after.parts and run.size <= self._max_message_bytes:
            self.buffered_bytes += after.cost
            run.cost += after.cost
            if len(run.parts) < len(
                after.parts
            ):  # a run that grows at its beginning is not copied for each chunk
                after.parts[:0] = run.parts
                run.parts = after.parts
            else:
                run.parts += after.parts
            return
        # Too long: it is followed to its end, so that the order goes on behind it, but not kept.
        if run.parts:
            self.refused += 1
        self.buffered_bytes -= run.cost - CHUNK_COST_BYTES
        run.cost = CHUNK_COST_BYTES
        run.parts.clear()

    def _order(self, stream_id: int) -> InboundOrder:
        order = self.streams.get(stream_id)
        if order is None:
            order = self.streams[stream_id] = InboundOrder()
        return order

    def _complete(self, run: _Run) -> list[Received]:
        """The messages that a complete one, which is not kept, lets through."""
        stream_id, ssn, unordered = run.key
        if unordered:
            return self._message(run)
        order = self.streams[stream_id]
        ahead = (ssn - order.next_ssn) & 0xFFFF
        if ahead == 0:
            order.next_ssn = (ssn + 1) & 0xFFFF
            messages = self._message(run)
            return messages + self._in_turn(order) if order.waiting else messages
        if ahead >= 0x8000 or ssn in order.waiting:
            self.refused += 1
            return []
        self.buffered_bytes += run.cost
        self._waiting += 1
        order.waiting[ssn] = run
        return []

    def _let_go(self, order: InboundOrder, ssn: int) -> _Run | None:
        """Take out the message of a number, if it waits."""
        run = order.waiting.pop(ssn, None)
        if run is not None:
            self.buffered_bytes -= run.cost
            self._waiting -= 1
        return run

    def _message(self, run: _Run) -> list[Received]:
        if run.size > self._max_message_bytes:
            if run.parts:
                self.refused += 1
            return []
        data = run.parts[0] if len(run.parts) == 1 else b"".join(run.parts)
        return [(run.key[0], run.ppid, data)]

    def _in_turn(self, order: InboundOrder) -> list[Received]:
        messages: list[Received] = []
        while (run := self._let_go(order, order.next_ssn)) is not None:
            order.next_ssn = (order.next_ssn + 1) & 0xFFFF
            messages += self._message(run)
        return messages

    def skip(self, cumulative_tsn: int, streams: list[tuple[int, int]]) -> list[Received]:
        """Nothing up to `cumulative_tsn` comes any more; the messages whose turn it is by that.

        Args:
            cumulative_tsn: of the FORWARD TSN, unwrapped.
            streams: (stream, SSN) of the last message of each ordered stream that is left out.
        """
        for first in self._firsts[: bisect_right(self._firsts, cumulative_tsn + 1)]:
            # A run from its first chunk to this TSN or beyond may still be finished (RFC 3758 section 3.6).
            run = self._by_first[first]
            if not run.begins or run.last < cumulative_tsn:
                self._drop(run)
        messages: list[Received] = []
        for stream_id, ssn in dict(streams).items():
            if stream_id not in self.streams and len(self.streams) >= MAX_STREAMS:
                self.refused += 1
                continue
            order = self._order(stream_id)
            skipped = (ssn + 1 - order.next_ssn) & 0xFFFF
            if not 0 < skipped < 0x8000:
                continue  # told before
            for each in self._passed(order, skipped):
                run = order.waiting[each]
                self._let_go(order, each)
                messages += self._message(run)
            order.next_ssn = (ssn + 1) & 0xFFFF
            messages += self._in_turn(order)
        return messages

    def _passed(self, order: InboundOrder, skipped: int) -> list[int]:
        """Which of the next `skipped` numbers wait, in order."""
        begin, waiting = order.next_ssn, order.waiting
        if skipped <= len(waiting):
            numbers = ((begin + each) & 0xFFFF for each in range(skipped))
            return [number for number in numbers if number in waiting]
        passed = sorted((number - begin) & 0xFFFF for number in waiting)
        return [(begin + each) & 0xFFFF for each in passed[: bisect_left(passed, skipped)]]

    def reset(self, stream_id: int) -> None:
        """Forget a stream that the far end closed."""
        order = self.streams.get(stream_id)
        if order is None:
            return
        for first in list(order.runs):
            self._drop(self._by_first[first])
        for ssn in list(order.waiting):
            self._let_go(order, ssn)
        del self.streams[stream_id]
