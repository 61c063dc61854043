"""The settings' page of updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest

import desktop_app
from desktop_app.core.paths import updates_file
from desktop_app.settings.schema import Group, Settings
from desktop_app.ui.settings_updates import NO_ADDRESS
from desktop_app.updates.feed import UpdateError, make_release
from desktop_app.updates.memory import UpdateMemory

from .settings_opened import Opened, opening, type_into

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from .fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("qt_loop")

URL = "https://updates.example.org/newest.json"


def check(shown: Opened) -> None:
    shown.dialog.show_page(Group.UPDATES)
    QTest.mouseClick(shown.dialog.check_now.button, Qt.MouseButton.LeftButton)


def test_the_switch_and_the_address_are_kept_when_they_are_right(
    opened: Callable[[Settings], Opened],
) -> None:
    shown = opened(Settings())
    shown.dialog.show_page(Group.UPDATES)
    assert shown.switch("updates_check").isChecked()
    QTest.mouseClick(shown.switch("updates_check"), Qt.MouseButton.LeftButton)
    type_into(shown.text("updates_url"), "http://updates.example.org/")
    shown.dialog.apply_pending()
    assert shown.dialog.rows["updates_url"].problem == "The address must begin with https://."
    type_into(shown.text("updates_url"), URL)
    shown.dialog.apply_pending()
    assert shown.dialog.rows["updates_url"].problem == ""
    assert (shown.emitted[-1].updates_check, shown.emitted[-1].updates_url) == (False, URL)


def test_a_newer_version_is_told_and_its_page_opened(
    qtbot: QtBot, engine: FakeEngine, opened: Callable[[Settings], Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.newest = make_release("99.1", "https://example.org/99.1")
    shown = opened(Settings(updates_url=URL))
    line = shown.dialog.check_now
    check(shown)
    qtbot.waitUntil(lambda: "99.1" in line.answer.text())
    assert line.button.isEnabled()
    pages: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opening(pages))
    QTest.mouseClick(line.page_button, Qt.MouseButton.LeftButton)
    assert [page.toString() for page in pages] == ["https://example.org/99.1"]
    assert UpdateMemory(updates_file()).read().version == "99.1"


def test_check_now_asks_what_was_typed_a_moment_ago(
    qtbot: QtBot, engine: FakeEngine, opened: Callable[[Settings], Opened]
) -> None:
    shown = opened(Settings())
    shown.dialog.show_page(Group.UPDATES)
    type_into(shown.text("updates_url"), URL)
    check(shown)
    qtbot.waitUntil(lambda: shown.dialog.check_now.answer.text().startswith("This is the newest version"))
    assert desktop_app.__version__ in shown.dialog.check_now.answer.text()
    assert [call.args for call in engine.calls if call.name == "newest_release"] == [(URL,)]
    assert not shown.dialog.check_now.page_button.isVisible()
    type_into(shown.text("updates_url"), "https://other.example.org/")
    assert not shown.dialog.check_now.answer.isVisible()


def test_why_there_is_no_answer_is_one_sentence(
    qtbot: QtBot, engine: FakeEngine, opened: Callable[[Settings], Opened]
) -> None:
    engine.fail("newest_release", UpdateError("The update server does not answer."))
    shown = opened(Settings(updates_url=URL))
    line = shown.dialog.check_now
    check(shown)
    qtbot.waitUntil(lambda: line.answer.text() == "The update server does not answer.")
    type_into(shown.text("updates_url"), "")
    check(shown)
    assert line.answer.text() == NO_ADDRESS
    type_into(shown.text("updates_url"), "file:///etc/passwd")
    check(shown)
    assert not line.answer.isVisible()
    assert engine.names().count("newest_release") == 1
