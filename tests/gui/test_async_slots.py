"""Coroutines of Qt slots: their errors are shown and logged, and they end with their owner."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from desktop_app.core.errors import GENERIC_SENTENCE, UserFacingError
from desktop_app.ui.async_slots import run_coroutine, show_error

from .conftest import flush_deletions

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = [
    pytest.mark.usefixtures("qt_loop"),
    pytest.mark.expected_warnings(r"ui\.async_slots: .* failed$"),
]


async def answer() -> int:
    await asyncio.sleep(0)
    return 42


async def fail(error: Exception) -> None:
    await asyncio.sleep(0)
    raise error


def test_result_is_delivered(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    task = run_coroutine(owner, answer())
    qtbot.waitUntil(task.done)
    assert task.result() == 42


def test_user_facing_error_is_told_and_logged(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    told: list[str] = []
    run_coroutine(owner, fail(UserFacingError("The camera is busy.")), told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told == ["The camera is busy."]
    assert "Traceback" in caplog.text
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_defect_becomes_the_generic_sentence(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    told: list[str] = []
    run_coroutine(owner, fail(KeyError("inner detail")), told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told == [GENERIC_SENTENCE]
    assert "inner detail" in caplog.text


def test_error_without_handler_opens_a_box_that_deletes_itself(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    owner.show()
    run_coroutine(owner, fail(UserFacingError("The server does not answer.")))
    qtbot.waitUntil(lambda: bool(owner.findChildren(QMessageBox)))
    box = owner.findChildren(QMessageBox)[0]
    assert box.text() == "The server does not answer."
    box.accept()
    flush_deletions()
    assert owner.findChildren(QMessageBox) == []


def test_an_error_is_shown_as_plain_text(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    box = show_error(owner, "<b>x</b>")
    assert box.textFormat() is Qt.TextFormat.PlainText
    assert box.text() == "<b>x</b>"


def test_task_is_cancelled_with_its_owner(qtbot: QtBot) -> None:
    owner = QWidget()
    told: list[str] = []
    task = run_coroutine(owner, asyncio.Event().wait(), told.append)
    qtbot.wait(1)
    owner.deleteLater()
    del owner
    flush_deletions()
    qtbot.waitUntil(task.done)
    assert task.cancelled()
    assert told == []


def test_failure_after_the_owner_is_gone_is_logged_only(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    owner = QWidget()
    told: list[str] = []

    async def fail_when_cancelled() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise RuntimeError("while closing") from None

    task = run_coroutine(owner, fail_when_cancelled(), told.append)
    qtbot.wait(1)
    owner.deleteLater()
    flush_deletions()
    qtbot.waitUntil(task.done)
    assert told == []
    assert "while closing" in caplog.text
