"""The look: enough contrast, crisp icons in the right colour, and a style sheet without gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QToolButton

from desktop_app.ui import theme
from desktop_app.ui.icons import icon_names
from desktop_app.ui.palette import DARK, LIGHT, Palette, contrast_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

SURFACES = ("background", "surface", "surface_raised")
TEXTS = ("text", "text_muted", "accent_text", "danger", "warning", "good")
PAIRS = (
    *((text, surface) for text in TEXTS for surface in SURFACES),
    ("on_accent", "accent"),
    ("on_danger", "danger_fill"),
    ("tile_text", "tile_background"),
    ("tile_text_muted", "tile_background"),
)
EDGES = tuple(
    (edge, surface)
    for edge in ("border_strong", "accent", "danger_fill")
    for surface in ("background", "surface")
)
PROMISED_ICONS = {
    "microphone",
    "microphone-off",
    "camera",
    "camera-off",
    "stats",
    "settings",
    "invite",
    "leave",
    "copy",
    "close",
    "warning",
    "info",
    "signal-0",
    "signal-1",
    "signal-2",
    "signal-3",
    "signal-4",
    "play",
    "stop",
    "refresh",
    "fullscreen",
    "help",
    "people",
    "screen",
    "app",
}


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication) -> Iterator[None]:
    yield
    theme.apply_theme(qapp, "light")


def test_contrast_of_known_colours() -> None:
    assert contrast_ratio(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast_ratio(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
@pytest.mark.parametrize(("text", "surface"), PAIRS)
def test_text_contrast_is_wcag_aa(palette: Palette, text: str, surface: str) -> None:
    colours = palette.colours()
    assert contrast_ratio(colours[text], colours[surface]) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
@pytest.mark.parametrize(("edge", "surface"), EDGES)
def test_edges_of_controls_are_seen(palette: Palette, edge: str, surface: str) -> None:
    colours = palette.colours()
    assert contrast_ratio(colours[edge], colours[surface]) >= 3.0


def _image(icon: QIcon, size: int, ratio: float = 1.0, mode: QIcon.Mode = QIcon.Mode.Normal) -> QImage:
    return icon.pixmap(QSize(size, size), ratio, mode).toImage()


def _strongest(image: QImage) -> QColor:
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda pixel: pixel.alpha())


def test_promised_icons_exist() -> None:
    assert set(icon_names()) >= PROMISED_ICONS


@pytest.mark.parametrize("name", icon_names())
def test_icon_draws_something(qapp: QApplication, name: str) -> None:
    image = _image(theme.icon(name), 24)
    drawn = sum(image.pixelColor(x, y).alpha() > 60 for x in range(24) for y in range(24))
    assert drawn >= 30


def test_unknown_icon_or_colour_fails_at_once(qapp: QApplication) -> None:
    with pytest.raises(FileNotFoundError):
        theme.icon("no-such-icon")
    with pytest.raises(KeyError):
        theme.icon("stop", color="no-such-colour")


def test_icon_follows_the_appearance(qapp: QApplication) -> None:
    icon = theme.icon("stop")
    danger = theme.icon("stop", color="danger")
    fixed = theme.icon("stop", color=QColor("#123456"))
    for appearance, palette in (("light", LIGHT), ("dark", DARK)):
        theme.apply_theme(qapp, "dark" if appearance == "dark" else "light")
        assert _strongest(_image(icon, 48)).name() == palette.text.name()
        assert _strongest(_image(danger, 48)).name() == palette.danger.name()
        assert _strongest(_image(fixed, 48)).name() == "#123456"


def test_icon_is_sharp_on_a_dense_screen(qapp: QApplication) -> None:
    pixmap = theme.icon("stats").pixmap(QSize(24, 24), 2.0)
    assert pixmap.size() == QSize(48, 48)
    assert pixmap.devicePixelRatio() == 2.0
    canvas = QPixmap(48, 48)
    canvas.setDevicePixelRatio(2.0)
    canvas.fill(QColor("white"))
    painter = QPainter(canvas)
    theme.icon("stats").paint(painter, 0, 0, 24, 24)
    painter.end()
    twice = QPixmap(48, 48)
    twice.fill(QColor("white"))
    painter = QPainter(twice)
    theme.icon("stats").paint(painter, 0, 0, 48, 48)
    painter.end()
    assert canvas.toImage().pixelColor(20, 20) == twice.toImage().pixelColor(20, 20)
    canvas.setDevicePixelRatio(1.0)
    assert canvas.toImage() == twice.toImage()


def test_disabled_icon_is_paler(qapp: QApplication) -> None:
    normal = _strongest(_image(theme.icon("stop"), 48))
    disabled = _strongest(_image(theme.icon("stop"), 48, mode=QIcon.Mode.Disabled))
    assert disabled.alpha() < normal.alpha() / 2


def test_copied_and_extended_icon_keeps_working(qapp: QApplication) -> None:
    original = theme.icon("play")
    copy = QIcon(original)
    copy.swap(QIcon())
    button = QToolButton()
    button.setIcon(original)
    del original
    assert not button.icon().pixmap(16, 16).isNull()
    button.deleteLater()


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_style_sheet_has_every_token(palette: Palette) -> None:
    text = theme.style_sheet(palette)
    assert "@" not in text.split("*/", 1)[1]
    assert palette.accent.name() in text


def test_change_is_announced_and_reaches_the_application(qtbot: QtBot, qapp: QApplication) -> None:
    theme.apply_theme(qapp, "light")
    with qtbot.waitSignal(theme.notifier().changed, timeout=1000):
        theme.apply_theme(qapp, "dark")
    assert theme.current_palette() is DARK
    assert qapp.palette().window().color() == DARK.background


def test_system_appearance_is_one_of_the_two(qapp: QApplication) -> None:
    theme.apply_theme(qapp, "system")
    assert theme.current_palette() in (LIGHT, DARK)
