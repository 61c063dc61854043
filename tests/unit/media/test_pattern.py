"""The test pattern: its counter can be read back through all that a call does to a picture."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.media.opencv import cv2
from desktop_app.media.pattern import COUNTER_BITS, PatternPainter, read_counter
from desktop_app.media.picture import frame_from_picture, planes_of
from desktop_app.media.video_source import VideoFormat

from .media_files import rgb

VGA = VideoFormat(640, 480, 30)
painter = PatternPainter(VGA)


@settings(max_examples=60)
@given(st.integers(0, 2**20))
def test_every_number_is_read_back(number: int) -> None:
    assert read_counter(planes_of(painter.picture(number, 0.0)).y) == number % 2**COUNTER_BITS


@pytest.mark.parametrize(
    "size", [(1920, 1080), (1280, 720), (640, 360), (320, 240), (160, 90), (176, 144), (99, 55)]
)
def test_the_counter_is_readable_at_every_size(size: tuple[int, int]) -> None:
    picture = PatternPainter(VideoFormat(*size, 30)).picture(0xA5C3, 1_700_000_000.0)
    assert read_counter(rgb(frame_from_picture(picture, 0))) == 0xA5C3


@pytest.mark.parametrize("size", [(1311, 977), (640, 480), (300, 300), (121, 91)])
def test_the_counter_survives_scaling(size: tuple[int, int]) -> None:
    shown = rgb(frame_from_picture(painter.picture(4711, 0.0), 0))
    assert read_counter(np.asarray(cv2.resize(shown, size), dtype=np.uint8)) == 4711


def test_the_counter_survives_vp8_at_300_kbit_s() -> None:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 640, 480, "yuv420p"
    encoder.bit_rate, encoder.time_base, encoder.framerate = 300_000, Fraction(1, 30), Fraction(30, 1)
    encoder.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0", "maxrate": "300000"}
    decoder = av.CodecContext.create("libvpx", "r")
    read: list[int | None] = []
    size = 0
    for number in range(1000, 1070):
        frame = frame_from_picture(painter.picture(number, number / 30), number - 1000)
        frame.time_base = Fraction(1, 30)
        for packet in encoder.encode(frame):
            size += packet.size
            read += [read_counter(rgb(shown)) for shown in decoder.decode(packet)]
    assert size * 8 * 30 / 70 < 450_000
    expected = range(1000, 1000 + len(read))
    wrong = [(got, wanted) for got, wanted in zip(read, expected, strict=True) if got not in (None, wanted)]
    assert wrong == []
    assert sum(got is not None for got in read) > 0.9 * len(read)


def test_other_pictures_are_not_read() -> None:
    shown = rgb(frame_from_picture(painter.picture(4711, 0.0), 0))
    mirrored = shown[:, ::-1]
    assert read_counter(np.ascontiguousarray(mirrored)) is None
    assert read_counter(np.ascontiguousarray(shown[:, 60:])) is None
    assert read_counter(np.zeros((480, 640), dtype=np.uint8)) is None
    assert read_counter(np.zeros((20, 20, 3), dtype=np.uint8)) is None
    noise = np.random.default_rng(3).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    assert read_counter(noise) is None
    between = (
        shown.astype(np.uint16) + frame_from_picture(painter.picture(4712, 0.0), 0).to_ndarray(format="rgb24")
    ) // 2
    assert read_counter(between.astype(np.uint8)) is None


def test_block_and_clock_move() -> None:
    first, second = (planes_of(painter.picture(number, 0.0)).y for number in (10, 11))
    rows = slice(int(0.62 * 480), int(0.70 * 480))
    assert not np.array_equal(first[rows], second[rows])
    first, second = (planes_of(painter.picture(10, wall_s)).y for wall_s in (0.0, 0.033))
    assert not np.array_equal(first, second)
    assert np.array_equal(first[: int(0.42 * 480)], second[: int(0.42 * 480)])
