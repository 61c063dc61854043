"""Links of the bridgecall: scheme, clicked while the window is open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from desktop_app.protocol.invite import parse_invite
from desktop_app.settings.schema import Settings
from desktop_app.ui.link_opener import LEAVE, STAY, LinkOpener

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    from .conftest import MakeWindow

FRAGMENT = f"#fp={'ab' * 32}&k=AAAAAAAAAAAAAAAAAAAAAA"
LINK = f"bridgecall://calls.example.org:8443/r/abcd-efgh{FRAGMENT}"
OTHER = f"bridgecall://calls.example.org:8443/r/another-room{FRAGMENT}"


def joined(engine: FakeEngine) -> list[str]:
    """The rooms that the engine was sent to."""
    return [call.args[0].room_id for call in engine.calls if call.name == "join"]


def answer(window: MainWindow, text: str) -> None:
    [box] = [each for each in window.findChildren(QMessageBox) if each.isVisible()]
    [button] = [each for each in box.buttons() if each.text() == text]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_link_joins_as_the_https_link_does(
    qtbot: QtBot, engine: FakeEngine, make_window: MakeWindow
) -> None:
    window = make_window()
    window.showMinimized()
    LinkOpener(window).open(LINK)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    [call] = [call for call in engine.calls if call.name == "join"]
    assert call.args[0] == parse_invite(LINK.replace("bridgecall://", "https://"))
    assert not window.isMinimized()


def test_without_a_name_the_form_asks_for_it(engine: FakeEngine, make_window: MakeWindow) -> None:
    window = make_window(Settings(appearance="light"))
    LinkOpener(window).open(LINK)
    assert joined(engine) == []
    assert window.lobby.form.target_field.text == LINK.replace("bridgecall://", "https://")
    assert window.lobby.form.name_field.problem


@pytest.mark.parametrize(
    "link",
    [
        "bridgecall:", "bridgecall://", "bridgecall:///r/room", "bridgecall://host", "bridgecall://host/x/room",
        "bridgecall://user:secret@host/r/room", "bridgecall://host:99999/r/room", "bridgecall://host/r/..",
        "bridgecall://host/r/room#fp=12", "bridgecall://host/r/room#k=../../etc", "bridgecall://ho st/r/room",
        "bridgecall://host/r/a%0Ab", "bridgecall://[::1/r/room", "bridgecall://host/r/" + "x" * 5000,
        "https://host/r/room", "file:///etc/passwd", "--host", "",
    ],
)  # fmt: skip
@pytest.mark.expected_warnings("a link was not opened")
def test_a_hostile_link_is_one_sentence(engine: FakeEngine, make_window: MakeWindow, link: str) -> None:
    window = make_window()
    LinkOpener(window).open(link)
    assert window.notices.text.endswith(".")
    assert window.notices.text.count(". ") == 0
    assert "secret" not in window.notices.text.replace("The link's secret is damaged", "")
    assert joined(engine) == []


def test_in_a_call_it_asks_first(qtbot: QtBot, engine: FakeEngine, make_window: MakeWindow) -> None:
    window = make_window()
    opener = LinkOpener(window)
    opener.open(LINK)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    opener.open(LINK)  # the call that we are in
    assert not window.findChildren(QMessageBox)
    opener.open(OTHER)
    answer(window, STAY)
    assert joined(engine) == ["abcd-efgh"]
    assert window.pages.currentWidget() is window.call_page
    opener.open(OTHER)
    answer(window, LEAVE)
    qtbot.waitUntil(lambda: joined(engine) == ["abcd-efgh", "another-room"])
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    assert engine.names().count("leave") == 1
    assert window.controller.invite == replace(parse_invite(OTHER), secure=True)


def test_on_the_way_into_a_call_it_asks_as_well(
    qtbot: QtBot, engine: FakeEngine, make_window: MakeWindow
) -> None:
    window = make_window()
    opener = LinkOpener(window)
    engine.hold("join")
    opener.open(LINK)
    qtbot.waitUntil(lambda: joined(engine) == ["abcd-efgh"])
    opener.open(OTHER)
    answer(window, LEAVE)
    qtbot.waitUntil(lambda: joined(engine) == ["abcd-efgh", "another-room"])
    engine.release("join")
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)


def test_the_newest_of_several_links_counts(
    qtbot: QtBot, engine: FakeEngine, make_window: MakeWindow
) -> None:
    window = make_window()
    opener = LinkOpener(window)
    opener.open(LINK)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    for number in range(5):
        opener.open(OTHER.replace("another-room", f"room-{number}"))
    answer(window, LEAVE)  # there is one box only
    qtbot.waitUntil(lambda: joined(engine) == ["abcd-efgh", "room-4"])


def test_macos_sends_links_as_events(
    qtbot: QtBot, qapp: QApplication, engine: FakeEngine, make_window: MakeWindow
) -> None:
    window = make_window()
    opener = LinkOpener(window)
    opener.watch(qapp)
    QCoreApplication.sendEvent(qapp, QFileOpenEvent(QUrl(LINK)))
    qapp.removeEventFilter(opener)
    qtbot.waitUntil(lambda: joined(engine) == ["abcd-efgh"])
    [call] = [call for call in engine.calls if call.name == "join"]
    assert call.args[0] == parse_invite(LINK)
