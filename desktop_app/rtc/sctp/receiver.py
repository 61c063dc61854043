"""What came, and the acknowledgements for it (RFC 9260 sections 6.2 and 6.7). Pure."""

from __future__ import annotations

from . import wire
from .reassembly import CHUNK_COST_BYTES, Reassembly, Received
from .serial import MODULO, Ranges, unwrap
from .wire import Sack

BUFFER_BYTES = 2 * 1024 * 1024
"""What may wait for missing chunks, with what keeping them costs,"""
ADVERTISED_BYTES = 1024 * 1024
"""of which the far end is told this much of payload."""
MAX_AHEAD = 0xFFFF
"""A gap block reaches no further beyond the cumulative TSN."""
MAX_RANGES = 1024
SPARE = 2
"""What is next is taken also when chunks that came early have filled the space: it makes room, or is one more."""
MAX_GAP_BLOCKS = (wire.MAX_BODY_BYTES - 16) // 4 - 32
MAX_DUPLICATES = 16
DELAY_S = 0.020
"""A single packet is acknowledged after this (RFC 9260 allows 200 ms, at the cost of the sender's round trip)."""
PACKETS = 2
"""As RFC 9260 section 6.2 wants it."""


class DataReceiver:
    """One association's inbound half. `start` comes with the handshake."""

    def __init__(self, max_message_bytes: int) -> None:
        self.reassembly = Reassembly(max_message_bytes)
        self.cumulative_tsn = -1
        self.started = False
        self.chunks_received = self.messages_received = self.bytes_received = 0
        self.chunks_refused = self.duplicates_received = 0
        self._has_come = False
        self._ahead = Ranges()
        self._duplicates: list[int] = []
        self._packets = 0
        self._at_once = False
        self._due_s: float | None = None

    def start(self, initial_tsn: int) -> None:
        """The far end's first TSN; ignored once something has come."""
        if not self._has_come:
            self.cumulative_tsn = initial_tsn - 1
            self.started = True

    @property
    def window_bytes(self) -> int:
        """What is advertised."""
        if not self.reassembly.has_room():
            return 0
        return max(0, ADVERTISED_BYTES - self.reassembly.buffered_bytes)

    def take(
        self, flags: int, tsn: int, stream_id: int, ssn: int, ppid: int, payload: bytes
    ) -> list[Received]:
        """Take a DATA chunk; the messages that it completes."""
        cumulative = self.cumulative_tsn
        number = unwrap(tsn, cumulative)
        if flags & wire.IMMEDIATE:
            self._at_once = True
        if number <= cumulative or number in self._ahead:
            self._note_duplicate(tsn)
            return []
        buffered = self.reassembly.buffered_bytes
        if number != cumulative + 1:
            self._at_once = self._at_once or self._is_new_gap(number)
            if (
                buffered + len(payload) + CHUNK_COST_BYTES > BUFFER_BYTES
                or number - cumulative > MAX_AHEAD
                or len(self._ahead) >= MAX_RANGES
                or not self.reassembly.has_room()
            ):
                self.chunks_refused += 1  # it is not acknowledged, so it may come again
                return []
            self._ahead.add(number, number)
        elif buffered > 2 * BUFFER_BYTES or not self.reassembly.has_room(SPARE):
            self.chunks_refused += 1
            return []
        else:
            self._advance(number)
        self._has_come = True
        self.chunks_received += 1
        messages = self.reassembly.add(
            number, flags, stream_id, ssn, ppid, payload, cumulative_tsn=cumulative
        )
        if messages:
            self.messages_received += len(messages)
            self.bytes_received += sum(len(data) for _, _, data in messages)
        return messages

    def _is_new_gap(self, number: int) -> bool:
        last = self._ahead.last
        return last is None or number != last + 1

    def _note_duplicate(self, tsn: int) -> None:
        self.duplicates_received += 1
        self._at_once = True
        if len(self._duplicates) < MAX_DUPLICATES:
            self._duplicates.append(tsn)

    def _advance(self, number: int) -> None:
        following = self._ahead.first_range
        if following is not None and following[0] == number + 1:
            number = following[1]
            self._ahead.drop_to(number)
            self._at_once = True
        self.cumulative_tsn = number

    def take_forward_tsn(self, tsn: int, streams: list[tuple[int, int]]) -> list[Received]:
        """Take a FORWARD TSN; the messages whose turn it is by that."""
        self._at_once = True
        number = unwrap(tsn, self.cumulative_tsn)
        if number <= self.cumulative_tsn:
            return []
        self._has_come = True
        self._ahead.drop_to(number)
        self._advance(number)
        messages = self.reassembly.skip(self.cumulative_tsn, streams)
        self.messages_received += len(messages)
        self.bytes_received += sum(len(data) for _, _, data in messages)
        return messages

    def packet_done(self, now_s: float) -> None:
        """A packet with data was handled."""
        self._packets += 1
        if self._due_s is None:
            self._due_s = now_s + DELAY_S

    def sack_due_s(self) -> float | None:
        """When a SACK is due; None when nothing is to be said."""
        if self._at_once or self._packets >= PACKETS:
            return 0.0
        return self._due_s

    def sack(self) -> bytes:
        """The SACK chunk; what was due is done by it."""
        cumulative = self.cumulative_tsn
        gaps = [(first - cumulative, last - cumulative) for first, last in self._ahead.pairs(MAX_GAP_BLOCKS)]
        chunk = wire.sack_chunk(Sack(cumulative % MODULO, self.window_bytes, gaps, self._duplicates))
        self._duplicates = []
        self._packets, self._at_once, self._due_s = 0, False, None
        return chunk
