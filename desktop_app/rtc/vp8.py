"""VP8 in RTP (RFC 7741): the payload descriptor, and cutting a frame into packets."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PAYLOAD_BYTES = 1150
"""RTP payload bound: with the RTP header and its extensions (26), RTX (2), SRTP (16), TURN (36), UDP (8) and
IPv6 (40) a packet fits into the 1280 bytes that every IPv6 link carries."""
MAX_PICTURE_ID = 0x7FFF
_HEADER_BYTES = 4


@dataclass(frozen=True, slots=True)
class Vp8Payload:
    """One packet's VP8 data."""

    frame_start: bool
    """S is set and the partition index is 0: the first packet of a frame."""
    picture_id: int | None
    data: bytes

    @property
    def keyframe(self) -> bool:
        """True for the first packet of a keyframe (RFC 7741 4.3, the inverse P bit)."""
        return self.frame_start and len(self.data) > 0 and not self.data[0] & 1


def parse_payload(payload: bytes) -> Vp8Payload:
    """Split the descriptor from the data.

    Raises:
        ValueError: the descriptor is cut off or there is no data.
    """
    try:
        first = payload[0]
        position = 1
        picture_id: int | None = None
        if first & 0x80:
            extension = payload[1]
            position = 2
            if extension & 0x80:
                if payload[position] & 0x80:
                    picture_id = (payload[position] & 0x7F) << 8 | payload[position + 1]
                    position += 2
                else:
                    picture_id = payload[position]
                    position += 1
            if extension & 0x40:
                position += 1
            if extension & 0x30:
                position += 1
    except IndexError:
        raise ValueError("the VP8 payload descriptor is cut off") from None
    if position >= len(payload):
        raise ValueError("the VP8 payload has no data")
    return Vp8Payload(bool(first & 0x10) and not first & 0x07, picture_id, payload[position:])


def packetize(frame: bytes, picture_id: int) -> list[bytes]:
    """Cut an encoded frame into RTP payloads of about equal size, at most MAX_PAYLOAD_BYTES each.

    Equal sizes (instead of full packets and a small rest) make every packet equally likely to survive.
    """
    room = MAX_PAYLOAD_BYTES - _HEADER_BYTES
    count = max(1, -(-len(frame) // room))
    size = -(-len(frame) // count)
    pid = _picture_id_bytes(picture_id)
    payloads = []
    for index in range(count):
        first = 0x90 if index == 0 else 0x80  # X, and S on the first packet
        payloads.append(bytes((first, 0x80)) + pid + frame[index * size : (index + 1) * size])
    return payloads


def renumbered(payloads: list[bytes], picture_id: int) -> list[bytes]:
    """The payloads that `packetize` made, with another picture id."""
    pid = _picture_id_bytes(picture_id)
    return [payload[:2] + pid + payload[_HEADER_BYTES:] for payload in payloads]


def _picture_id_bytes(picture_id: int) -> bytes:
    return (0x8000 | (picture_id & MAX_PICTURE_ID)).to_bytes(2, "big")
