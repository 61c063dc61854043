"""The lobby's offer to return to a call that ended by a crash, and the file behind it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from desktop_app.call.events import CallState, CallStateChanged, RoomChanged
from desktop_app.protocol.invite import Invite
from desktop_app.protocol.rights import RoomRules
from desktop_app.settings.return_point import new_path
from desktop_app.settings.schema import Settings
from desktop_app.settings.vault import Vault
from desktop_app.ui.main_window import MainWindow

from .calls import called

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TypeAlias

    from pytestqt.qtbot import QtBot

    from tests.gui.fake_engine import FakeEngine

    from .conftest import Saved

    Open: TypeAlias = Callable[[], MainWindow]

_WRITER = """
import sys
from pathlib import Path
from desktop_app.settings.return_point import write_point
write_point(Path(sys.argv[1]), sys.argv[2], "garden-party", hosted=sys.argv[3] == "hosted", user_id="0f" * 8)
"""
INVITE = Invite("192.0.2.9", 8443, "garden-party", False)


def crashed(folder: Path, how: str = "joined", link: str = INVITE.link()) -> None:
    subprocess.run([sys.executable, "-c", _WRITER, str(new_path(folder)), link, how], check=True)


@pytest.fixture
def open_window(
    qtbot: QtBot, qt_loop: asyncio.AbstractEventLoop, engine: FakeEngine, saved: Saved, tmp_path: Path
) -> Iterator[Open]:
    """Opens windows whose calls are in `tmp_path`."""
    vault = Vault()
    windows: list[MainWindow] = []

    def show() -> MainWindow:
        settings = Settings(display_name="Ana Silva", appearance="light")
        window = MainWindow(engine, settings, saved.save, calls_folder=tmp_path, vault=vault)
        windows.append(window)
        window.start()
        return window

    yield show
    for window in windows:
        if not window.is_closed:
            with qtbot.waitSignal(window.closed):
                window.close()
        window.deleteLater()
    vault.close()


def calls(folder: Path) -> int:
    return len(list(folder.glob("call-*.json")))


def test_the_call_is_offered_and_returned_to(
    qtbot: QtBot, open_window: Open, engine: FakeEngine, tmp_path: Path
) -> None:
    crashed(tmp_path)
    window = open_window()
    card = window.lobby.return_card
    qtbot.waitUntil(card.isVisible)
    assert card.text.text() == "Bridgecall ended during a call in “garden-party”."
    card.return_button.click()
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    assert called(engine, "join") == [(INVITE, "Ana Silva")]
    assert engine.user_id == "0f" * 8, "so that the others see one of us, not two"
    engine.emit(RoomChanged(RoomRules(host=engine.user_id)))
    assert window.call_page.people.own_row.accessibleName() == "Ana Silva (you), host"
    assert not card.isVisibleTo(window.lobby)
    qtbot.waitUntil(lambda: calls(tmp_path) == 1)
    window.actions_.leave.trigger()
    qtbot.waitUntil(lambda: calls(tmp_path) == 0)


def test_a_hosted_room_is_opened_again(
    qtbot: QtBot, open_window: Open, engine: FakeEngine, tmp_path: Path
) -> None:
    crashed(tmp_path, "hosted")
    window = open_window()
    qtbot.waitUntil(window.lobby.return_card.isVisible)
    window.lobby.return_card.return_button.click()
    qtbot.waitUntil(lambda: called(engine, "host") == [("Ana Silva", INVITE)])
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)


def test_an_offer_can_be_dismissed_for_good(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    crashed(tmp_path)
    window = open_window()
    qtbot.waitUntil(window.lobby.return_card.isVisible)
    window.lobby.return_card.dismiss_button.click()
    qtbot.waitUntil(lambda: calls(tmp_path) == 0)
    assert not window.lobby.return_card.isVisible()


def test_without_the_links_key_the_person_is_told_to_open_the_link(
    qtbot: QtBot, open_window: Open, tmp_path: Path
) -> None:
    crashed(tmp_path, link=f"{INVITE.link()}#k={'k' * 22}")
    card = open_window().lobby.return_card
    qtbot.waitUntil(card.isVisible)
    assert "Open its invite link" in card.text.text()
    assert not card.return_button.isVisible()


def test_windows_that_live_are_none_of_each_others_business(
    qtbot: QtBot, open_window: Open, engine: FakeEngine, tmp_path: Path
) -> None:
    first = open_window()
    first.start_call()
    qtbot.waitUntil(lambda: calls(tmp_path) == 1)
    second = open_window()
    qtbot.waitUntil(lambda: engine.names().count("list_devices") == 2)
    assert not second.lobby.return_card.isVisible()
    assert calls(tmp_path) == 1


def test_closing_the_window_in_a_call_is_a_clean_end(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = open_window()
    window.start_call()
    qtbot.waitUntil(lambda: calls(tmp_path) == 1)
    with qtbot.waitSignal(window.closed):
        window.close()
    assert calls(tmp_path) == 0


def test_a_lost_server_leaves_the_call_written_down(
    qtbot: QtBot, open_window: Open, engine: FakeEngine, tmp_path: Path
) -> None:
    window = open_window()
    window.start_call()
    qtbot.waitUntil(lambda: calls(tmp_path) == 1)
    before = list(tmp_path.glob("call-*.json"))
    engine.emit(CallStateChanged(CallState.SERVER_LOST, "room"))
    engine.emit(CallStateChanged(CallState.IN_CALL, "room"))
    assert list(tmp_path.glob("call-*.json")) == before
