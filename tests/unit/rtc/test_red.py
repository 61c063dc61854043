"""RED payloads: what is built is read again, and nothing that is read can do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc import red
from desktop_app.rtc.red import MAX_AGE, MAX_COPIES, MAX_COPY_BYTES, Copy

PAYLOAD_TYPE = 111

copies_strategy = st.lists(
    st.builds(Copy, st.integers(1, MAX_AGE), st.binary(min_size=1, max_size=MAX_COPY_BYTES)),
    max_size=MAX_COPIES,
)


def test_a_packet_with_one_copy_is_as_rfc_2198_has_it() -> None:
    payload = red.build(b"new", [Copy(960, b"older")], PAYLOAD_TYPE)
    # F=1, type 111, offset 960 (14 bits), length 5 (10 bits); F=0, type 111; the blocks.
    assert payload == bytes((0x80 | 111, 0x0F, 0x00, 0x05, 111)) + b"older" + b"new"


@given(st.binary(max_size=1275), copies_strategy, st.integers(0, 127))
def test_what_is_built_is_read_again(primary: bytes, copies: list[Copy], payload_type: int) -> None:
    assert red.parse(red.build(primary, copies, payload_type), payload_type) == (primary, copies)


@pytest.mark.parametrize(
    ("copy", "fitting"),
    [
        (Copy(1, b"x"), True),
        (Copy(MAX_AGE, b"x" * MAX_COPY_BYTES), True),
        (Copy(MAX_AGE + 1, b"x"), False),
        (Copy(0, b"x"), False),
        (Copy(-960, b"x"), False),
        (Copy(960, b"x" * (MAX_COPY_BYTES + 1)), False),
        (Copy(960, b""), False),
    ],
)
def test_what_the_header_cannot_say_does_not_fit(copy: Copy, fitting: bool) -> None:
    assert red.fits(copy) == fitting


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        bytes((0x80 | 111, 0, 0)),  # cut off in a header
        bytes((0x80 | 111, 0x0F, 0, 5)),  # no primary header
        bytes((0x80 | 111, 0x0F, 0, 5, 111)) + b"abc",  # shorter than said
        bytes((96,)) + b"abc",  # of another type
        bytes((0x80 | 111, 0x0F, 0, 0)) * 20 + bytes((111,)),  # headers without end
    ],
)
def test_what_is_malformed_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="RED"):
        red.parse(payload, PAYLOAD_TYPE)


def test_copies_of_other_types_of_no_age_and_of_no_length_are_left_out() -> None:
    payload = (
        bytes((0x80 | 13, 0x0F, 0x00, 2))
        + bytes((0x80 | 111, 0x00, 0x00, 2))
        + bytes((0x80 | 111, 0x0F, 0x00, 0))
        + bytes((0x80 | 111, 0x0F, 0x00, 1))
        + bytes((111,))
        + b"aabbcnew"
    )
    assert red.parse(payload, PAYLOAD_TYPE) == (b"new", [Copy(960, b"c")])


@given(st.binary(max_size=200))
def test_hostile_bytes_are_refused_or_bounded(data: bytes) -> None:
    try:
        primary, copies = red.parse(data, PAYLOAD_TYPE)
    except ValueError:
        return
    assert len(primary) + sum(len(copy.payload) for copy in copies) < len(data)
    assert len(copies) <= MAX_COPIES
    assert all(red.fits(copy) for copy in copies)
