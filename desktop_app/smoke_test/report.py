"""The smoke test's report: what was tried, what came of it, how long it took."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import platform
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import desktop_app
from desktop_app.core.errors import UserFacingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

MAX_DETAIL_CHARS = 500
LOG_BYTES, LOG_LINES = 32768, 60
UNFINISHED = "It did not come to its end."


class StepFailedError(Exception):
    """A step found that something does not work; the text says what."""


class StoppedError(Exception):
    """A step failed and is in the report; what follows makes no sense."""


@dataclass(slots=True)
class Step:
    """One step. While it runs it counts as failed: whoever reads the file after a crash finds it named."""

    name: str
    ok: bool = False
    seconds: float = 0.0
    detail: str = UNFINISHED


class Report:
    """Collects steps, and writes them to a file as they come. May be used from any thread.

    Args:
        path: of the file; None: nothing is written before `finish`, and then to standard output.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._steps: list[Step] = []
        self._is_over = False
        self._log: list[str] = []
        self._lock = threading.RLock()

    @property
    def ok(self) -> bool:
        """Whether all went well, so far as it went."""
        with self._lock:
            return bool(self._steps) and all(step.ok for step in self._steps)

    @property
    def values(self) -> dict[str, Any]:
        """The report."""
        with self._lock:
            return {
                "ok": self._is_over and self.ok,
                "version": desktop_app.__version__,
                "frozen": bool(getattr(sys, "frozen", False)),
                "platform": platform.platform(),
                "steps": [asdict(step) for step in self._steps],
                **({"log": self._log} if self._log else {}),
            }

    def begin(self) -> bool:
        """Write the empty report; False when the file cannot be written."""
        with self._lock:
            return self._write()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Do a step in the block, which may set `detail` to what it found.

        Raises:
            StoppedError: it failed.
        """
        step = Step(name)
        begun_s = time.monotonic()
        with self._lock:
            self._steps.append(step)
            self._write()
        logger.info("smoke test: %s", name)
        try:
            yield step
        except StepFailedError as error:
            self._end(step, begun_s, False, str(error))
            raise StoppedError(name) from error
        except UserFacingError as error:
            self._end(step, begun_s, False, str(error))
            raise StoppedError(name) from error
        except Exception as error:
            logger.exception("smoke test: %s", name)
            self._end(step, begun_s, False, f"{type(error).__name__}: {error}")
            raise StoppedError(name) from error
        else:
            self._end(step, begun_s, True, "" if step.detail == UNFINISHED else step.detail)

    def _end(self, step: Step, begun_s: float, ok: bool, detail: str) -> None:
        with self._lock:
            if self._is_over:
                return
            step.ok, step.detail = ok, detail[:MAX_DETAIL_CHARS]
            step.seconds = round(time.monotonic() - begun_s, 3)
            self._write()
        logger.info("smoke test: %s: %s %s", step.name, "ok" if ok else "FAILED", detail)

    def fail(self, name: str, detail: str) -> None:
        """Note what went wrong: in the step that runs, or as a step of its own."""
        with self._lock:
            running = [step for step in self._steps if not step.ok and step.detail == UNFINISHED]
            step = running[-1] if running else Step(name)
            if not running:
                self._steps.append(step)
            step.detail = detail[:MAX_DETAIL_CHARS]

    def finish(self, log: Path | None = None) -> bool:
        """Write the whole, with the end of the log when something failed.

        False when that was done before, or when the file cannot be written.
        """
        with self._lock:
            if self._is_over:
                return False
            self._is_over = True
            if log is not None and not self.ok:
                self._log = _end_of(log)
            if self._path is not None:
                return self._write()
            if sys.stdout is not None:  # a window program of Windows has none
                sys.stdout.write(self._text())
                sys.stdout.flush()
            return True

    def _text(self) -> str:
        return json.dumps(self.values, indent=2) + "\n"

    def _write(self) -> bool:
        if self._path is None:
            return True
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            beside.write_text(self._text(), encoding="utf-8")
            beside.replace(self._path)  # never half a report
        except OSError as error:
            logger.info("the report cannot be written: %s", error)
            with contextlib.suppress(OSError):
                beside.unlink()
            return False
        return True


def _end_of(log: Path) -> list[str]:
    """Its last lines, which name what went wrong; there are no secrets in a log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_BYTES))
            return file.read().decode(errors="replace").splitlines()[-LOG_LINES:]
    except OSError:
        return []
