"""Packets to whole frames, in order, and only such as can be decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .reception import MAX_DROPOUT, sequence_delta

if TYPE_CHECKING:
    from .vp8 import Vp8Payload

MAX_BUFFERED_PACKETS = 1024
MAX_KEYFRAME_TRIES = 8
"""So many keyframes that have begun in the buffer are looked at for each packet; a bound for hostile streams."""


@dataclass(frozen=True, slots=True)
class AssembledFrame:
    """One encoded frame, all of whose references were handed out before."""

    data: bytes
    timestamp: int
    """RTP timestamp, 32 bits."""
    keyframe: bool
    first_arrival_s: float


@dataclass(frozen=True, slots=True)
class _Packet:
    timestamp: int
    marker: bool
    payload: Vp8Payload | None
    """None: padding, which takes a sequence number and carries nothing."""
    arrival_s: float


class FrameAssembler:
    """Pure. A frame is complete at its marker bit (RFC 7741 4.1) or where the next frame starts.

    While a packet is missing everything behind it waits, since a VP8 frame refers to the one before. The owner
    decides when waiting has become useless and calls `give_up`; from then on frames are dropped up to the next
    keyframe. A complete keyframe that stands in the buffer ends the waiting at once.

    Args:
        counts_pictures: a frame whose picture id is not the one after the last one's refers to something else. An SFU
            that passes from one encoding to another does so before the other one's keyframe has come, and makes
            sequence numbers go on.
    """

    def __init__(self, *, counts_pictures: bool = False) -> None:
        self._counts_pictures = counts_pictures
        self._picture_id: int | None = None
        self._packets: dict[int, _Packet] = {}
        self._keyframe_starts: dict[int, None] = {}
        self._next: int | None = None
        self._highest: int | None = None
        self._first_missing: int | None = None
        self.needs_keyframe = True
        self.blocked_since_s: float | None = None
        """Since when the oldest missing packet holds up later ones; None when nothing does."""
        self.frames_dropped = 0

    def __len__(self) -> int:
        """Packets that wait."""
        return len(self._packets)

    @property
    def keyframe_since_s(self) -> float | None:
        """When the newest keyframe in the buffer began to come; None when there is none."""
        arrivals = [self._packets[start].arrival_s for start in self._keyframe_starts]
        return max(arrivals, default=None)

    @property
    def next_sequence_number(self) -> int | None:
        """The first packet that was not handed out yet."""
        return self._next

    def add(
        self, sequence_number: int, timestamp: int, marker: bool, payload: Vp8Payload | None, arrival_s: float
    ) -> list[AssembledFrame]:
        """Take one packet (any order, duplicates too); returns the frames that became complete."""
        expected = self._next if self._next is not None else self._highest
        if expected is not None:
            ahead = sequence_delta(sequence_number, expected)
            if abs(ahead) > MAX_DROPOUT:
                self.restart()
            elif self._next is not None and ahead < 0:
                return []  # handed out or given up before
        if sequence_number in self._packets:
            return []
        self._insert(sequence_number, _Packet(timestamp, marker, payload, arrival_s))
        frames: list[AssembledFrame] = []
        while (frame := self._take()) is not None:
            frames.append(frame)
        self._note_blockage()
        return frames

    def give_up(self) -> None:
        """What is missing will not come: wait for a keyframe."""
        self.blocked_since_s = self._first_missing = None
        if not self.needs_keyframe:
            self.needs_keyframe = True
            self.frames_dropped += 1

    def restart(self) -> None:
        """What follows has nothing to do with what came before: another source, other sequence numbers."""
        self._packets.clear()
        self._keyframe_starts.clear()
        self._next = self._highest = self._picture_id = None
        self.give_up()

    def _insert(self, sequence_number: int, packet: _Packet) -> None:
        if self._highest is None or sequence_delta(sequence_number, self._highest) > 0:
            self._highest = sequence_number
        if len(self._packets) >= MAX_BUFFERED_PACKETS:
            self.give_up()
            self._forget_before(self._highest)
        self._packets[sequence_number] = packet
        if packet.payload is not None and packet.payload.keyframe:
            self._keyframe_starts[sequence_number] = None
            if len(self._keyframe_starts) > MAX_KEYFRAME_TRIES:
                del self._keyframe_starts[next(iter(self._keyframe_starts))]

    def _note_blockage(self) -> None:
        if self.needs_keyframe or not self._has_gap():
            self.blocked_since_s = self._first_missing = None
            return
        assert self._next is not None
        number = self._first_missing
        if number is None or sequence_delta(number, self._next) < 0:
            number = self._next
        while number in self._packets:
            number = (number + 1) & 0xFFFF
        if number != self._first_missing:
            self._first_missing = number
            self.blocked_since_s = min(
                packet.arrival_s
                for later, packet in self._packets.items()
                if sequence_delta(later, number) > 0
            )

    def _has_gap(self) -> bool:
        # Everything in the buffer lies between the two, and nothing twice.
        if self._next is None or self._highest is None:
            return False
        return len(self._packets) < sequence_delta(self._highest, self._next) + 1

    def _take(self) -> AssembledFrame | None:
        if self._next is not None and not self.needs_keyframe:
            while (packet := self._packets.get(self._next)) is not None and packet.payload is None:
                del self._packets[self._next]
                self._next = (self._next + 1) & 0xFFFF
            frame = self._complete_from(self._next)
            if frame is not None and self._is_whole(frame[1]) and self._follows(frame[1][0]):
                return self._hand_out(*frame)
            if frame is not None:
                self.give_up()
            elif packet is not None and packet.payload is not None and not packet.payload.frame_start:
                self.give_up()  # not a stream that could be decoded from here on
            elif not self._has_gap():
                return None
        return self._take_keyframe()

    def _is_whole(self, packets: list[_Packet]) -> bool:
        # An SFU that passes to another encoding does so between any two packets; what it leaves of the picture
        # before has no marker, which every sender sets (RFC 7741 4.1).
        return packets[-1].marker or not self._counts_pictures

    def _follows(self, first: _Packet) -> bool:
        payload, last = first.payload, self._picture_id
        if not self._counts_pictures or payload is None or payload.keyframe:
            return True
        if payload.picture_id is None or last is None:
            return True
        bits = 0x7F if max(payload.picture_id, last) <= 0x7F else 0x7FFF
        return (payload.picture_id - last) & bits == 1

    def _take_keyframe(self) -> AssembledFrame | None:
        highest = self._highest
        if highest is None:
            return None
        for start in sorted(self._keyframe_starts, key=lambda number: sequence_delta(number, highest)):
            frame = self._complete_from(start)
            if frame is not None and self._is_whole(frame[1]):
                self.needs_keyframe = False
                return self._hand_out(*frame)
        return None

    def _complete_from(self, start: int) -> tuple[int, list[_Packet]] | None:
        """The sequence number after the frame at `start`, and its packets; None while it is incomplete."""
        first = self._packets.get(start)
        if first is None or first.payload is None or not first.payload.frame_start:
            return None
        packets = [first]
        number = start
        while not packets[-1].marker:
            number = (number + 1) & 0xFFFF
            packet = self._packets.get(number)
            if packet is None:
                return None
            if packet.payload is None:
                continue
            if packet.timestamp != first.timestamp:
                return number, packets  # a sender that sets no marker
            packets.append(packet)
        return (number + 1) & 0xFFFF, packets

    def _hand_out(self, after: int, packets: list[_Packet]) -> AssembledFrame:
        self._forget_before(after)
        self._next = after
        payloads = [packet.payload for packet in packets if packet.payload is not None]
        self._picture_id = payloads[0].picture_id
        return AssembledFrame(
            data=b"".join(payload.data for payload in payloads),
            timestamp=packets[0].timestamp,
            keyframe=payloads[0].keyframe,
            first_arrival_s=min(packet.arrival_s for packet in packets),
        )

    def _forget_before(self, sequence_number: int) -> None:
        for number in [n for n in self._packets if sequence_delta(n, sequence_number) < 0]:
            del self._packets[number]
            self._keyframe_starts.pop(number, None)
