"""What the thumbnail gets of the path to an SFU."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.quality.sound import audio_share_kbps
from desktop_app.quality.thumbnail import LEAST_KBPS, MOST_KBPS, SHARE, thumbnail_kbps


@given(st.floats(0, 20_000), st.booleans())
def test_it_stays_within_its_bounds_and_leaves_most_to_the_camera(path_kbps: float, has_camera: bool) -> None:
    kbps = thumbnail_kbps(path_kbps, has_camera=has_camera)
    assert LEAST_KBPS <= kbps <= MOST_KBPS
    assert kbps <= thumbnail_kbps(path_kbps, has_camera=False)
    left = path_kbps - audio_share_kbps(path_kbps)
    if has_camera:
        assert kbps <= max(LEAST_KBPS, SHARE * left)


def test_a_wide_path_has_room_for_the_best_one() -> None:
    assert thumbnail_kbps(2000, has_camera=True) == MOST_KBPS
    assert thumbnail_kbps(400, has_camera=True) == SHARE * (400 - audio_share_kbps(400))
    assert thumbnail_kbps(400, has_camera=False) == MOST_KBPS
