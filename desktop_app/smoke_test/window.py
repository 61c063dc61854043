"""Qt and the loop around the steps. Its imports are those of the whole application."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import qasync  # type: ignore[import-untyped]
from PySide6.QtCore import QCoreApplication, QEvent, QTimer

from desktop_app.app import make_application
from desktop_app.core.paths import settings_file
from desktop_app.settings.store import SettingsStore
from desktop_app.ui.icons import icon_names
from desktop_app.ui.theme import apply_theme, icon

from .parts import ErrorWatch
from .report import StepFailedError, StoppedError
from .steps import SmokeTest

if TYPE_CHECKING:
    from .report import Report


def run(report: Report, until_s: float, patience: float) -> None:
    """Do every step.

    Args:
        report: of the steps.
        until_s: when what is not done by then has failed; the monotonic clock's time.
        patience: how many times longer than usual a step may take.

    Raises:
        StoppedError: a step failed.
    """
    with report.step("application") as step:
        application = make_application()
        apply_theme(application, "light")
        names = icon_names()
        if not names or any(icon(name).pixmap(24, 24).isNull() for name in names):
            raise StepFailedError("Icons are missing.")
        step.detail = f"{len(names)} icons"
        loop = qasync.QEventLoop(application)
        asyncio.set_event_loop(loop)
    # Python runs signal handlers between bytecodes only: Qt's loop has to come back to Python now and then.
    heartbeat = QTimer()
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start(250)
    with loop:
        try:
            loop.run_until_complete(_test(report, until_s, patience))
        finally:
            loop.run_until_complete(_end_tasks())
    heartbeat.stop()


async def _end_tasks() -> None:
    """What the window's parts still waited for must not outlive the loop."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _test(report: Report, until_s: float, patience: float) -> None:
    watch = ErrorWatch()
    logging.getLogger().addHandler(watch)
    try:
        await _do_steps(report, until_s, patience)
    finally:
        logging.getLogger().removeHandler(watch)
    with report.step("log"):
        if watch.errors:
            raise StepFailedError(f"Something failed on the way: {watch.errors[0]}")


async def _do_steps(report: Report, until_s: float, patience: float) -> None:
    with report.step("engine"):
        test = SmokeTest(report, SettingsStore(settings_file()), patience)
    try:
        async with asyncio.timeout(until_s - time.monotonic()):
            await test.run()
    except TimeoutError:
        report.fail("time-limit", "There was no time left for it.")
        raise StoppedError("time-limit") from None
    except StoppedError:
        await test.close()
        raise
    with report.step("end"):
        await test.close()
