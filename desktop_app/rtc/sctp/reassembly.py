"""From chunks to messages, in bounded memory (RFC 9260 sections 6.6 and 6.9, RFC 3758 section 3.6).

A message is a run of consecutive TSNs of one stream from a chunk with the FIRST flag to one with LAST. Runs grow at
both ends as chunks come; a complete one of an ordered stream waits for its turn.
"""

from __future__ import annotations

from .wire import FIRST, LAST, UNORDERED

CHUNK_COST_BYTES = 200
"""What keeping a chunk costs besides its payload: a stranger may send a byte a chunk."""
MAX_STREAMS = 1024
"""Whose order is remembered."""

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

    __slots__ = ("next_ssn", "waiting")

    def __init__(self) -> None:
        self.next_ssn = 0
        self.waiting: dict[int, _Run] = {}
        """Complete messages by SSN."""


class Reassembly:
    """All streams of one association. TSNs are unwrapped (serial.py) and each is added once."""

    def __init__(self, max_message_bytes: int) -> None:
        self._max_message_bytes = max_message_bytes
        self.streams: dict[int, InboundOrder] = {}
        """A stream that is reset is taken out."""
        self._by_first: dict[int, _Run] = {}
        self._by_last: dict[int, _Run] = {}
        self.buffered_bytes = 0
        """With what keeping costs."""
        self.refused = 0
        """Chunks and messages that were dropped: too long, or not part of anything."""

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
        if flags & (FIRST | LAST) == FIRST | LAST:
            self._order(stream_id)
            return self._complete(_Run(tsn, flags, (stream_id, ssn, unordered), ppid, payload), is_kept=False)
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
            self.buffered_bytes += run.cost
            self._by_first[tsn] = run
        if not run.ends and after is not None and not after.begins and after.key == run.key:
            del self._by_first[after.first], self._by_last[after.last]
            self.buffered_bytes -= after.cost
            self._join(run, after)
        self._by_last[run.last] = run
        self._order(stream_id)
        if run.begins and run.ends:
            del self._by_first[run.first], self._by_last[run.last]
            return self._complete(run, is_kept=True)
        return []

    def _join(self, run: _Run, after: _Run) -> None:
        """Append a run that is not accounted for."""
        run.last, run.ends = after.last, after.ends
        run.size += after.size
        if run.parts and after.parts and run.size <= self._max_message_bytes:
            self.buffered_bytes += after.cost
            run.cost += after.cost
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

    def _complete(self, run: _Run, *, is_kept: bool) -> list[Received]:
        stream_id, ssn, unordered = run.key
        if unordered:
            if is_kept:
                self.buffered_bytes -= run.cost
            return self._message(run)
        order = self._order(stream_id)
        ahead = (ssn - order.next_ssn) & 0xFFFF
        if ahead == 0:
            if is_kept:
                self.buffered_bytes -= run.cost
            order.next_ssn = (ssn + 1) & 0xFFFF
            messages = self._message(run)
            return messages + self._in_turn(order) if order.waiting else messages
        if not is_kept:
            self.buffered_bytes += run.cost
        if ahead >= 0x8000 or ssn in order.waiting:
            self.buffered_bytes -= run.cost
            self.refused += 1
            return []
        order.waiting[ssn] = run
        return []

    def _message(self, run: _Run) -> list[Received]:
        if run.size > self._max_message_bytes:
            if run.parts:
                self.refused += 1
            return []
        data = run.parts[0] if len(run.parts) == 1 else b"".join(run.parts)
        return [(run.key[0], run.ppid, data)]

    def _in_turn(self, order: InboundOrder) -> list[Received]:
        messages: list[Received] = []
        while (run := order.waiting.pop(order.next_ssn, None)) is not None:
            self.buffered_bytes -= run.cost
            order.next_ssn = (order.next_ssn + 1) & 0xFFFF
            messages += self._message(run)
        return messages

    def skip(self, cumulative_tsn: int, streams: list[tuple[int, int]]) -> list[Received]:
        """Nothing up to `cumulative_tsn` comes any more; the messages whose turn it is by that.

        Args:
            cumulative_tsn: of the FORWARD TSN, unwrapped.
            streams: (stream, SSN) of the last message of each ordered stream that is left out.
        """
        for run in [each for each in self._by_first.values() if each.first <= cumulative_tsn + 1]:
            # A run from its first chunk to this TSN or beyond may still be finished (RFC 3758 section 3.6).
            if not run.begins or run.last < cumulative_tsn:
                del self._by_first[run.first], self._by_last[run.last]
                self.buffered_bytes -= run.cost
        messages: list[Received] = []
        for stream_id, ssn in streams:
            if stream_id not in self.streams and len(self.streams) >= MAX_STREAMS:
                self.refused += 1
                continue
            order = self._order(stream_id)
            skipped = (ssn + 1 - order.next_ssn) & 0xFFFF
            if skipped >= 0x8000:
                continue  # told before
            passed = [each for each in order.waiting if (each - order.next_ssn) & 0xFFFF < skipped]
            for each in sorted(passed, key=lambda number: (number - order.next_ssn) & 0xFFFF):
                run = order.waiting.pop(each)
                self.buffered_bytes -= run.cost
                messages += self._message(run)
            order.next_ssn = (ssn + 1) & 0xFFFF
            messages += self._in_turn(order)
        return messages

    def reset(self, stream_id: int) -> None:
        """Forget a stream that the far end closed."""
        order = self.streams.pop(stream_id, None)
        for run in () if order is None else order.waiting.values():
            self.buffered_bytes -= run.cost
        for run in [each for each in self._by_first.values() if each.key[0] == stream_id]:
            del self._by_first[run.first], self._by_last[run.last]
            self.buffered_bytes -= run.cost
