"""Reactions and raised hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QImage, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from desktop_app.call.events import CallState, CallStateChanged, ParticipantGone, ParticipantJoined
from desktop_app.data.events import HandChanged, ReactionShown
from desktop_app.ui.chat.line_layout import LineLayout
from desktop_app.ui.chat.rows import Conversation
from desktop_app.ui.reactions.emoji import (
    REACTIONS,
    drawing_of,
    find_missing,
    has_glyphs,
    name_of,
    render_reaction,
)
from desktop_app.ui.reactions.overlay import ReactionOverlay
from desktop_app.ui.reactions.shown import MAX_SHOWN, SHOWN_S
from tests.data_events import entry

from .calls import ANNA, BEN, called, emit

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

UNKNOWN = "\U0001f984"


@pytest.fixture
def room(call: MainWindow, engine: FakeEngine) -> MainWindow:
    """A call with Anna and Ben."""
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    return call


def drawn(pixmap: QPixmap) -> int:
    """How many of the pixels are not transparent."""
    image = pixmap.toImage().convertToFormat(QImage.Format.Format_ARGB32)
    return sum(
        image.pixelColor(x, y).alpha() > 30 for x in range(image.width()) for y in range(image.height())
    )


def overlay_of(window: MainWindow, user_id: str) -> ReactionOverlay:
    grid = window.call_page.grid
    found = (grid.tiles[user_id] if user_id else grid.own).findChild(ReactionOverlay)
    assert isinstance(found, ReactionOverlay)
    return found


@pytest.mark.parametrize("emoji", REACTIONS)
def test_every_reaction_has_a_drawing_of_ours(qtbot: QtBot, emoji: str) -> None:
    assert drawn(render_reaction(emoji, 32)) > 100


def test_variants_have_the_same_drawing_and_others_something(qtbot: QtBot) -> None:
    assert drawing_of("\u2764") == drawing_of("\u2764\ufe0f") == "heart"
    assert drawing_of("👍🏽") == "thumbs-up"
    assert name_of("👍🏽") == "Thumbs up"
    assert name_of("\u202e") == "?"
    for strange in (UNKNOWN, "<b>word</b>", "\u202e", "a" * 16):
        assert drawn(render_reaction(strange, 32)) > 20, "a font, or the plain smile"


def test_missing_glyphs_are_known(qtbot: QtBot) -> None:
    assert has_glyphs("plain", QFont())
    assert not has_glyphs("\U000e0fff\ufffe", QFont())


def test_our_emoji_are_drawn_in_lines_where_no_font_has_them(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.ui.reactions.emoji.has_glyphs", lambda text, font: text != "👍")
    font = QFont()
    font.setPointSizeF(11.25)  # nobody has asked for this one before
    assert find_missing("x 👍 y ❤️", font) == [(2, 1, "👍")]
    row = Conversation().make_line(entry(1, "👍"))
    assert LineLayout(row, font, 400).size.width() >= 12, "room for the drawing"


def test_a_reaction_is_chosen_and_shown_on_ones_own_tile(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine
) -> None:
    room.actions_.react.trigger()
    popup = room.signs.popup
    qtbot.waitUntil(popup.isVisible)
    assert [button.accessibleName() for button in popup.buttons] == [name for _, name in REACTIONS.values()]
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Right)
    popup.buttons[5].click()
    assert not popup.isVisible()
    qtbot.waitUntil(lambda: called(engine, "react") == [("😮",)])
    qtbot.waitUntil(lambda: overlay_of(room, "").emojis == [("😮", 1)])


def test_escape_closes_the_choice(qtbot: QtBot, room: MainWindow) -> None:
    room.actions_.react.trigger()
    qtbot.waitUntil(room.signs.popup.isVisible)
    QTest.keyClick(room.signs.popup.buttons[0], Qt.Key.Key_Escape)
    assert not room.signs.popup.isVisible()


def test_reactions_of_others_are_over_their_tiles(room: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ReactionShown("a", "👍"), ReactionShown("a", "👍"), ReactionShown("a", UNKNOWN))
    emit(engine, ReactionShown("gone", "👍"))
    over = overlay_of(room, "a")
    assert over.emojis == [("👍", 2), (UNKNOWN, 1)]
    assert over.isVisible()
    assert over.accessibleName().startswith("Thumbs up")
    assert over.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    room.resize(700, 500)
    tile = room.call_page.grid.tiles["a"]
    assert tile.rect().contains(over.geometry())


def test_a_reaction_goes_after_its_time(qtbot: QtBot) -> None:
    now_s = [100.0]
    tile = QWidget()
    qtbot.addWidget(tile)
    tile.resize(320, 180)
    over = ReactionOverlay(tile, lambda: now_s[0])
    tile.show()
    for number in range(30):
        over.react(chr(0x41 + number))
    assert len(over.emojis) == MAX_SHOWN
    now_s[0] += 1.0
    over.advance()
    full = tile.grab().toImage()
    now_s[0] = 100.0 + SHOWN_S - 0.1
    over.advance()
    assert tile.grab().toImage() != full, "it fades"
    now_s[0] = 100.0 + SHOWN_S
    over.advance()
    assert not over.isVisible()
    assert over.emojis == []


def test_hands_are_on_the_tiles_in_the_order_of_raising(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, HandChanged("b", True))
    assert room.notices.text == "Ben raised a hand."
    room.actions_.hand.trigger()
    qtbot.waitUntil(lambda: room.call_page.grid.own.hand == 2)
    emit(engine, HandChanged("a", True))
    tiles = room.call_page.grid.tiles
    assert (tiles["b"].hand, tiles["a"].hand) == (1, 3)
    assert "hand raised, number 3" in tiles["a"].accessibleName()
    with_hand = tiles["b"].grab().toImage()
    emit(engine, HandChanged("b", False))
    assert tiles["b"].grab().toImage() != with_hand, "the mark is painted"
    assert (room.call_page.grid.own.hand, tiles["a"].hand) == (1, 2)
    assert room.notices.text == "Anna raised a hand.", "what is said of Ben is no longer true"
    emit(engine, ParticipantGone("a"))
    assert room.notices.text == ""


def test_the_switch_says_what_it_would_do(qtbot: QtBot, room: MainWindow, engine: FakeEngine) -> None:
    hand = room.actions_.hand
    assert hand.text() == "Raise your &hand"
    hand.trigger()
    qtbot.waitUntil(lambda: hand.text() == "Take your &hand down")
    hand.trigger()
    qtbot.waitUntil(lambda: hand.text() == "Raise your &hand")
    assert called(engine, "raise_hand") == [(True,), (False,)]
    assert room.notices.text == "", "one's own hand is no news"


def test_hands_go_down_with_the_call(room: MainWindow, engine: FakeEngine) -> None:
    emit(engine, HandChanged("", True), HandChanged("a", True))
    emit(engine, CallStateChanged(CallState.IDLE, ""))
    assert room.call_page.grid.own.hand == 0
    assert room.notices.text == ""
    assert room.signs.hands.order == ()
