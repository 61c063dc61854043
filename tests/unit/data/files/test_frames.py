"""Binary messages of the bulk channel."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.data.channels import MAX_CHUNK_BYTES
from desktop_app.data.files.frames import MAX_OFFSET, Frame, FrameError, Kind, pack, parse

NUMBERS = st.integers(0, 2**32 - 1)
OFFSETS = st.integers(0, 2**52)


@given(
    st.one_of(
        st.builds(Frame, st.just(Kind.BEGIN), NUMBERS, OFFSETS),
        st.builds(Frame, st.just(Kind.DATA), NUMBERS, OFFSETS, st.binary(min_size=1, max_size=100)),
        st.builds(Frame, st.just(Kind.END), NUMBERS, OFFSETS, st.binary(min_size=32, max_size=32)),
    )
)
def test_a_frame_survives_the_way(frame: Frame) -> None:
    assert parse(pack(frame)) == frame


def test_the_layout_is_that_of_the_document() -> None:
    assert (
        pack(Frame(Kind.DATA, 7, 258, b"xyz")) == b"\x02" + b"\0\0\0\x07" + b"\0\0\0\0\0\0\x01\x02" + b"xyz"
    )


@given(st.binary(max_size=80))
def test_whatever_comes_is_a_frame_or_a_frame_error(message: bytes) -> None:
    try:
        frame = parse(message)
    except FrameError:
        return
    assert pack(frame) == message


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x01" * 12,
        struct.pack("!BIQ", 0, 1, 0),
        struct.pack("!BIQ", 4, 1, 0),
        struct.pack("!BIQ", 1, 1, 0) + b"x",
        struct.pack("!BIQ", 2, 1, 0),
        struct.pack("!BIQ", 2, 1, 0) + bytes(MAX_CHUNK_BYTES + 1),
        struct.pack("!BIQ", 2, 1, MAX_OFFSET) + b"x",
        struct.pack("!BIQ", 2, 1, 2**64 - 1) + b"x",
        struct.pack("!BIQ", 3, 1, 5) + bytes(31),
    ],
)
def test_what_is_wrong_is_refused(message: bytes) -> None:
    with pytest.raises(FrameError):
        parse(message)
