"""Packets to whole frames, in order, and only such as can be decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .reception import sequence_delta

if TYPE_CHECKING:
    from .vp8 import Vp8Payload

MAX_BUFFERED_PACKETS = 1024


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
    """

    def __init__(self) -> None:
        self._packets: dict[int, _Packet] = {}
        self._next: int | None = None
        self._highest: int | None = None
        self.needs_keyframe = True
        self.blocked_since_s: float | None = None
        """Since when a missing packet holds up later ones; None when nothing does."""
        self.frames_dropped = 0

    @property
    def next_sequence_number(self) -> int | None:
        """The first packet that was not handed out yet."""
        return self._next

    def add(
        self, sequence_number: int, timestamp: int, marker: bool, payload: Vp8Payload | None, arrival_s: float
    ) -> list[AssembledFrame]:
        """Take one packet (any order, duplicates too); returns the frames that became complete."""
        if self._next is not None and sequence_delta(sequence_number, self._next) < 0:
            return []
        if sequence_number in self._packets:
            return []
        self._packets[sequence_number] = _Packet(timestamp, marker, payload, arrival_s)
        if self._highest is None or sequence_delta(sequence_number, self._highest) > 0:
            self._highest = sequence_number
        if len(self._packets) > MAX_BUFFERED_PACKETS:
            self.give_up()
            self._forget_before(self._highest)
        frames: list[AssembledFrame] = []
        while (frame := self._take()) is not None:
            frames.append(frame)
        self._note_blockage(arrival_s)
        return frames

    def give_up(self) -> None:
        """What is missing will not come: wait for a keyframe."""
        if not self.needs_keyframe:
            self.needs_keyframe = True
            self.frames_dropped += 1

    def _note_blockage(self, now_s: float) -> None:
        waiting = bool(self._packets) and (self.needs_keyframe or self._next not in self._packets)
        if not waiting:
            self.blocked_since_s = None
        elif self.blocked_since_s is None:
            self.blocked_since_s = now_s

    def _take(self) -> AssembledFrame | None:
        if self._next is not None and not self.needs_keyframe:
            while (packet := self._packets.get(self._next)) is not None and packet.payload is None:
                del self._packets[self._next]
                self._next = (self._next + 1) & 0xFFFF
            frame = self._complete_from(self._next)
            if frame is not None:
                return self._hand_out(*frame)
        return self._take_keyframe()

    def _take_keyframe(self) -> AssembledFrame | None:
        if not self._packets or self._highest is None:
            return None
        highest = self._highest
        starts = [
            number
            for number, packet in self._packets.items()
            if packet.payload is not None and packet.payload.keyframe
        ]
        for start in sorted(starts, key=lambda number: sequence_delta(number, highest)):
            frame = self._complete_from(start)
            if frame is not None:
                skipped = self._next is not None and start != self._next
                self._forget_before(start)
                self.needs_keyframe = False
                if skipped:
                    self.blocked_since_s = None
                return self._hand_out(*frame)
        return None

    def _complete_from(self, start: int) -> tuple[int, list[_Packet]] | None:
        """The packets of the frame at `start` and the sequence number after it; None while incomplete."""
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
        return AssembledFrame(
            data=b"".join(payload.data for payload in payloads),
            timestamp=packets[0].timestamp,
            keyframe=payloads[0].keyframe,
            first_arrival_s=min(packet.arrival_s for packet in packets),
        )

    def _forget_before(self, sequence_number: int) -> None:
        for number in [n for n in self._packets if sequence_delta(n, sequence_number) < 0]:
            del self._packets[number]
