"""From grabbed pixels to pictures: size, sharpness, and nothing for what stands still."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.media.errors import DeviceError
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.media.picture import planes_of
from desktop_app.media.screen.capture import ScreenCapture
from desktop_app.media.screen.open import MOST
from desktop_app.media.screen.reader import STILL_S, ScreenReader, picture_of, preview_of
from desktop_app.media.screen.source import Grabbed, screen_format
from desktop_app.media.screen.windows import draw_cursor
from desktop_app.media.screen.x11 import Cursor
from desktop_app.media.source_status import SourceState, SourceStatus
from desktop_app.media.video_source import VideoFormat
from tests.waiting import eventually

FAST = VideoFormat(1280, 720, 60)


def grabbed(width: int, height: int, bgr: tuple[int, int, int] = (0, 0, 255)) -> Grabbed:
    pixels = np.zeros((height, width, 4), dtype=np.uint8)
    pixels[..., :3] = bgr
    return Grabbed(bytearray(pixels.tobytes()), width, height)


class Shown:
    """A Grabber of what a test says."""

    def __init__(self, first: Grabbed | None) -> None:
        self.shows = first
        self.gone = ""
        self.closed = False
        self.grabs = 0

    def grab(self) -> Grabbed | None:
        self.grabs += 1
        if self.gone:
            raise DeviceError(self.gone)
        return self.shows

    def close(self) -> None:
        self.closed = True


@given(st.integers(32, 8000), st.integers(32, 8000))
def test_the_ratio_is_kept_within_the_largest_size(width: int, height: int) -> None:
    sent_width, sent_height = screen_format(width, height, MOST)
    assert sent_width % 2 == sent_height % 2 == 0
    assert sent_width <= MOST.width_px
    assert sent_height <= MOST.height_px
    assert min(sent_width, sent_height) >= 16
    scale = min(1.0, MOST.width_px / width, MOST.height_px / height)
    if min(sent_width, sent_height) > 16:
        assert abs(sent_width - width * scale) <= 2
        assert abs(sent_height - height * scale) <= 2


@pytest.mark.parametrize("size", [(501, 301), (1920, 1080), (640, 480), (3440, 1440)])
def test_colours_survive(size: tuple[int, int]) -> None:
    picture = picture_of(grabbed(*size), MOST)
    planes = planes_of(picture)
    assert picture.shape[1], picture.shape[0] * 2 // 3 == screen_format(*size, MOST)
    assert abs(int(planes.y[5, 5]) - 82) <= 2  # BT.601's red
    assert abs(int(planes.v[5, 5]) - 240) <= 2


def test_an_own_size_is_not_blurred() -> None:
    image = grabbed(401, 301, (0, 0, 0))
    pixels = np.frombuffer(image.pixels, dtype=np.uint8).reshape(301, 401, 4)
    pixels[::2] = 255
    luma = planes_of(picture_of(image, MOST)).y
    assert luma.shape == (300, 400)
    assert set(np.unique(luma)) == {16, 235}


def test_a_preview_is_small_and_in_rgb() -> None:
    preview = preview_of(grabbed(1920, 1080))
    assert (preview.width_px, preview.height_px) == (240, 135)
    assert preview.rgb[:3] == bytes((255, 0, 0))
    assert len(preview.rgb) == 3 * 240 * 135


def test_what_stands_still_is_passed_on_seldom_until_it_changes_or_is_asked_for() -> None:
    screen = Shown(grabbed(64, 48))
    reader = ScreenReader(screen, FAST, threading.Event())
    first = reader.read(1.0)
    assert first is not None
    begun_s = first.captured_at_s
    times = [begun_s]
    while times[-1] < begun_s + 3.0:
        before = screen.grabs
        if (timed := reader.read(1.0)) is not None:
            assert timed.picture is first.picture, "it was not converted again"
            times.append(timed.captured_at_s)
        assert screen.grabs <= before + 1
    late = [at_s for at_s in times if at_s > begun_s + 1.2]
    gaps = np.diff(late)
    assert (gaps >= STILL_S).all(), "in media time, however slow the machine is"
    reader.refresh()
    refreshed = reader.read(1.0)
    assert refreshed is not None
    screen.shows = grabbed(64, 48, (255, 0, 0))
    changed = reader.read(1.0)
    assert changed is not None
    assert changed.picture is not first.picture


def test_a_window_that_is_minimised_shows_its_last_picture() -> None:
    screen = Shown(None)
    reader = ScreenReader(screen, FAST, threading.Event())
    assert reader.read(1.0) is None
    screen.shows = grabbed(64, 48)
    timed = reader.read(1.0)
    assert timed is not None
    screen.shows = None
    again = reader.read(1.0)
    assert again is not None
    assert again.picture is timed.picture


def test_a_source_that_ends_says_so_once_and_does_not_come_back() -> None:
    screen = Shown(grabbed(64, 48))
    told: list[SourceStatus] = []
    slot = FrameSlot()
    capture = ScreenCapture(
        "window", lambda stopping: ScreenReader(screen, FAST, stopping), slot=slot, on_status=told.append
    )
    capture.start()
    eventually(lambda: any(each.state is SourceState.LIVE for each in told))
    assert slot.newest() is not None
    screen.gone = "The window that you showed was closed."
    eventually(lambda: screen.closed)
    eventually(lambda: told[-1] == SourceStatus(SourceState.FAILED, screen.gone))
    capture.stop()
    assert slot.newest() is None
    assert [each.state for each in told].count(SourceState.FAILED) == 1


def test_the_pointer_is_drawn_and_cut_off_at_the_edges() -> None:
    image = grabbed(8, 6, (10, 20, 30))
    cursor = Cursor(103, 51, 3, 3, bytes((255, 255, 255, 255)) * 9)
    draw_cursor(image, cursor, 97, 50)
    pixels = np.frombuffer(image.pixels, dtype=np.uint8).reshape(6, 8, 4)
    white = {(int(y), int(x)) for y, x in zip(*np.nonzero(pixels[..., 0] == 255), strict=True)}
    assert white == {(y, x) for y in (1, 2, 3) for x in (6, 7)}
    draw_cursor(image, Cursor(0, 0, 3, 3, bytes(36)), 97, 50)  # elsewhere
