"""From messages to the contents of packets: scheduler, congestion control and retransmission together. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import wire
from .congestion import CongestionControl
from .outstanding import Outstanding
from .scheduler import Priority, Scheduler
from .serial import MODULO, unwrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .message import Chunk, Message
    from .wire import Sack

BURST_S = 0.004
"""Packets that were due within this time leave together: a timer is a millisecond late as a rule."""
WAKE_S = 0.002
"""No sooner than this another turn is asked for."""
SPARSE_S = 0.005
"""Where packets are further apart than this each asks for a SACK at once (RFC 7053)."""
OVERHEAD_BYTES = 28 + 37 + wire.HEADER_BYTES
"""IP, UDP and DTLS around a body."""
HURRY_S = 2.0
"""No more often a message of low priority leaves in a hurry because one of high priority waits behind it."""
MAX_FORWARD_STREAMS = 256
START_WINDOW_BYTES = 128 * 1024
"""Until the far end says what it takes."""


class DataSender:
    """One association's outbound half. Times are of one monotonic clock."""

    def __init__(self, initial_tsn: int) -> None:
        self.scheduler = Scheduler()
        self.congestion = CongestionControl()
        self.outstanding = Outstanding(initial_tsn, self._lost)
        self.peer_window_bytes = START_WINDOW_BYTES
        self.may_abandon = True
        """Whether the far end knows FORWARD TSN."""
        self.messages_sent = self.bytes_sent = 0
        self.chunks_sent = self.chunks_retransmitted = self.probes = self.timeouts = 0
        self.sacks_refused = 0
        self._released: dict[int, int] = {}
        self._free_s = 0.0
        self._pacing_bps = self.congestion.pacing_bps
        self._probe_due = False
        self._hurried: Message | None = None
        self._hurry_again_s = 0.0
        self._forward_to = self.outstanding.cumulative_tsn
        self._forward_streams: dict[int, tuple[int, int]] = {}
        self._forward_sent_s: float | None = None
        self._now_s = 0.0

    # --- what the application asks for ----------------------------------------------------------

    def send(self, message: Message) -> None:
        """Queue a message; it leaves with one of the next `poll`s."""
        self.scheduler.push(message)

    def released(self) -> dict[int, int]:
        """Bytes by stream that are no longer queued since the last call."""
        released, self._released = self._released, {}
        return released

    def drop_stream(self, stream_id: int) -> None:
        """Forget what was not begun of a stream."""
        dropped = self.scheduler.drop_stream(stream_id)
        if dropped:
            self._release(stream_id, dropped)

    def clear(self) -> None:
        """The association is over."""
        self.scheduler.clear()
        self.outstanding.clear()

    # --- what is due ----------------------------------------------------------------------------

    def poll(self, now_s: float, limit: int) -> list[bytes]:
        """The contents of up to `limit` packets to send now."""
        self._now_s = now_s
        self._expire(now_s)
        bodies: list[bytes] = []
        pacing_bps = self.congestion.pacing_bps
        if self._free_s > now_s:  # what is owed are bytes: at another rate that is another time
            self._free_s = now_s + (self._free_s - now_s) * self._pacing_bps / pacing_bps
        self._pacing_bps = pacing_bps
        while len(bodies) < limit:
            body = self._next_body(now_s, is_sparse=pacing_bps * SPARSE_S < wire.MAX_PACKET_BYTES)
            if body is None:
                if self._forward_is_due(now_s):  # something was given up just now
                    continue
                break
            self._free_s = max(self._free_s, now_s - BURST_S) + (len(body) + OVERHEAD_BYTES) / pacing_bps
            bodies.append(body)
        return bodies

    def wake_s(self, now_s: float) -> float | None:
        """When `poll` is to be called again at the latest; None when only a SACK or a message changes anything."""
        due_s = now_s if self._probe_due else self.outstanding.timer_s()
        if self._forward_due:
            sent_s = self._forward_sent_s
            forward_s = now_s if sent_s is None else sent_s + self.outstanding.timeout_s
            due_s = forward_s if due_s is None else min(due_s, forward_s)
        if self._free_s > now_s and self._has_work(now_s):
            paced_s = max(self._free_s, now_s + WAKE_S)
            due_s = paced_s if due_s is None else min(due_s, paced_s)
        return due_s

    def _has_work(self, now_s: float) -> bool:
        """Whether pacing alone keeps something back."""
        in_flight = self.outstanding.in_flight_bytes
        if in_flight and in_flight + wire.MAX_PAYLOAD_BYTES > self.congestion.window_bytes(now_s):
            return False
        if self.outstanding.next_retransmission() is not None:
            return True
        return self.scheduler.queued_bytes > 0 and self._may_add()

    def _may_add(self) -> bool:
        outstanding = self.outstanding
        if not outstanding.has_room:
            return False
        # With nothing under way one chunk may always go: it asks how large the window is (RFC 9260 section 6.1 A).
        room = self.peer_window_bytes - outstanding.outstanding_bytes
        return room >= wire.MAX_PAYLOAD_BYTES or not outstanding.outstanding_bytes

    def _next_body(self, now_s: float, *, is_sparse: bool) -> bytes | None:
        parts: list[bytes] = []
        room = wire.MAX_BODY_BYTES
        if self._forward_is_due(now_s):
            parts.append(self._forward_tsn(now_s))
            room -= len(parts[0])
        paced = self._free_s <= now_s
        if self._probe_due:
            if not self._may_add() or not paced or not self._fill_new(now_s, parts, room, is_sparse=True):
                chunk = self.outstanding.probe()
                if chunk is not None and len(chunk.wire) > room:
                    return parts[0]  # the probe leaves behind the FORWARD TSN
                if chunk is not None:
                    in_flight = self.outstanding.in_flight_bytes - chunk.size
                    self._send_again(chunk, now_s, parts, in_flight)
                    self.probes += 1
            self._probe_due = False
            if parts:
                return b"".join(parts)
        if paced:
            room = self._fill_lost(now_s, parts, room)
            if not parts or room > wire.MAX_BODY_BYTES // 2:
                self._fill_new(now_s, parts, room, is_sparse=is_sparse)
        elif self._is_urgent(now_s):
            self._fill_new(now_s, parts, room, is_sparse=True)
        elif self.scheduler.queued_bytes or self.outstanding.next_retransmission() is not None:
            self.congestion.on_limited(now_s)
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _fill_lost(self, now_s: float, parts: list[bytes], room: int) -> int:
        outstanding = self.outstanding
        while (chunk := outstanding.next_retransmission()) is not None and len(chunk.wire) <= room:
            message = chunk.message
            if message.expires_s is not None and message.expires_s < now_s and self.may_abandon:
                self._abandon(message)
                continue
            in_flight = outstanding.in_flight_bytes
            if in_flight and in_flight + chunk.size > self.congestion.window_bytes(now_s):
                self.congestion.on_limited(now_s)
                break
            outstanding.to_retransmit.popleft()
            room -= len(chunk.wire)
            self._send_again(chunk, now_s, parts, in_flight)
        return room

    def _send_again(self, chunk: Chunk, now_s: float, parts: list[bytes], in_flight: int) -> None:
        self.congestion.on_sent(now_s, chunk, in_flight)
        self.outstanding.sent(chunk, now_s)
        self.chunks_sent += 1
        self.chunks_retransmitted += 1
        parts.append(chunk.wire)

    def _is_urgent(self, now_s: float) -> bool:
        """A short message of a channel of high priority does not wait for pacing, only for the window."""
        message = self._current(now_s)
        if message is None:
            return False
        if self.scheduler.priority(message.stream_id) >= Priority.HIGH:
            return message.size <= wire.MAX_PAYLOAD_BYTES
        if message is self._hurried:
            return True
        # One that was begun is in its way: it inherits the hurry.
        waits = self.scheduler.has_waiting(Priority.HIGH, wire.MAX_PAYLOAD_BYTES)
        if not waits or not message.offset or now_s < self._hurry_again_s:
            return False
        self._hurried, self._hurry_again_s = message, now_s + HURRY_S
        return True

    def _fill_new(self, now_s: float, parts: list[bytes], room: int, *, is_sparse: bool) -> bool:
        outstanding, scheduler = self.outstanding, self.scheduler
        filled = False
        while (message := self._current(now_s)) is not None:
            left = message.size - message.offset
            size = min(left, wire.MAX_PAYLOAD_BYTES)
            if (size + wire.DATA_HEADER_BYTES + 3) & ~3 > room:
                break
            window = self.congestion.window_bytes(now_s)
            if not self._may_add():
                break
            if (
                message.offset
                and message.expires_s is not None
                and message.expires_s < now_s
                and self.may_abandon
            ):
                self._abandon(message)
                continue
            if outstanding.in_flight_bytes and outstanding.in_flight_bytes + size > window:
                self.congestion.on_limited(now_s)
                break
            flags = 0 if message.ordered else wire.UNORDERED
            if not message.offset:
                flags |= wire.FIRST
            if size == left:
                flags |= wire.LAST
                self.messages_sent += 1
            payload = scheduler.cut(message, size)
            if is_sparse or not scheduler.queued_bytes:
                flags |= wire.IMMEDIATE
            chunk_bytes = wire.data_chunk(
                flags, outstanding.next_tsn % MODULO, message.stream_id, message.ssn, message.ppid, payload
            )
            in_flight = outstanding.in_flight_bytes
            chunk = outstanding.add(chunk_bytes, size, message)
            if message.can_be_abandoned:
                message.chunks.append(chunk)
            self.congestion.on_sent(now_s, chunk, in_flight)
            outstanding.sent(chunk, now_s)
            self.chunks_sent += 1
            self.bytes_sent += size
            self._release(message.stream_id, size)
            parts.append(chunk_bytes)
            room -= len(chunk_bytes)
            filled = True
            if room < wire.DATA_HEADER_BYTES + 4:
                break
        return filled

    def _current(self, now_s: float) -> Message | None:
        expired: list[Message] = []
        message = self.scheduler.current(now_s, expired)
        for each in expired:
            self._release(each.stream_id, each.size)
        return message

    def _release(self, stream_id: int, size: int) -> None:
        self._released[stream_id] = self._released.get(stream_id, 0) + size

    def _expire(self, now_s: float) -> None:
        lost_bytes, probe_due, timed_out = self.outstanding.expire(now_s)
        self.congestion.on_lost(lost_bytes)
        if probe_due:
            self._probe_due = True
        if timed_out:
            self.timeouts += 1
            if self.outstanding.timeouts == 1:
                self.congestion.on_timeout()
            self._free_s = min(self._free_s, now_s)

    # --- partial reliability (RFC 3758) ---------------------------------------------------------

    def _lost(self, chunk: Chunk) -> bool:
        message = chunk.message
        if not self.may_abandon or not message.can_be_abandoned:
            return True
        limit, expires_s = message.max_retransmits, message.expires_s
        if (limit is not None and chunk.transmissions > limit) or (
            expires_s is not None and expires_s < self._now_s
        ):
            self._abandon(message)
            return False
        return True

    def _abandon(self, message: Message) -> None:
        for chunk in message.chunks:
            self.outstanding.abandon(chunk)
        message.chunks.clear()
        if message.abandoned:
            return
        message.abandoned = True
        if message.offset < message.size:
            self._release(message.stream_id, self.scheduler.give_up(message))
            self.outstanding.add_placeholder(message)

    @property
    def _forward_due(self) -> bool:
        return self._forward_to > self.outstanding.cumulative_tsn

    def _forward_is_due(self, now_s: float) -> bool:
        tsn, skipped = self.outstanding.abandoned_to()
        if tsn <= self.outstanding.cumulative_tsn:
            return False
        if tsn > self._forward_to:
            self._forward_to, self._forward_sent_s = tsn, None
        for chunk in skipped:
            if chunk.message.ordered:
                self._forward_streams[chunk.message.stream_id] = (chunk.message.ssn, chunk.tsn)
        return self._forward_sent_s is None or now_s >= self._forward_sent_s + self.outstanding.timeout_s

    def _forward_tsn(self, now_s: float) -> bytes:
        self._forward_sent_s = now_s
        streams = [(stream_id, ssn) for stream_id, (ssn, _) in self._forward_streams.items()]
        return wire.forward_tsn_chunk(self._forward_to % MODULO, streams[:MAX_FORWARD_STREAMS])

    # --- what the far end says ------------------------------------------------------------------

    def take_sack(self, now_s: float, sack: Sack) -> None:
        """Take a SACK; one that cannot be true is counted and dropped."""
        self._now_s = now_s
        outstanding = self.outstanding
        cumulative = unwrap(sack.cumulative_tsn, outstanding.cumulative_tsn)
        found = outstanding.acknowledge(
            now_s, cumulative, _absolute(cumulative, sack.gaps), len(sack.duplicates)
        )
        if found is None:
            self.sacks_refused += cumulative >= outstanding.next_tsn
            return
        self.peer_window_bytes = sack.window_bytes
        if found.round_trip_s is not None:
            outstanding.round_trip.add(found.round_trip_s)
        if found.lost_bytes:
            self.congestion.on_lost(found.lost_bytes)
        if found.newest is not None:
            self.congestion.on_acked(now_s, found.newly_bytes, found.newest, found.round_trip_s)
        if self._forward_streams:
            self._forward_streams = {
                stream_id: (ssn, tsn)
                for stream_id, (ssn, tsn) in self._forward_streams.items()
                if tsn > cumulative
            }


def _absolute(cumulative: int, gaps: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(cumulative + first, cumulative + last) for first, last in gaps]
