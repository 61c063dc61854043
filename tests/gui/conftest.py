"""Fixtures of the GUI tests: no display, a running qasync loop, and nothing of Qt's left behind.

Every test runs on the offscreen platform. A test that leaves a top-level widget, an active QTimer or a running
QThread fails, and so does one during which Qt prints a warning.
"""

from __future__ import annotations

import os

# Before the first QApplication: a test never opens a window on somebody's desktop.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer
from qasync import QEventLoop  # type: ignore[import-untyped]

from .fake_engine import FakeEngine
from .settings_opened import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from desktop_app.settings.schema import Settings

_BUSY_KINDS = (QTimer, QThread)
_REPORTS: pytest.StashKey[dict[str, pytest.TestReport]] = pytest.StashKey()
_PUMPS = 50


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember how each phase ended: the leak check is only meaningful after a test that passed."""
    report = yield
    item.stash.setdefault(_REPORTS, {})[report.when] = report
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A warning by Qt fails a test of this folder, whichever it is."""
    for item in items:
        if __package__ in getattr(getattr(item, "module", None), "__name__", ""):
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support", extend=True))


def flush_deletions() -> None:
    """Really delete what `deleteLater` only promised to (no event loop returns to level 0 inside a test)."""
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


@pytest.fixture(scope="session", autouse=True)
def forget_what_is_loaded(qapp: QApplication) -> None:
    """Keep the modules' own objects out of every later collection and search: each test makes two of both."""
    gc.collect()
    gc.freeze()


def _busy() -> list[QObject]:
    """Active timers and running threads."""
    # Qt keeps no list of them, but each one that Python made has a wrapper.
    found = [each for each in gc.get_objects() if isinstance(each, _BUSY_KINDS)]
    return [
        each
        for each in found
        if shiboken6.isValid(each) and (each.isActive() if isinstance(each, QTimer) else each.isRunning())
    ]


def _describe(widget_or_timer: QObject) -> str:
    parent = widget_or_timer.parent()
    owner = f" of {type(parent).__name__}" if parent is not None else ""
    return f"{type(widget_or_timer).__name__}({widget_or_timer.objectName()!r}){owner}"


@pytest.fixture(autouse=True)
def no_leaks(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a passing test that leaves widgets, timers or threads behind."""
    widgets_before = set(qapp.topLevelWidgets())
    busy_before = {id(each) for each in _busy()}
    yield
    flush_deletions()
    gc.collect()
    flush_deletions()
    report = request.node.stash.get(_REPORTS, {}).get("call")
    if report is None or not report.passed:
        return  # the traceback keeps the test's objects alive
    leaked = [each for each in qapp.topLevelWidgets() if each not in widgets_before]
    busy = [each for each in _busy() if id(each) not in busy_before]
    problems = [_describe(each) for each in (*leaked, *busy)]
    for widget in leaked:
        widget.deleteLater()  # the next test shall not find it again
    for each in busy:
        if isinstance(each, QTimer):
            each.stop()
    flush_deletions()
    if problems:
        pytest.fail("left behind: " + ", ".join(problems), pytrace=False)


@pytest.fixture
def qt_loop(qapp: QApplication, no_leaks: None) -> Iterator[asyncio.AbstractEventLoop]:
    """qasync's loop, running: tasks advance whenever Qt handles events (`qtbot.waitUntil`, ...).

    Tests stay plain functions. A task that still runs when the test's widgets are gone fails the test.
    """
    # Not already_running=True: its stop() is QApplication.exit(), after which no nested loop runs again.
    loop = QEventLoop(qapp)
    asyncio.events._set_running_loop(loop)
    try:
        yield loop
        flush_deletions()
        leftovers = _settle(loop)
    finally:
        asyncio.events._set_running_loop(None)
        loop.close()
    if leftovers:
        pytest.fail(f"tasks still ran: {', '.join(leftovers)}", pytrace=False)


def _settle(loop: Any) -> list[str]:
    """Give tasks that were cancelled with their widgets the turns to end; name those that do not."""
    for _ in range(_PUMPS):
        if not asyncio.all_tasks(loop):
            return []
        QCoreApplication.processEvents()
    remaining = asyncio.all_tasks(loop)
    for task in remaining:
        task.cancel()
    for _ in range(_PUMPS):
        QCoreApplication.processEvents()
    return [repr(task.get_coro()) for task in remaining]


@pytest.fixture
def engine() -> FakeEngine:
    """A fresh engine in memory."""
    return FakeEngine()


@pytest.fixture
def opened(qtbot: QtBot, engine: FakeEngine) -> Callable[[Settings], Opened]:
    """Opens the settings dialog and waits until it knows the devices."""
    from desktop_app.ui.settings_dialog import SettingsDialog

    def show(settings: Settings) -> Opened:
        dialog = SettingsDialog(engine, settings)
        qtbot.addWidget(dialog)
        result = Opened(dialog)
        dialog.show()
        qtbot.waitUntil(
            lambda: "list_devices" in engine.names() and result.labels("camera")[1] != "No camera"
        )
        return result

    return show
