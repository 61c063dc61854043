"""What is remembered of updates between two starts: when was asked, what was found, what the person does not want.

It is in the state folder, not in the settings: nothing of it is anybody's wish but "not this version".
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
import threading
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from desktop_app.settings.file_lock import file_lock

from .feed import Release, UpdateError, make_release
from .version import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

DAY_S = 24 * 3600
MAX_FILE_BYTES = 16384


@dataclass(frozen=True, slots=True)
class Remembered:
    """The file's content; what is damaged in it counts as not there."""

    asked_at_s: float = 0.0
    """Unix time of the last question, whatever came of it."""
    asked_url: str = ""
    version: str = ""
    page: str = ""
    """The newest version that `asked_url` named, and its page."""
    skipped: str = ""
    """The version that the person does not want to be told of."""

    def is_due(self, now_s: float) -> bool:
        """Whether a day is over; a time in the future is a clock that was wrong."""
        return not 0 <= now_s - self.asked_at_s < DAY_S

    def release(self, url: str) -> Release | None:
        """What was found at `url`."""
        if not self.version or self.asked_url != url:
            return None
        try:
            return make_release(self.version, self.page)
        except UpdateError:
            return None

    def is_skipped(self, release: Release) -> bool:
        """Whether the person said: not this version."""
        try:
            return parse_version(self.skipped) == release.version
        except ValueError:
            return False


class UpdateMemory:
    """The file. Its methods wait for the disk: call them on a worker thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unsaved: Remembered | None = None
        self._lock = threading.Lock()

    def read(self) -> Remembered:
        """What is remembered. Never raises."""
        with self._lock:
            return self._read()

    def _read(self) -> Remembered:
        if self._unsaved is not None:
            return self._unsaved
        try:
            if self._path.stat().st_size > MAX_FILE_BYTES:
                return Remembered()
            values: Any = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Remembered()
        except (OSError, ValueError, RecursionError):
            logger.warning("what was known of updates cannot be read")
            return Remembered()
        if not isinstance(values, dict):
            return Remembered()
        words = {
            name: value
            for name in ("asked_url", "version", "page", "skipped")
            if isinstance(value := values.get(name), str)
        }
        asked_at = values.get("asked_at_s")
        if not isinstance(asked_at, int | float) or isinstance(asked_at, bool):
            asked_at = 0.0
        return Remembered(asked_at_s=asked_at, **words)

    def asks(self, url: str, now_s: float, *, only_when_due: bool) -> tuple[bool, Remembered]:
        """Whether to ask now, which is remembered at once: of two programs that start together one asks.

        Also what is known without asking.
        """
        with self._locked():
            remembered = self._read()
            if only_when_due and not remembered.is_due(now_s):
                return False, remembered
            if remembered.asked_url != url:
                remembered = replace(remembered, asked_url=url, version="", page="")
            self._keep(replace(remembered, asked_at_s=now_s))
            return True, remembered

    def found(self, url: str, release: Release) -> None:
        """It was answered."""
        self._change(asked_url=url, version=release.version.text, page=release.page)

    def skip(self, release: Release) -> None:
        """Tell of this version no more."""
        self._change(skipped=release.version.text)

    def _change(self, **values: Any) -> None:
        with self._locked():
            self._keep(replace(self._read(), **values))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock, contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(file_lock(self._path.with_suffix(".lock")))
            yield

    def _keep(self, remembered: Remembered) -> None:
        try:
            self._write(json.dumps(asdict(remembered), indent=2) + "\n")
        except OSError:
            logger.warning("what is known of updates cannot be kept", exc_info=True)
            self._unsaved = remembered  # or a disk that is full would have us ask every hour
        else:
            self._unsaved = None

    def _write(self, text: str) -> None:
        descriptor, name = tempfile.mkstemp(prefix=".updates-", dir=self._path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
