"""One tile: what it paints, and that it costs nothing while nobody sees it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from desktop_app.media.frame_slot import FrameSlot
from desktop_app.ui import theme
from desktop_app.ui.avatar import avatar_color
from desktop_app.ui.palette import contrast_ratio
from desktop_app.ui.video_tile import TALKING, VideoTile

from .pictures import BLUE, GREEN, RED, color_at, is_close, plain_frame, rgb_of, two_halves

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.frame_converter import ConversionPool


@pytest.fixture
def slot() -> FrameSlot:
    return FrameSlot()


@pytest.fixture
def holder(qtbot: QtBot) -> QWidget:
    """The tile's window."""
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(660, 380)
    return made


@pytest.fixture
def tile(holder: QWidget, pool: ConversionPool, slot: FrameSlot) -> VideoTile:
    """A visible tile of 640x360."""
    made = VideoTile(pool, slot, "Ana Silva", parent=holder)
    made.setGeometry(10, 10, 640, 360)
    holder.show()
    return made


def settle() -> None:
    """Let everything happen that is under way on the Qt thread."""
    for _ in range(5):
        QCoreApplication.processEvents()


def paints_are(tile: VideoTile, number: int) -> bool:
    return tile.paints == number


def test_the_newest_frame_is_painted(qtbot: QtBot, tile: VideoTile, slot: FrameSlot) -> None:
    slot.put(two_halves(RED, BLUE))
    qtbot.waitUntil(lambda: tile.showing_picture)
    assert is_close(color_at(tile, 0.25, 0.5), RED)
    assert is_close(color_at(tile, 0.75, 0.5), BLUE)
    assert tile.picture_size == QSize(640, 360)


def test_a_mirrored_tile_swaps_left_and_right(qtbot: QtBot, tile: VideoTile, slot: FrameSlot) -> None:
    tile.set_mirrored(True)
    slot.put(two_halves(RED, BLUE))
    qtbot.waitUntil(lambda: tile.showing_picture)
    assert is_close(color_at(tile, 0.25, 0.5), BLUE)
    assert is_close(color_at(tile, 0.75, 0.5), RED)


def test_a_narrow_picture_gets_bars_and_stays_undistorted(
    qtbot: QtBot, tile: VideoTile, slot: FrameSlot
) -> None:
    slot.put(plain_frame(GREEN, 360, 640))
    qtbot.waitUntil(lambda: tile.showing_picture)
    background = rgb_of(theme.current_palette().tile_background)
    assert is_close(color_at(tile, 0.5, 0.5), GREEN)
    assert is_close(color_at(tile, 0.1, 0.5), background, 2)
    assert is_close(color_at(tile, 0.9, 0.5), background, 2)


def test_the_corners_are_round(qtbot: QtBot, tile: VideoTile, slot: FrameSlot) -> None:
    slot.put(plain_frame(GREEN))
    qtbot.waitUntil(lambda: tile.showing_picture)
    image = tile.grab().toImage()
    assert image.pixelColor(0, 0) == tile.palette().window().color()
    assert is_close(image.pixelColor(12, 12), GREEN)


def test_at_150_percent_there_is_no_line_beside_the_corners(holder: QWidget, tile: VideoTile) -> None:
    tile.setGeometry(11, 11, 168, 94)  # from 16.5 to 268.5 and to 157.5 pixels
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(1.5)
    holder.render(image)
    window = rgb_of(holder.palette().window().color())
    assert is_close(image.pixelColor(268, 18), window, 2)
    assert is_close(image.pixelColor(266, 157), window, 2)
    assert not is_close(image.pixelColor(267, 90), window, 2)


def test_without_a_frame_the_placeholder_has_the_names_colour(tile: VideoTile) -> None:
    color = color_at(tile, 0.5, 0.36)  # in the circle, above the letters
    expected = rgb_of(avatar_color("Ana Silva"))
    assert is_close(color, expected, 30)  # a gradient runs over it


def test_the_placeholders_letters_can_be_read() -> None:
    for name in ("Ana", "Ben", "Chloé", "Dmitri", "Eun-ji", "Fatima", "Gustavo", "Hana", "Igor", "Jana"):
        assert contrast_ratio(avatar_color(name).lighter(106), QColor("white")) >= 4.5


def test_camera_off_shows_the_placeholder_and_never_the_old_picture(
    qtbot: QtBot, tile: VideoTile, slot: FrameSlot, pool: ConversionPool
) -> None:
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: tile.showing_picture)
    tile.set_video_muted(True)
    assert not tile.showing_picture
    assert not is_close(color_at(tile, 0.2, 0.5), RED)
    converted = pool.conversions
    slot.put(plain_frame(RED))
    settle()
    assert pool.conversions == converted
    slot.clear()
    tile.set_video_muted(False)
    settle()
    assert not tile.showing_picture
    slot.put(plain_frame(BLUE))
    qtbot.waitUntil(lambda: tile.showing_picture)
    assert is_close(color_at(tile, 0.2, 0.5), BLUE)


def test_a_cleared_slot_brings_the_placeholder_back(qtbot: QtBot, tile: VideoTile, slot: FrameSlot) -> None:
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: tile.showing_picture)
    slot.clear()
    qtbot.waitUntil(lambda: not tile.showing_picture)
    assert not is_close(color_at(tile, 0.2, 0.5), RED)


def test_a_hidden_tile_does_no_conversion(
    qtbot: QtBot, tile: VideoTile, slot: FrameSlot, pool: ConversionPool
) -> None:
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: tile.showing_picture)
    settle()
    converted, painted = pool.conversions, tile.paints
    tile.hide()
    assert not tile.receiving
    for _ in range(30):
        slot.put(plain_frame(BLUE))
        settle()
    assert (pool.conversions, tile.paints) == (converted, painted)
    tile.show()
    qtbot.waitUntil(lambda: pool.conversions > converted)
    qtbot.waitUntil(lambda: is_close(color_at(tile, 0.5, 0.5), BLUE))


def test_a_tile_of_a_minimised_window_does_no_conversion(
    qtbot: QtBot, holder: QWidget, tile: VideoTile, slot: FrameSlot, pool: ConversionPool
) -> None:
    slot.put(plain_frame(RED))
    qtbot.waitUntil(lambda: tile.showing_picture)
    settle()
    holder.showMinimized()
    qtbot.waitUntil(lambda: not tile.receiving)
    settle()
    converted = pool.conversions
    for _ in range(30):
        slot.put(plain_frame(BLUE))
        settle()
    assert pool.conversions == converted
    holder.showNormal()
    qtbot.waitUntil(lambda: tile.receiving)
    qtbot.waitUntil(lambda: is_close(color_at(tile, 0.5, 0.5), BLUE))


def test_a_tile_on_a_page_behind_does_no_conversion(
    holder: QWidget, tile: VideoTile, slot: FrameSlot, pool: ConversionPool
) -> None:
    holder.hide()
    settle()
    slot.put(plain_frame(BLUE))
    settle()
    assert pool.conversions == 0


def test_one_frame_is_painted_once(
    qtbot: QtBot, tile: VideoTile, slot: FrameSlot, pool: ConversionPool
) -> None:
    qtbot.waitUntil(lambda: tile.paints > 0)
    settle()
    before = tile.paints
    for _ in range(10):
        painted = tile.paints
        slot.put(plain_frame(RED))
        qtbot.waitUntil(partial(paints_are, tile, painted + 1))
    settle()
    assert (tile.paints, pool.conversions) == (before + 10, 10)


def test_a_new_size_is_filled_at_once_and_then_sharply(
    qtbot: QtBot, holder: QWidget, tile: VideoTile, slot: FrameSlot, pool: ConversionPool
) -> None:
    slot.put(two_halves(RED, BLUE))
    qtbot.waitUntil(lambda: tile.showing_picture)
    settle()
    converted = pool.conversions
    tile.setGeometry(0, 0, 320, 180)
    assert is_close(color_at(tile, 0.25, 0.5), RED), "the old picture is scaled until the new one is there"
    qtbot.waitUntil(lambda: pool.conversions > converted)
    qtbot.waitUntil(lambda: is_close(color_at(tile, 0.75, 0.5), BLUE))


def test_the_tile_says_in_words_what_it_shows(tile: VideoTile) -> None:
    assert tile.accessibleName() == "Ana Silva"
    tile.set_audio_muted(True)
    tile.set_video_muted(True)
    tile.set_status("Reconnecting…")
    assert tile.accessibleName() == "Ana Silva, microphone muted, camera off, Reconnecting…"


def test_marks_change_the_label(tile: VideoTile) -> None:
    plain = tile.grab().toImage()
    tile.set_audio_muted(True)
    muted = tile.grab().toImage()
    assert plain != muted
    tile.set_audio_muted(False)
    assert tile.grab().toImage() == plain


def test_a_status_veils_the_picture(qtbot: QtBot, tile: VideoTile, slot: FrameSlot) -> None:
    slot.put(plain_frame((240, 240, 240)))
    qtbot.waitUntil(lambda: tile.showing_picture)
    bright = color_at(tile, 0.1, 0.2).lightness()
    tile.set_status("Reconnecting…")
    assert color_at(tile, 0.1, 0.2).lightness() < bright - 60


def test_a_low_tile_keeps_its_sentence_from_the_name(tile: VideoTile) -> None:
    tile.setMinimumSize(0, 0)
    for height, same in ((90, True), (300, False)):
        tile.resize(160, height)
        tile.set_status("")
        plain = tile.grab().toImage()
        tile.set_status("No camera was found.")
        assert (tile.grab().toImage() == plain) is same
    assert tile.toolTip() == "No camera was found."


def test_somebody_who_is_heard_gets_a_ring(tile: VideoTile) -> None:
    assert color_at(tile, 0.5, 0.0) != TALKING
    tile.set_talking(True)
    assert is_close(color_at(tile, 0.5, 0.0), rgb_of(TALKING), 30)


def test_a_floating_tile_lets_the_corners_shine_through(
    qtbot: QtBot, holder: QWidget, pool: ConversionPool, tile: VideoTile, slot: FrameSlot
) -> None:
    slot.put(plain_frame(GREEN))
    small = VideoTile(pool, FrameSlot(), "Me", floating=True, parent=holder)
    small.setGeometry(300, 200, 160, 90)
    small.show()
    qtbot.waitUntil(lambda: tile.showing_picture)
    image = holder.grab().toImage()
    assert is_close(image.pixelColor(300, 200), GREEN)
    assert not is_close(image.pixelColor(310, 210), GREEN)


@pytest.mark.parametrize("size", [(48, 27), (90, 60), (20, 200), (400, 30)])
def test_any_size_can_be_painted(tile: VideoTile, size: tuple[int, int]) -> None:
    tile.setMinimumSize(0, 0)
    tile.resize(*size)
    tile.set_status("No connection could be made within ten seconds, whatever was tried.")
    tile.set_audio_muted(True)
    assert (tile.grab().width(), tile.grab().height()) == size


def test_a_hostile_name_is_painted_as_text(tile: VideoTile) -> None:
    tile.set_name("<img src=x onerror=1>" * 40)
    assert tile.grab().toImage().width() == 640
    assert tile.testAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
