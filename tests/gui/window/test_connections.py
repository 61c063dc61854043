"""Connections that are lost and come back: sentences, sounds, tiles, badges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from desktop_app.call.events import (
    CallState,
    CallStateChanged,
    ParticipantGone,
    ParticipantJoined,
    PeerStateChanged,
    StatsUpdated,
)
from desktop_app.rtc.state import PeerState
from desktop_app.settings.schema import Settings
from desktop_app.stats.model import CallStats, PeerStats

from .calls import ANNA, BEN, called, emit
from .pictures import RED, plain_frame

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    from .conftest import MakeWindow


def state(user_id: str, new: PeerState) -> PeerStateChanged:
    return PeerStateChanged(user_id, new)


def quality(window: MainWindow, engine: FakeEngine, word: str) -> str:
    """What Anna's badge says after a second of statistics with `word`."""
    emit(engine, StatsUpdated(CallStats(1.0, {"a": PeerStats("a", "connected", quality=word)})))
    return window.call_page.grid.tiles["a"].quality


def test_a_loss_and_its_end_are_said_with_a_sound_each(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), state("a", PeerState.CONNECTED), state("a", PeerState.UNSTABLE))
    assert call.notices.text == "", "a second and a half is no loss yet"
    assert "Unstable connection to Anna" in call.state_line.text
    emit(engine, state("a", PeerState.RECONNECTING))
    assert call.notices.text == "The connection to Anna was lost; it is being made again."
    emit(engine, state("a", PeerState.CONNECTED))
    assert call.notices.text == "The connection to Anna is back."
    assert called(engine, "play_chime") == [("lost",), ("back",)]


def test_of_several_losses_at_once_one_sound_tells(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    emit(engine, CallStateChanged(CallState.SERVER_LOST, "room"))
    emit(engine, state("a", PeerState.RECONNECTING), state("b", PeerState.RECONNECTING))
    assert "2 people" in call.notices.text
    emit(engine, state("a", PeerState.CONNECTED), CallStateChanged(CallState.IN_CALL, "room"))
    assert called(engine, "play_chime") == [("lost",)]
    emit(engine, state("b", PeerState.CONNECTED))
    assert called(engine, "play_chime") == [("lost",), ("back",)]


def test_who_leaves_while_lost_is_not_back(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), state("a", PeerState.RECONNECTING), ParticipantGone("a"))
    assert call.notices.text == ""
    assert called(engine, "play_chime") == [("lost",)]


def test_the_sounds_can_be_switched_off(qtbot: QtBot, make_window: MakeWindow, engine: FakeEngine) -> None:
    window = make_window(Settings(display_name="Ana", event_sounds=False))
    window.start_call()
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    emit(engine, ParticipantJoined(ANNA), state("a", PeerState.RECONNECTING))
    assert "lost" in window.notices.text
    assert called(engine, "play_chime") == []


def test_the_badge_says_what_the_score_says(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), state("a", PeerState.CONNECTED))
    tile = call.call_page.grid.tiles["a"]
    assert tile.quality == "unknown"
    for word, words in (
        ("excellent", "excellent connection"),
        ("good", "good connection"),
        ("poor", "poor connection"),
        ("lost", "connection lost"),
        ("unknown", "connection not known yet"),
    ):
        assert quality(call, engine, word) == word
        assert words in tile.accessibleName()
        assert words in call.call_page.people.rows["a"].accessibleName()


def test_the_badge_falls_with_the_connection_before_the_score_does(
    call: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, ParticipantJoined(ANNA), state("a", PeerState.CONNECTED))
    assert quality(call, engine, "excellent") == "excellent"
    emit(engine, state("a", PeerState.UNSTABLE))
    assert call.call_page.grid.tiles["a"].quality == "poor"
    emit(engine, state("a", PeerState.RECONNECTING))
    assert quality(call, engine, "good") == "lost", "what is not there cannot be good"
    emit(engine, state("a", PeerState.CONNECTED))
    assert quality(call, engine, "poor") == "poor"


def test_the_last_picture_stays_grey_with_a_mark_that_turns(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, ParticipantJoined(ANNA), state("a", PeerState.CONNECTED))
    tile = call.call_page.grid.tiles["a"]
    engine.remote_video("a").put(plain_frame(RED))
    qtbot.waitUntil(lambda: tile.showing_picture)
    corner = QPoint(tile.width() // 4, tile.height() // 4)

    def saturation() -> int:
        return tile.grab().toImage().pixelColor(corner * tile.devicePixelRatio()).hsvSaturation()

    assert saturation() > 150
    emit(engine, state("a", PeerState.RECONNECTING))
    assert tile.status == "Reconnecting…"
    assert tile.showing_picture
    assert tile.is_turning()
    assert saturation() < 40
    call.hide()
    assert not tile.is_turning(), "nothing turns that nobody sees"
    call.show()
    assert tile.is_turning()
    emit(engine, state("a", PeerState.CONNECTED))
    assert not tile.is_turning()
    assert saturation() > 150
