"""Which part of the board is seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.board.viewport import MAX_SCALE, MIN_SCALE, Viewport, fit

PLACES = st.floats(-1e5, 1e5)
VIEWPORTS = st.builds(Viewport, st.floats(MIN_SCALE, MAX_SCALE), PLACES, PLACES)
PIXELS = st.floats(0, 4000)


@given(VIEWPORTS, PIXELS, PIXELS)
def test_there_and_back(viewport: Viewport, x: float, y: float) -> None:
    assert viewport.to_widget(*viewport.to_board(x, y)) == pytest.approx((x, y), abs=1e-3)


@given(VIEWPORTS, st.floats(0.1, 10), PIXELS, PIXELS)
def test_zooming_keeps_what_is_under_the_mouse(viewport: Viewport, factor: float, x: float, y: float) -> None:
    zoomed = viewport.zoomed(factor, x, y)
    assert MIN_SCALE <= zoomed.scale <= MAX_SCALE
    assert zoomed.to_widget(*viewport.to_board(x, y)) == pytest.approx((x, y), abs=1e-2)


@given(VIEWPORTS, st.sampled_from((1.0, 1.25, 1.5, 2.0)))
def test_a_snapped_viewport_begins_on_a_device_pixel(viewport: Viewport, ratio: float) -> None:
    snapped = viewport.snapped(ratio)
    pixel = snapped.left * viewport.scale * ratio
    assert pixel == pytest.approx(round(pixel), abs=1e-3)
    assert abs(snapped.left - viewport.left) * viewport.scale * ratio <= 0.51


@given(PLACES, PLACES, st.floats(1, 1e4), st.floats(1, 1e4))
def test_everything_fits(left: float, top: float, width: float, height: float) -> None:
    viewport = fit((left, top, width, height), 800, 600)
    for x, y in ((left, top), (left + width, top + height)):
        px, py = viewport.to_widget(x, y)
        assert -1 <= px <= 801
        assert -1 <= py <= 601


def test_the_paper_has_an_end() -> None:
    far = Viewport(1.0, 0, 0).panned(-1e9, 1e9)
    assert (far.left, far.top) == (1e6, -1e6)


def test_steps_there_and_back_come_to_100_percent() -> None:
    viewport = Viewport()
    for factor in (1.2, 1.2, 1 / 1.2, 1 / 1.2):
        viewport = viewport.zoomed(factor, 100, 100)
    assert viewport.scale == 1.0
