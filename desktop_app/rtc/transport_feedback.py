"""Transport-wide congestion control feedback: which packets of a connection came, and when.

The RTCP message of draft-holmer-rmcat-transport-wide-cc-extensions-01 (RTPFB, FMT 15), and the receiver's side of it.
Every RTP packet of a connection, whatever its stream, bears a number from one 16 bit counter; the receiver answers
with the arrival time of each to a quarter of a millisecond. Pure: bytes and times in, bytes and times out.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

from .reception import sequence_delta

URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
FEEDBACK_TYPE = "transport-cc"
"""As in SDP's rtcp-fb."""
FORMAT = 15
_RTPFB = 205
_HEADER = struct.Struct("!BBHLLHH")
"""Common header, sender's and media SSRC, base sequence number, packet status count."""

TICK_US = 250
REFERENCE_US = 64_000
_REFERENCE_WRAP = 1 << 24
MAX_PACKETS = 2048
"""In one message. A receiver that answers four times a second stays below it up to 8000 packets a second."""
MESSAGE_PACKETS = 400
"""In one message of ours, so that it fits into a packet however the times are spread."""
_RUN_MAX = 0x1FFF
_LATE_PACKETS = 512
"""A packet that comes so much later than its neighbours is reported all the same."""
_REMEMBERED = 2048
REPEATED_MESSAGES = 2
"""Each message tells again what so many before it told: where packets get lost, messages do, too, and what the sender
does not hear of the last tenths of a second it cannot measure."""

_NOT_RECEIVED, _SMALL, _LARGE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """One message."""

    base_sequence: int
    """16 bits: the number of the first packet that is spoken of."""
    count: int
    """Of the packets that are spoken of, received or not; at most MAX_PACKETS."""
    reference_us: int
    """What the arrival times count from; wraps after 2^24 * 64 ms."""
    arrivals_us: dict[int, int]
    """Arrival after `reference_us` by distance from `base_sequence`; a packet that is not here did not come."""


def parse(data: bytes) -> TransportFeedback:
    """Read one RTCP packet (with its header, without padding).

    Raises:
        ValueError: it is cut off, or speaks of more packets than MAX_PACKETS.
    """
    if len(data) < _HEADER.size + 4:
        raise ValueError("transport feedback is cut off")
    *_, base, count = _HEADER.unpack_from(data)
    if count > MAX_PACKETS:
        raise ValueError(f"transport feedback on {count} packets at once")
    reference = int.from_bytes(data[_HEADER.size : _HEADER.size + 3], "big")
    position = _HEADER.size + 4
    symbols: list[int] = []
    while len(symbols) < count:
        if position + 2 > len(data):
            raise ValueError("transport feedback has too few chunks")
        symbols += _chunk_symbols(int.from_bytes(data[position : position + 2], "big"), count - len(symbols))
        position += 2
    arrivals_us: dict[int, int] = {}
    at_us = 0
    for index, symbol in enumerate(symbols[:count]):
        if symbol == _NOT_RECEIVED:
            continue
        size = 1 if symbol == _SMALL else 2
        if symbol > _LARGE or position + size > len(data):
            raise ValueError("transport feedback has too few arrival times")
        at_us += int.from_bytes(data[position : position + size], "big", signed=symbol == _LARGE) * TICK_US
        position += size
        arrivals_us[index] = at_us
    return TransportFeedback(base, count, reference * REFERENCE_US, arrivals_us)


def _chunk_symbols(chunk: int, wanted: int) -> list[int]:
    if not chunk & 0x8000:  # run length
        return [chunk >> 13 & 3] * min(chunk & _RUN_MAX, wanted)
    if chunk & 0x4000:  # seven symbols of two bits
        return [chunk >> shift & 3 for shift in range(12, -1, -2)]
    return [chunk >> shift & 1 for shift in range(13, -1, -1)]


def build(
    *,
    sender_ssrc: int,
    media_ssrc: int,
    message_number: int,
    base_sequence: int,
    arrivals_us: list[int | None],
) -> tuple[bytes, int]:
    """The RTCP packet, and how many of the packets found room in it.

    Args:
        sender_ssrc: ours.
        media_ssrc: any of the far end's.
        message_number: counts messages; 8 bits of it are sent.
        base_sequence: of the first packet.
        arrivals_us: of each packet from `base_sequence` on, any monotonic clock; None for those that did not come.
    """
    reference = next((each for each in arrivals_us if each is not None), 0) // REFERENCE_US
    symbols: list[int] = []
    deltas = bytearray()
    last_tick = reference * REFERENCE_US // TICK_US
    for arrival_us in arrivals_us[:MAX_PACKETS]:
        if arrival_us is None:
            symbols.append(_NOT_RECEIVED)
            continue
        delta = arrival_us // TICK_US - last_tick
        if not -0x8000 <= delta <= 0x7FFF:
            break  # the next message takes it up, with a reference of its own
        last_tick += delta
        if 0 <= delta <= 0xFF:
            symbols.append(_SMALL)
            deltas.append(delta)
        else:
            symbols.append(_LARGE)
            deltas += delta.to_bytes(2, "big", signed=True)
    body = b"".join(chunk.to_bytes(2, "big") for chunk in _chunks(symbols)) + bytes(deltas)
    tail = (reference % _REFERENCE_WRAP).to_bytes(3, "big") + bytes((message_number & 0xFF,)) + body
    padding = -len(tail) % 4
    words = (_HEADER.size + len(tail) + padding) // 4 - 1
    first = 0x80 | (0x20 if padding else 0) | FORMAT
    header = _HEADER.pack(first, _RTPFB, words, sender_ssrc, media_ssrc, base_sequence & 0xFFFF, len(symbols))
    # RFC 3550 6.4.1: the last byte of the padding is its length.
    return header + tail + (b"\0" * (padding - 1) + bytes((padding,)) if padding else b""), len(symbols)


def _chunks(symbols: list[int]) -> list[int]:
    chunks = []
    position = 0
    while position < len(symbols):
        symbol = symbols[position]
        run = 1
        while run < _RUN_MAX and position + run < len(symbols) and symbols[position + run] == symbol:
            run += 1
        if run >= 7 or position + run == len(symbols):
            chunks.append(symbol << 13 | run)
            position += run
            continue
        vector = symbols[position : position + 7]
        vector += [_NOT_RECEIVED] * (7 - len(vector))
        chunk = 0xC000
        for index, each in enumerate(vector):
            chunk |= each << (12 - 2 * index)
        chunks.append(chunk)
        position += 7
    return chunks


def split_compound(data: bytes) -> tuple[list[bytes], bytes]:
    """Transport feedback messages (without their padding), and all that is left of a compound RTCP packet.

    What is malformed stays in the rest, for whoever judges RTCP.
    """
    found: list[bytes] = []
    rest = bytearray()
    position = 0
    while position + 4 <= len(data):
        first, kind, words = struct.unpack_from("!BBH", data, position)
        end = position + 4 * (words + 1)
        if first >> 6 != 2 or end > len(data):
            break
        packet = data[position:end]
        if kind == _RTPFB and first & 0x1F == FORMAT:
            padding = packet[-1] if first & 0x20 else 0
            found.append(packet[: len(packet) - padding])
        else:
            rest += packet
        position = end
    return found, bytes(rest) + data[position:]


class FeedbackCollector:
    """The receiver's side: notes arrivals and says what to report. Bounded, whatever comes."""

    def __init__(self) -> None:
        self._arrivals_us: dict[int, int] = {}  # by unwrapped number
        self._highest: int | None = None
        self._from = 0
        self._begins: deque[int] = deque(maxlen=REPEATED_MESSAGES)
        self._messages = 0

    def __bool__(self) -> bool:
        """Whether something came that was not reported yet."""
        return self._highest is not None and self._from <= self._highest

    def add(self, sequence: int, arrival_s: float) -> None:
        """Take the number of one packet, and when it came by any monotonic clock."""
        if self._highest is None:
            self._highest = self._from = sequence
        unwrapped = self._highest + sequence_delta(sequence, self._highest & 0xFFFF)
        if abs(unwrapped - self._highest) > MAX_PACKETS:  # another counter
            self._arrivals_us.clear()
            self._from = unwrapped
            self._highest = unwrapped
            self._begins.clear()
        elif unwrapped < self._from - _LATE_PACKETS or unwrapped in self._arrivals_us:
            return
        self._arrivals_us[unwrapped] = int(arrival_s * 1e6)
        self._highest = max(self._highest, unwrapped)
        self._from = max(min(self._from, unwrapped), self._highest - MAX_PACKETS)
        while len(self._arrivals_us) > _REMEMBERED:
            del self._arrivals_us[min(self._arrivals_us)]

    def take(self, *, sender_ssrc: int, media_ssrc: int) -> list[bytes]:
        """RTCP messages on everything since the last call."""
        messages: list[bytes] = []
        if not self:
            return messages
        begin = self._from
        if self._begins:
            self._from = max(min(self._begins[0], begin), begin - _LATE_PACKETS)
        self._begins.append(begin)
        while self:
            assert self._highest is not None
            numbers = range(self._from, min(self._highest + 1, self._from + MESSAGE_PACKETS))
            data, taken = build(
                sender_ssrc=sender_ssrc,
                media_ssrc=media_ssrc,
                message_number=self._messages,
                base_sequence=self._from,
                arrivals_us=[self._arrivals_us.get(number) for number in numbers],
            )
            messages.append(data)
            self._messages += 1
            self._from += taken
        if self._highest is not None:
            floor = self._highest - _LATE_PACKETS
            for number in [each for each in self._arrivals_us if each < floor]:
                del self._arrivals_us[number]
        return messages
