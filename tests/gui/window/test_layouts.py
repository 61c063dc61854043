"""Grid and speaker, pages, and who is told to be on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest

from .many import Many, names, person
from .pictures import BLUE, GREEN, RED, color_at, is_close, plain_frame

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.frame_converter import ConversionPool


@pytest.fixture
def many(qtbot: QtBot, pool: ConversionPool) -> Many:
    return Many(qtbot, pool)


def turn_wheel(widget: QWidget, delta: int, at_ms: int) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(widget.rect().center())),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    event.setTimestamp(at_ms)
    QCoreApplication.sendEvent(widget, event)


def test_ten_people_have_room_on_one_page(many: Many) -> None:
    many.people(9)
    assert many.layout() == "grid"
    assert many.visible() == names(range(9))
    assert not many.grid.pager.isVisible()
    assert len({tile.size().toTuple() for tile in (*many.grid.tiles.values(), many.grid.own)}) == 1


def test_pages_of_the_grid(many: Many) -> None:
    many.grid.set_layout("grid")
    many.people(30)
    grid, pager = many.grid, many.grid.pager
    assert many.visible() == names(range(11))
    assert grid.own.isVisible()
    assert pager.text == "1 of 3"
    assert not pager.previous_button.isEnabled()
    QTest.mouseClick(pager.next_button, Qt.MouseButton.LeftButton)
    assert many.visible() == names(range(11, 22))
    assert grid.own.isVisible()
    QTest.mouseClick(pager.next_button, Qt.MouseButton.LeftButton)
    assert many.visible() == names(range(22, 30))
    assert pager.text == "3 of 3"
    assert not pager.next_button.isEnabled()
    for tile in grid.tiles.values():
        assert not tile.isVisible() or not tile.geometry().intersects(pager.geometry())
    many.people(12)
    assert pager.text == "2 of 2", "the page that was there is gone"
    many.people(3)
    assert not pager.isVisible()
    assert many.visible() == names(range(3))


def test_a_small_window_has_smaller_pages_and_keeps_its_place(many: Many) -> None:
    many.grid.set_layout("grid")
    many.people(30)
    many.grid.turn_page(1)
    first = many.visible()[0]
    many.grid.resize(780, 450)
    assert len(many.visible()) == 8
    assert first in many.visible()


def test_the_wheel_turns_pages(qtbot: QtBot, many: Many) -> None:
    many.grid.set_layout("grid")
    many.people(30)
    window = many.grid.windowHandle()
    assert window is not None
    QTest.wheelEvent(window, many.grid.tiles["u0"].geometry().center(), QPoint(0, -120))
    qtbot.waitUntil(lambda: many.grid.page.number == 1)
    turn_wheel(many.grid, -120, 1_000_000)
    turn_wheel(many.grid, 120, 1_000_010)
    assert many.grid.page.number == 2, "it takes a moment until it turns again"
    turn_wheel(many.grid, 120, 1_002_000)
    turn_wheel(many.grid, 120, 1_003_000)
    assert many.grid.page.number == 0


def test_keys_turn_pages_and_walk_over_tiles(many: Many) -> None:
    many.grid.set_layout("grid")
    many.people(30)
    tiles = many.grid.tiles
    many.grid.activateWindow()
    tiles["u0"].setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(tiles["u0"], Qt.Key.Key_Right)
    assert tiles["u1"].hasFocus()
    QTest.keyClick(tiles["u1"], Qt.Key.Key_Left)
    QTest.keyClick(tiles["u0"], Qt.Key.Key_Left)
    assert tiles["u0"].hasFocus()
    QTest.keyClick(tiles["u0"], Qt.Key.Key_PageDown)
    assert many.grid.page.number == 1
    assert tiles["u11"].hasFocus(), "the keyboard stays with the tiles"
    QTest.keyClick(tiles["u11"], Qt.Key.Key_PageUp)
    assert tiles["u0"].hasFocus()


def test_the_tab_key_goes_from_tile_to_tile_as_they_stand(many: Many) -> None:
    many.people(4)
    many.grid.set_layout("grid")
    many.grid.toggle_pin("u2")
    tiles = many.grid.tiles
    many.grid.activateWindow()
    tiles["u2"].setFocus(Qt.FocusReason.TabFocusReason)
    for following in ("u0", "u1", "u3"):
        focused = many.grid.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        assert tiles[following].hasFocus()


def test_a_page_button_that_ends_gives_the_focus_to_the_other(many: Many) -> None:
    many.grid.set_layout("grid")
    many.people(14)
    pager = many.grid.pager
    many.grid.activateWindow()
    pager.next_button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(pager.next_button, Qt.Key.Key_Space)
    assert pager.text == "2 of 2"
    assert pager.previous_button.hasFocus()


def test_nobody_hops_when_somebody_speaks_in_the_grid(many: Many) -> None:
    many.grid.set_layout("grid")
    many.people(20)
    places = {key: tile.geometry() for key, tile in many.grid.tiles.items()}
    quiet = many.grid.tiles["u3"].grab().toImage()
    many.grid.set_active_speaker("u3")
    assert {key: tile.geometry() for key, tile in many.grid.tiles.items()} == places
    assert many.grid.tiles["u3"].grab().toImage() != quiet, "but there is a ring"
    many.grid.set_active_speaker("u19")
    assert many.grid.tiles["u3"].grab().toImage() == quiet
    assert many.visible() == names(range(11))
    assert many.grid.pager.speaker_text == "Person 19 is speaking", "on another page"
    many.grid.turn_page(1)
    assert many.grid.pager.speaker_text == ""


def test_the_speaker_becomes_large_with_calm(qtbot: QtBot, many: Many) -> None:
    many.people(6)
    many.grid.set_layout("speaker")
    assert many.large() == ["u0"]
    many.grid.set_active_speaker("u4")
    assert many.large() == ["u4"]
    many.now_s += 0.5
    many.grid.set_active_speaker("u2")
    assert many.grid.tiles["u2"].speaking, "the ring is at once where somebody speaks"
    assert many.large() == ["u4"]
    many.now_s += 1.5
    many.grid.advance()
    assert many.large() == ["u2"]
    many.now_s += 10
    many.grid.set_active_speaker("ourselves")
    assert many.large() == ["u2"]
    assert [many.grid.own.speaking] == [True]
    many.grid.set_active_speaker(None)
    assert many.large() == ["u2"]
    assert not many.grid.own.speaking
    many.grid.show_people([person(number) for number in (0, 1, 4)])
    assert many.large() == ["u4"], "who was large before"


def test_whoever_waits_gets_the_place_by_themselves(qtbot: QtBot, many: Many) -> None:
    many.people(3)
    many.grid.set_layout("speaker")
    many.grid.set_active_speaker("u1")
    many.now_s += 1.99
    many.grid.set_active_speaker("u2")
    assert many.large() == ["u1"]
    many.now_s += 0.02
    qtbot.waitUntil(lambda: many.large() == ["u2"])


def test_a_muted_speaker_has_no_ring(many: Many) -> None:
    many.people(3)
    tile = many.grid.tiles["u1"]
    tile.set_audio_muted(True)
    quiet = tile.grab().toImage()
    many.grid.set_active_speaker("u1")
    assert tile.grab().toImage() == quiet


def test_too_many_for_one_page_are_shown_by_who_speaks(many: Many) -> None:
    layouts: list[str] = []
    many.grid.layout_changed.connect(layouts.append)
    many.people(11)
    assert many.layout() == "grid"
    many.people(12)
    assert many.layout() == "speaker"
    assert len(many.large()) == 1
    many.people(11)
    assert many.layout() == "speaker", "it does not go to and fro"
    many.people(10)
    assert many.layout() == "grid"
    many.grid.resize(780, 450)
    assert many.layout() == "speaker"
    many.grid.set_layout("grid")
    assert many.layout() == "grid"
    assert layouts == ["speaker", "grid", "speaker", "grid"]


@pytest.mark.parametrize("size", [(780, 450), (404, 250), (404, 700), (3820, 1900)])
@pytest.mark.parametrize("layout", ["grid", "speaker"])
@pytest.mark.parametrize("count", [2, 9, 63])
def test_nothing_overlaps_in_any_window(many: Many, size: tuple[int, int], layout: str, count: int) -> None:
    many.grid.set_layout(layout)
    many.people(count)
    many.grid.resize(*size)
    shown = [many.grid.tiles[key] for key in many.visible()]
    widgets = [each for each in (*shown, many.grid.own, many.grid.pager) if each.isVisible()]
    for number, widget in enumerate(widgets):
        assert many.grid.rect().contains(widget.geometry())
        assert not any(widget.geometry().intersects(other.geometry()) for other in widgets[number + 1 :])


# What costs, and what the engine is told


def test_tiles_of_hidden_pages_take_no_frames(qtbot: QtBot, many: Many, pool: ConversionPool) -> None:
    many.grid.set_layout("grid")
    many.people(30)
    first, hidden = many.grid.tiles["u0"], many.grid.tiles["u11"]
    assert not hidden.receiving
    assert sum(tile.receiving for tile in many.grid.tiles.values()) == 11
    many.slots["u0"].put(plain_frame(GREEN))
    qtbot.waitUntil(lambda: first.showing_picture)
    converted = pool.conversions
    many.slots["u11"].put(plain_frame(RED))
    for _ in range(5):
        QCoreApplication.processEvents()
    assert pool.conversions == converted
    many.grid.turn_page(1)
    assert not first.receiving
    qtbot.waitUntil(lambda: hidden.showing_picture)
    assert is_close(color_at(hidden, 0.5, 0.4), RED)


def test_each_picture_is_on_its_own_tile_after_every_change(qtbot: QtBot, many: Many) -> None:
    many.people(6)
    colors = [RED, GREEN, BLUE, (200, 200, 30), (30, 200, 200), (200, 30, 200)]
    for number, color in enumerate(colors):
        many.slots[f"u{number}"].put(plain_frame(color))

    def all_right() -> bool:
        return all(
            tile.showing_picture and is_close(color_at(tile, 0.5, 0.4), colors[int(key[1:])])
            for key, tile in many.grid.tiles.items()
            if tile.isVisible()
        )

    qtbot.waitUntil(all_right)
    many.grid.set_layout("speaker")
    many.grid.set_active_speaker("u3")
    qtbot.waitUntil(all_right)
    many.grid.toggle_pin("u5")
    qtbot.waitUntil(all_right)
    many.grid.set_strip(True)
    many.grid.resize(168, 500)
    qtbot.waitUntil(all_right)


def test_the_view_names_who_is_on_screen_large_first(many: Many) -> None:
    many.grid.set_layout("speaker")
    many.people(30)
    assert many.view()[0] == ("u0",)
    assert many.view()[1] == tuple(key for key in many.visible() if key != "u0")
    many.grid.set_active_speaker("u7")
    many.grid.toggle_pin("u9")
    many.grid.toggle_pin("u8")
    large, small = many.view()
    assert large == ("u9", "u8", "u7")
    assert set(large) | set(small) == set(many.visible())
    many.grid.turn_page(1)
    assert many.view()[0] == large
    assert not set(many.view()[1]) & set(small), "other people are on the other page"


def test_at_most_three_large_ones_in_the_grid(many: Many) -> None:
    many.people(4)
    assert many.view() == (("u0", "u1", "u2"), ("u3",))
    many.grid.set_active_speaker("u3")
    assert many.view() == (("u3", "u0", "u1"), ("u2",))
    many.grid.resize(400, 300)
    assert many.view() == ((), ("u0", "u1", "u2", "u3")), "thumbnails do for tiles so small"
    many.people(1)
    assert many.view() == (("u0",), ())


def test_beside_the_whiteboard_all_are_small(many: Many) -> None:
    many.people(3)
    many.grid.set_strip(True)
    many.grid.resize(168, 500)
    assert many.view() == ((), ("u0", "u1", "u2"))


def test_a_covered_window_shows_nobody(many: Many) -> None:
    many.people(3)
    many.grid.hide()
    assert many.view() == ((), ())
    many.people(4)
    assert many.view() == ((), ())
    many.grid.show()
    assert set(many.view()[0]) | set(many.view()[1]) == set(names(range(4)))


def test_a_minimised_window_shows_nobody(qtbot: QtBot, many: Many) -> None:
    many.people(3)
    many.grid.showMinimized()
    qtbot.waitUntil(lambda: many.view() == ((), ()))
    many.grid.showNormal()
    qtbot.waitUntil(lambda: many.view()[0] == ("u0", "u1", "u2"))
