"""The way of a frame to the screen: newest wins, one at a time, nothing for tiles that do not paint."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PySide6.QtGui import QImage

from desktop_app.media.frame_slot import FrameSlot
from desktop_app.ui.frame_converter import ConversionPool, FrameFeed, Picture

from .pictures import BLUE, GREEN, RED, is_close, plain_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


class Painter:
    """Stands for a tile: keeps what it is given, and paints when told."""

    def __init__(self, pool: ConversionPool, slot: FrameSlot) -> None:
        self.given: list[Picture | None] = []
        self.feed = FrameFeed(pool, slot, self.given.append)

    def was_given(self, number: int) -> bool:
        return len(self.given) == number


@pytest.fixture
def slot() -> FrameSlot:
    return FrameSlot()


@pytest.fixture
def painter(pool: ConversionPool, slot: FrameSlot) -> Iterator[Painter]:
    made = Painter(pool, slot)
    yield made
    made.feed.close()


def test_a_frame_is_converted_to_the_size_of_the_box(qtbot: QtBot, slot: FrameSlot, painter: Painter) -> None:
    painter.feed.set_box(320, 180)
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: len(painter.given) == 1)
    picture = painter.given[0]
    assert picture is not None
    assert (picture.image.width(), picture.image.height()) == (320, 180)
    assert picture.image.format() == QImage.Format.Format_RGB32
    assert is_close(picture.image.pixelColor(160, 90), RED)
    assert picture.source_size == (640, 360)


def test_a_frame_that_was_there_before_is_shown(qtbot: QtBot, pool: ConversionPool, slot: FrameSlot) -> None:
    slot.put(plain_frame(GREEN))
    painter = Painter(pool, slot)
    painter.feed.set_box(64, 36)
    qtbot.waitUntil(lambda: len(painter.given) == 1)
    painter.feed.close()


def test_the_next_conversion_waits_for_the_paint_and_takes_the_newest(
    qtbot: QtBot, pool: ConversionPool, slot: FrameSlot, painter: Painter
) -> None:
    painter.feed.set_box(64, 36)
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: len(painter.given) == 1)
    for _ in range(20):
        slot.put(plain_frame(GREEN))
    slot.put(plain_frame(BLUE))
    assert pool.conversions == 1, "nothing is converted while the last picture is not painted"
    painter.feed.painted()
    qtbot.waitUntil(lambda: len(painter.given) == 2)
    picture = painter.given[1]
    assert picture is not None
    assert picture.serial == 22
    assert is_close(picture.image.pixelColor(10, 10), BLUE)
    assert pool.conversions == 2


def test_a_new_size_converts_the_same_frame_again(qtbot: QtBot, slot: FrameSlot, painter: Painter) -> None:
    painter.feed.set_box(64, 36)
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: len(painter.given) == 1)
    painter.feed.painted()
    painter.feed.set_box(128, 72)
    qtbot.waitUntil(lambda: len(painter.given) == 2)
    assert painter.given[1] is not None
    assert painter.given[1].box == (128, 72)


def test_without_a_size_nothing_is_converted(pool: ConversionPool, slot: FrameSlot, painter: Painter) -> None:
    slot.put(plain_frame(RED))
    painter.feed.set_box(0, 90)
    assert pool.conversions == 0


def test_clearing_the_slot_is_told(qtbot: QtBot, slot: FrameSlot, painter: Painter) -> None:
    painter.feed.set_box(64, 36)
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: len(painter.given) == 1)
    slot.clear()
    painter.feed.painted()
    qtbot.waitUntil(lambda: painter.given[1:] == [None])
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: len(painter.given) == 3)


def test_a_closed_feed_hands_over_nothing(qtbot: QtBot, pool: ConversionPool, slot: FrameSlot) -> None:
    painter = Painter(pool, slot)
    painter.feed.set_box(64, 36)
    slot.put(plain_frame(RED))
    painter.feed.close()
    slot.put(plain_frame(RED))
    other = Painter(pool, slot)  # what was under way is done when this one's picture is there
    other.feed.set_box(64, 36)
    qtbot.waitUntil(lambda: len(other.given) == 1)
    other.feed.close()
    assert painter.given == []


def test_a_closed_pool_takes_no_work(slot: FrameSlot) -> None:
    pool = ConversionPool()
    painter = Painter(pool, slot)
    painter.feed.set_box(64, 36)
    pool.close()
    pool.close()
    slot.put(plain_frame(RED))
    painter.feed.close()
    assert pool.conversions == 0
    assert painter.given == []


@pytest.mark.parametrize("size", [(2, 2), (16, 4096), (1922, 1082), (322, 182)])
@pytest.mark.parametrize("box", [(1, 1), (33, 17), (640, 360)])
def test_any_size_is_shown(
    qtbot: QtBot, slot: FrameSlot, painter: Painter, size: tuple[int, int], box: tuple[int, int]
) -> None:
    painter.feed.set_box(*box)
    slot.put(plain_frame(GREEN, *size))
    qtbot.waitUntil(lambda: len(painter.given) == 1)
    picture = painter.given[0]
    assert picture is not None
    assert is_close(picture.image.pixelColor(picture.image.width() // 2, 0), GREEN, 40)


def test_a_size_that_changes_in_the_middle_is_shown(qtbot: QtBot, slot: FrameSlot, painter: Painter) -> None:
    painter.feed.set_box(320, 180)
    for number, size in enumerate([(640, 360), (320, 180), (360, 640), (1280, 720)], start=1):
        slot.put(plain_frame(BLUE, *size))
        qtbot.waitUntil(partial(painter.was_given, number))
        picture = painter.given[-1]
        assert picture is not None
        assert picture.source_size == size
        painter.feed.painted()


@pytest.mark.expected_warnings("a frame could not be converted")
def test_a_frame_that_cannot_be_converted_ends_nothing(
    qtbot: QtBot, slot: FrameSlot, painter: Painter, caplog: pytest.LogCaptureFixture
) -> None:
    painter.feed.set_box(64, 36)
    broken = av.VideoFrame()  # 0x0, no format
    for number in (1, 2):
        slot.put(broken)
        qtbot.waitUntil(partial(painter.was_given, number))
        assert painter.given[-1] is None
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: len(painter.given) == 3)
    assert painter.given[2] is not None
    assert caplog.text.count("a frame could not be converted") == 1, "not thirty times a second"


def test_the_image_reads_the_frames_own_memory(qtbot: QtBot, slot: FrameSlot, painter: Painter) -> None:
    painter.feed.set_box(64, 36)
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: len(painter.given) == 1)
    picture = painter.given[0]
    assert picture is not None
    plane = np.frombuffer(memoryview(picture.frame.planes[0]), np.uint8)
    assert picture.image.constBits()[:4] == plane[:4].tobytes()


def test_every_column_and_row_is_written(qtbot: QtBot, slot: FrameSlot, painter: Painter) -> None:
    """At some widths swscale leaves the last columns as the memory was: somebody's old picture, or worse."""
    slot.put(plain_frame(RED))
    for number, width in enumerate(range(100, 133), start=1):
        painter.feed.set_box(width, 71)
        qtbot.waitUntil(partial(painter.was_given, number))
        picture = painter.given[-1]
        assert picture is not None
        image = picture.image
        assert all(is_close(image.pixelColor(x, 1), RED) for x in range(image.width())), width
        assert all(is_close(image.pixelColor(1, y), RED) for y in range(image.height())), width
        painter.feed.painted()
