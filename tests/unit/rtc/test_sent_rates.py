"""From IP packets to payload."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.sent_rates import PACKET_OVERHEAD_BYTES, PICTURE_SHARE, SentRates


def test_headers_of_sound_and_pictures_are_left_out() -> None:
    rates = SentRates()
    for index in range(50):
        rates.add(index / 50, "audio", 80)
        rates.add(index / 50, "video", 438)
    sound_kbps = 50 * 80 * 8 / 1000
    headers_kbps = 50 * PACKET_OVERHEAD_BYTES * 8 / 1000
    pictures_kbps = 50 * 438 * 8 / 1000
    whole_kbps = sound_kbps + pictures_kbps + 2 * headers_kbps
    assert rates.payload_kbps(0.99, whole_kbps) == pytest.approx(sound_kbps + pictures_kbps)


def test_before_anything_was_sent_pictures_are_taken_to_fill_their_packets() -> None:
    assert SentRates().payload_kbps(0.0, 600.0) == pytest.approx(600 * PICTURE_SHARE)


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.sampled_from(["audio", "video"]), st.integers(0, 1200)), max_size=50
    ),
    st.floats(30, 10_000),
)
def test_payload_is_positive_and_less_than_the_whole(
    packets: list[tuple[float, str, int]], kbps: float
) -> None:
    rates = SentRates()
    for at_s, kind, size in sorted(packets):
        rates.add(at_s, kind, size)
    assert 0 <= rates.payload_kbps(5.0, kbps) <= kbps + 1e-6
