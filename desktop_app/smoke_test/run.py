"""The way in: a home of its own that is gone afterwards, a limit in time, the report and the exit status."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.core.log import setup_file_logging
from desktop_app.core.paths import log_file
from desktop_app.display import missing_display

from .report import Report, StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

EXIT_OK, EXIT_FAILED, EXIT_NO_DISPLAY = 0, 1, 2
LIMIT_S = 20.0
LIMIT_VARIABLE = "BRIDGECALL_SMOKE_TEST_LIMIT_S"
"""For a machine that has much else to do: 20 to 600 seconds in all, and each step gets as many times more."""
MAX_LIMIT_S = 600.0
RESERVE = 0.05
"""The part of the limit that is left for the report and the end of the process."""
CLOSE_SHARE = 0.15
"""The part that is left for leaving the call and closing."""
_XDG = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


def main(report_path: Path | None) -> int:
    """Run the smoke test; returns the exit status: 0, 1 when a step failed, 2 without a display."""
    limit_s = _limit_s()
    deadline_s = time.monotonic() - _age_s() + limit_s * (1 - RESERVE)
    report = Report(None if report_path is None else report_path.absolute())
    if not report.begin():
        _say(f"The report cannot be written to {report_path}.")
        return EXIT_FAILED
    problem = missing_display()
    if problem is not None:
        report.fail("display", problem)
        report.finish()
        _say(problem)
        return EXIT_NO_DISPLAY
    with _temporary_home() as home, _time_limit(report, deadline_s, home):
        _attempt(report, deadline_s - limit_s * CLOSE_SHARE, limit_s / LIMIT_S)
        written = report.finish(log_file())
    if not written and report_path is not None:
        _say(f"The report cannot be written to {report_path}.")
    for step in report.values["steps"]:
        if not step["ok"]:
            _say(f"The smoke test failed at “{step['name']}”: {step['detail']}")
    return EXIT_OK if report.ok and written else EXIT_FAILED


def _age_s() -> float:
    """How long this process has been running: a frozen program unpacks and imports before it comes here."""
    try:
        import psutil

        return max(0.0, min(LIMIT_S / 2, time.time() - psutil.Process().create_time()))
    except Exception:  # noqa: BLE001 - a part that is missing is found by the first step
        return 0.0


def _limit_s() -> float:
    try:
        return min(MAX_LIMIT_S, max(LIMIT_S, float(os.environ.get(LIMIT_VARIABLE, ""))))
    except ValueError:
        return LIMIT_S


def _attempt(report: Report, until_s: float, patience: float) -> None:
    try:
        with report.step("start"):
            setup_file_logging(log_file())
            # Here and not above: what a broken installation lacks shall be in the report.
            from .window import run
        run(report, until_s, patience)
    except StoppedError:
        logger.info("the smoke test ends early")
    finally:
        logging.basicConfig(handlers=[logging.NullHandler()], force=True)  # closes the file, which goes now


@contextlib.contextmanager
def _temporary_home() -> Iterator[Path]:
    """A folder for everything that the application, or a library of it, would keep of a person."""
    names = ("BRIDGECALL_HOME", *_XDG)
    before = {name: os.environ.get(name) for name in names}
    home = Path(tempfile.mkdtemp(prefix="bridgecall-smoke-"))
    os.environ.update({name: str(home / "xdg" / name) for name in _XDG} | {"BRIDGECALL_HOME": str(home)})
    try:
        yield home
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _time_limit(report: Report, deadline_s: float, home: Path) -> Iterator[None]:
    """End the process when the block does not end in time, be it that the Qt thread hangs."""
    over = threading.Event()

    def watch() -> None:
        if over.wait(max(0.0, deadline_s - time.monotonic())):
            return
        report.fail("time-limit", "It was not done in time.")
        report.finish(log_file())
        shutil.rmtree(home, ignore_errors=True)
        os._exit(EXIT_FAILED)

    def interrupted(number: int, _frame: object) -> None:
        report.fail("interrupted", f"Signal {number} ended it.")
        report.finish(log_file())
        shutil.rmtree(home, ignore_errors=True)
        os._exit(EXIT_FAILED)

    before = {number: signal.signal(number, interrupted) for number in (signal.SIGTERM, signal.SIGINT)}
    thread = threading.Thread(target=watch, name="smoke-test-limit", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(sentence: str) -> None:
    if sys.stderr is not None:  # a window program of Windows has none
        print(sentence, file=sys.stderr)  # noqa: T201
