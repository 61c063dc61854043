"""Pictures: sizes, letterboxing, colours, and frames that share their memory."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.media.picture import (
    BLACK_Y,
    TIME_BASE,
    FrameClock,
    filled_picture,
    fit,
    frame_from_picture,
    picture_from_frame,
    picture_from_image,
    planes_of,
)
from desktop_app.media.video_source import VideoFormat

SIDES = st.integers(16, 4096)


@given(SIDES, SIDES, SIDES, SIDES)
def test_a_fitted_box_is_even_inside_and_touches_two_edges(
    source_width: int, source_height: int, width: int, height: int
) -> None:
    width, height = width & ~1, height & ~1
    box = fit(source_width, source_height, width, height)
    assert all(number % 2 == 0 for number in box)
    assert box.x_px >= 0
    assert box.y_px >= 0
    assert box.x_px + box.width_px <= width
    assert box.y_px + box.height_px <= height
    assert box.width_px == width or box.height_px == height


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ((640, 480), (640, 480), (0, 0, 640, 480)),
        ((1280, 720), (640, 480), (0, 60, 640, 360)),
        ((480, 640), (640, 480), (140, 0, 360, 480)),
        ((1366, 768), (640, 360), (0, 0, 640, 360)),  # less than four pixels of bar are stretched over
    ],
)
def test_fit(source: tuple[int, int], target: tuple[int, int], expected: tuple[int, int, int, int]) -> None:
    assert fit(*source, *target) == expected


@pytest.mark.parametrize("size", [(640, 480), (160, 90), (322, 242), (480, 270), (99, 55)])
def test_a_frame_shows_exactly_the_picture(size: tuple[int, int]) -> None:
    video_format = VideoFormat(*size, 30)
    width, height = video_format.even_width_px, video_format.even_height_px
    random = np.random.default_rng(1)
    picture = random.integers(16, 235, (height * 3 // 2, width), dtype=np.uint8)
    frame = frame_from_picture(picture, 12345)
    assert (frame.width, frame.height, frame.format.name) == (width, height, "yuv420p")
    assert (frame.pts, frame.time_base) == (12345, TIME_BASE)
    for plane, expected in zip(frame.planes, planes_of(picture), strict=True):
        rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
        assert np.array_equal(rows[: expected.shape[0], : expected.shape[1]], expected)


def test_frames_of_one_picture_share_its_memory_and_outlive_it() -> None:
    picture = filled_picture(640, 480, luma=77)
    first, second = frame_from_picture(picture, 1), frame_from_picture(picture, 2)
    del picture
    assert first.pts == 1
    assert second.pts == 2
    assert (first.to_ndarray(format="gray") == second.to_ndarray(format="gray")).all()


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (854, 480), (161, 121)])
def test_a_camera_image_keeps_its_colours(size: tuple[int, int]) -> None:
    image = np.zeros((480, 640, 3), dtype=np.uint8)
    image[:, :320] = (0, 0, 200)  # red left, green right, in BGR
    image[:, 320:] = (0, 200, 0)
    picture = picture_from_image(image, VideoFormat(*size, 30))
    shown = frame_from_picture(picture, 0).to_ndarray(format="rgb24")
    height, width = shown.shape[:2]
    assert (width, height) == (size[0] & ~1, size[1] & ~1)
    assert np.allclose(shown[height // 2, width // 2 - width // 8], (200, 0, 0), atol=8)
    assert np.allclose(shown[height // 2, width // 2 + width // 8], (0, 200, 0), atol=8)


def test_a_grey_image_is_taken() -> None:
    picture = picture_from_image(np.full((120, 160), 128, dtype=np.uint8), VideoFormat(160, 120, 30))
    assert np.allclose(frame_from_picture(picture, 0).to_ndarray(format="rgb24"), 128, atol=3)


def test_another_shape_gets_black_bars() -> None:
    picture = picture_from_image(np.full((360, 640, 3), 255, dtype=np.uint8), VideoFormat(640, 480, 30))
    luma = planes_of(picture).y
    assert (luma[:60] == BLACK_Y).all()
    assert (luma[420:] == BLACK_Y).all()
    assert (luma[62:418] > 230).all()


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv444p", "rgb24", "gray", "yuv420p10le"])
def test_decoded_frames_of_any_pixel_format_are_taken(pixel_format: str) -> None:
    image = np.full((90, 120, 3), (200, 30, 60), dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixel_format)
    picture = picture_from_frame(frame, VideoFormat(240, 180, 30), VideoReformatter())
    shown = frame_from_picture(picture, 0).to_ndarray(format="rgb24")
    expected = frame.to_ndarray(format="rgb24")[45, 60]
    assert np.allclose(shown[90, 120], expected, atol=8)


def test_timestamps_grow_strictly() -> None:
    clock = FrameClock()
    assert [clock.pts(at_s) for at_s in (1.0, 1.0, 0.5, 2.0)] == [90_000, 90_001, 90_002, 180_000]


@pytest.mark.parametrize("size", [(0, 480), (640, -1), (5000, 480), (640, 8)])
def test_impossible_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="px is not between"):
        VideoFormat(*size, 30)


@pytest.mark.parametrize("rate", [0, -5, 1000])
def test_impossible_rates_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="not between 1 and 120"):
        VideoFormat(640, 480, rate)
