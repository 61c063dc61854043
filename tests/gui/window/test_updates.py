"""The notice of a newer version: quiet, in the lobby, once a day, and never against a wish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest

from desktop_app.settings.schema import Settings
from desktop_app.ui.updates import PAGE, SKIP, Updates
from desktop_app.updates.feed import UpdateError, make_release
from desktop_app.updates.memory import DAY_S, UpdateMemory
from tests.gui.settings_opened import opening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    from .conftest import MakeWindow

    Begin: TypeAlias = Callable[[Settings, "Clock"], tuple[MainWindow, Updates]]

URL = "https://updates.example.org/newest.json"
SETTINGS = Settings(display_name="Ana", appearance="light", updates_url=URL)
NOW_S = 1_800_000_000.0


class Clock:
    """A time that passes when a test says so."""

    def __init__(self) -> None:
        self.now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def begin(make_window: MakeWindow, engine: FakeEngine, tmp_path: Path) -> Begin:
    """A window, version 1.2.0, that looks for updates."""
    engine.newest = make_release("1.10.0", "https://example.org/1.10.0")

    def start(settings: Settings, clock: Clock) -> tuple[MainWindow, Updates]:
        window = make_window(settings)
        updates = Updates(engine, window, UpdateMemory(tmp_path / "updates.json"), "1.2.0", clock)
        updates.start()
        return window, updates

    return start


def asked(engine: FakeEngine) -> int:
    return engine.names().count("newest_release")


def press(window: MainWindow, text: str) -> None:
    [button] = [each for each in window.notices.buttons if each.text() == text]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_newer_version_is_told_with_its_page(
    qtbot: QtBot, engine: FakeEngine, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, _ = begin(SETTINGS, Clock())
    qtbot.waitUntil(lambda: window.notices.text == "Bridgecall 1.10.0 is available. This is version 1.2.0.")
    window.notices.end_infos()
    assert window.notices.text  # it stays until it is answered
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opening(opened))
    press(window, PAGE)
    assert [url.toString() for url in opened] == ["https://example.org/1.10.0"]
    assert window.notices.text == ""


def test_it_asks_once_a_day_and_remembers_what_it_heard(
    qtbot: QtBot, engine: FakeEngine, begin: Begin
) -> None:
    clock = Clock()
    window, updates = begin(SETTINGS, clock)
    qtbot.waitUntil(lambda: window.notices.text != "")
    window.notices.dismiss()
    clock.now_s += DAY_S - 1
    updates.look()
    qtbot.waitUntil(lambda: window.notices.text != "")  # from memory
    assert asked(engine) == 1
    clock.now_s += 1
    updates.look()
    qtbot.waitUntil(lambda: asked(engine) == 2)


def test_not_this_version_is_meant_for_good_but_for_this_one_alone(
    qtbot: QtBot, engine: FakeEngine, begin: Begin, tmp_path: Path
) -> None:
    clock = Clock()
    window, updates = begin(SETTINGS, clock)
    qtbot.waitUntil(lambda: window.notices.text != "")
    press(window, SKIP)
    assert window.notices.text == ""
    qtbot.waitUntil(lambda: UpdateMemory(tmp_path / "updates.json").read().skipped == "1.10.0")
    clock.now_s += DAY_S
    updates.look()
    qtbot.waitUntil(lambda: asked(engine) == 2)
    engine.newest = make_release("1.11.0", "https://example.org/1.11.0")
    clock.now_s += DAY_S
    updates.look()
    qtbot.waitUntil(lambda: "1.11.0" in window.notices.text)


@pytest.mark.parametrize(
    "settings",
    [SETTINGS.replace(updates_check=False), SETTINGS.replace(updates_url="")],
    ids=["off", "no-url"],
)
def test_nobody_is_asked_who_is_not_to_be(
    qtbot: QtBot, engine: FakeEngine, begin: Begin, settings: Settings
) -> None:
    window, updates = begin(settings, Clock())
    updates.look()
    window.controller.change_settings(SETTINGS)  # the way to know that a question would have come by now
    qtbot.waitUntil(lambda: asked(engine) == 1)
    qtbot.waitUntil(lambda: window.notices.text != "")
    window.controller.change_settings(settings)
    qtbot.waitUntil(lambda: window.notices.text == "")
    assert asked(engine) == 1


@pytest.mark.parametrize("version", ["1.2.0", "1.2", "1.1.9", "1.2.0rc1"])
def test_the_same_or_an_older_version_is_no_news(
    qtbot: QtBot, engine: FakeEngine, begin: Begin, tmp_path: Path, version: str
) -> None:
    engine_answers = make_release(version, "https://example.org/")
    window, updates = begin(SETTINGS.replace(updates_check=False), Clock())
    engine.newest = engine_answers
    window.controller.change_settings(SETTINGS)
    qtbot.waitUntil(lambda: UpdateMemory(tmp_path / "updates.json").read().version == version)
    updates.look()
    assert window.notices.text == ""


def test_in_a_call_it_waits_for_the_lobby(qtbot: QtBot, engine: FakeEngine, begin: Begin) -> None:
    window, updates = begin(SETTINGS.replace(updates_check=False), Clock())
    window.start_call()
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    window.controller.change_settings(SETTINGS)
    qtbot.waitUntil(lambda: asked(engine) == 1)
    qtbot.waitUntil(lambda: updates.has_news)
    assert window.notices.text == ""
    window.controller.leave()
    qtbot.waitUntil(lambda: "1.10.0" in window.notices.text)


def test_a_failure_is_a_line_in_the_log_alone(
    qtbot: QtBot, engine: FakeEngine, begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    engine.fail("newest_release", UpdateError("The update server does not answer."))
    with caplog.at_level("INFO"):
        window, _ = begin(SETTINGS, Clock())
        qtbot.waitUntil(lambda: "the newest version is not known: The update server does not" in caplog.text)
    assert window.notices.text == ""
