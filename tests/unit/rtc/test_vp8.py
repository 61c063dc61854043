"""The VP8 payload descriptor (RFC 7741) and cutting frames into packets."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.vp8 import MAX_PAYLOAD_BYTES, packetize, parse_payload, renumbered

KEYFRAME_DATA = b"\x10\x02\x00\x9d\x01\x2a"
"""P bit 0."""


@given(st.binary(max_size=40))
def test_hostile_payloads_are_parsed_or_refused_with_a_value_error(payload: bytes) -> None:
    with contextlib.suppress(ValueError):
        parsed = parse_payload(payload)
        assert parsed.data
        assert payload.endswith(parsed.data)
        assert parsed.picture_id is None or 0 <= parsed.picture_id < 1 << 15


@given(st.binary(min_size=1, max_size=6000), st.integers(0, 100_000))
def test_cut_and_joined_a_frame_is_what_it_was(frame: bytes, picture_id: int) -> None:
    payloads = packetize(frame, picture_id)
    parsed = [parse_payload(payload) for payload in payloads]
    assert b"".join(part.data for part in parsed) == frame
    assert [part.frame_start for part in parsed] == [True] + [False] * (len(parsed) - 1)
    assert {part.picture_id for part in parsed} == {picture_id & 0x7FFF}
    assert parsed[0].keyframe == (not frame[0] & 1)
    assert not any(part.keyframe for part in parsed[1:])


@given(st.integers(1, 200_000))
def test_packets_are_of_about_equal_size_and_never_too_large(frame_bytes: int) -> None:
    sizes = [len(payload) for payload in packetize(bytes(frame_bytes), 0)]
    assert max(sizes) <= MAX_PAYLOAD_BYTES
    assert len(sizes) == -(-frame_bytes // (MAX_PAYLOAD_BYTES - 4))
    assert max(sizes) - min(sizes) <= len(sizes)


@pytest.mark.parametrize(
    ("descriptor", "picture_id"),
    [
        (b"\x10", None),
        (b"\x90\x80\x2a", 42),
        (b"\x90\x80\x81\x02", 0x102),
        (b"\x90\xe0\x81\x02\x07\x40", 0x102),  # with TL0PICIDX and TID
        (b"\x90\x40\x07", None),
        (b"\x90\x10\x05", None),
    ],
)
def test_every_form_of_the_descriptor_is_understood(descriptor: bytes, picture_id: int | None) -> None:
    parsed = parse_payload(descriptor + KEYFRAME_DATA)
    assert parsed.picture_id == picture_id
    assert parsed.data == KEYFRAME_DATA
    assert parsed.frame_start
    assert parsed.keyframe


def test_a_later_partition_or_a_middle_packet_starts_no_frame() -> None:
    assert not parse_payload(b"\x11" + KEYFRAME_DATA).frame_start
    assert not parse_payload(b"\x00" + KEYFRAME_DATA).frame_start


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x10", b"\x90", b"\x90\x80", b"\x90\x80\x81", b"\x90\x80\x81\x02", b"\x90\xf0\x81\x02\x01\x02"],
)
def test_a_cut_off_descriptor_or_one_without_data_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="VP8 payload"):
        parse_payload(payload)


@given(st.binary(min_size=1, max_size=5000), st.integers(0, 0x7FFF), st.integers(0, 0x7FFF))
def test_another_picture_id_changes_nothing_else(frame: bytes, old: int, new: int) -> None:
    assert renumbered(packetize(frame, old), new) == packetize(frame, new)
