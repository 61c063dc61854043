"""The connection test's dialog: rows that fill, a report to copy, and an end at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from desktop_app.core.errors import UserFacingError
from desktop_app.engine.port import TestLine
from desktop_app.settings.schema import Settings
from desktop_app.ui.connection_test_dialog import ConnectionTestDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from .fake_engine import FakeEngine
    from .settings_opened import Opened

pytestmark = pytest.mark.usefixtures("qt_loop")

LINES = (
    TestLine("Server", "pass", "calls.example.org:8080 let us in."),
    TestLine("TURN turn:<b>t</b>", "warn", "Slow."),
    TestLine("Camera", "fail", "No camera was found."),
)


def shown(qtbot: QtBot, engine: FakeEngine) -> ConnectionTestDialog:
    dialog = ConnectionTestDialog(engine, Settings)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def runs(dialog: ConnectionTestDialog) -> bool:
    return dialog.is_running


def test_rows_fill_and_the_report_can_be_copied(qtbot: QtBot, engine: FakeEngine) -> None:
    engine.test_lines = LINES
    dialog = shown(qtbot, engine)
    assert runs(dialog)
    assert not dialog.copy_button.isEnabled()
    qtbot.waitUntil(lambda: not dialog.is_running)
    said = {name: (row.verdict.text(), row.detail.text()) for name, row in dialog.rows.items()}
    assert said == {
        "Server": ("Passed", "calls.example.org:8080 let us in."),
        "TURN turn:<b>t</b>": ("Warning", "Slow."),
        "Camera": ("Failed", "No camera was found."),
    }
    assert dialog.rows["TURN turn:<b>t</b>"].name.textFormat() is Qt.TextFormat.PlainText
    assert dialog.summary.text() == "One thing does not work."
    dialog.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    assert copied.splitlines()[2] == "FAIL    Camera: No camera was found."


def test_it_can_be_stopped_run_again_and_closed(qtbot: QtBot, engine: FakeEngine) -> None:
    engine.test_lines = LINES[:1]
    engine.hold("test_connection")
    dialog = shown(qtbot, engine)
    qtbot.waitUntil(lambda: bool(engine.calls))
    dialog.run_button.click()
    assert not runs(dialog)
    assert dialog.summary.text() == "The test was stopped."
    dialog.run_button.click()
    assert runs(dialog)
    qtbot.waitUntil(lambda: len(engine.calls) == 2)
    engine.release("test_connection")
    qtbot.waitUntil(lambda: dialog.summary.text() == "Everything works.")
    engine.hold("test_connection")
    dialog.run_button.click()
    dialog.close()
    assert not runs(dialog)


@pytest.mark.expected_warnings("failed")
def test_a_failure_is_one_sentence(qtbot: QtBot, engine: FakeEngine) -> None:
    engine.fail("test_connection", UserFacingError("Nothing can be tried now."))
    dialog = shown(qtbot, engine)
    qtbot.waitUntil(lambda: dialog.summary.text() == "Nothing can be tried now.")
    assert dialog.run_button.isEnabled()


def test_the_settings_lead_to_it_and_take_it_along_when_they_close(
    opened: Callable[[Settings], Opened], engine: FakeEngine, qtbot: QtBot
) -> None:
    window = opened(Settings(display_name="Ana")).dialog
    window.test_button.click()
    assert window.test_dialog is not None
    qtbot.waitUntil(lambda: any(call.name == "test_connection" for call in engine.calls))
    (call,) = (each for each in engine.calls if each.name == "test_connection")
    assert call.args == (Settings(display_name="Ana"),)
    window.close()
    assert not window.test_dialog.isVisible()
