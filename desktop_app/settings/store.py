"""The settings file: JSON with a version, replaced as a whole, never half written, private to its owner.

Only what differs from the defaults is written. A save changes what was changed since the last load or save
and leaves the rest of the file alone, so that two windows with one file do not undo each other's changes, and
values of a newer version survive an older one. No secret is ever written (see `secrets`).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import stat
import tempfile
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .file_lock import file_lock
from .migrations import CURRENT_VERSION, migrate
from .schema import OPTION_BY_NAME, OPTIONS, Settings, SettingsError
from .secrets import split_values, with_secrets, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 1_000_000
_VERSION_KEY = "version"
_UNREADABLE = "The settings could not be read, so the defaults are used."


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What was loaded, and a sentence for the person when something was wrong with it."""

    settings: Settings
    notice: str | None = None
    had_secrets: bool = False
    """The file holds secrets, of an older version or written by hand: it should be saved, which takes them out."""


@dataclass(frozen=True, slots=True)
class _File:
    version: int = CURRENT_VERSION
    values: dict[str, Any] | None = None
    """None when there is no file. Without secrets."""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


class _BrokenFileError(Exception):
    """The file cannot be understood; the text says why, for the log."""


class SettingsStore:
    """Loads and saves the settings in one file. May be used from any thread; a save waits for the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._base = Settings()
        """What the file held when this store last read or wrote it."""
        self._newest: Settings | None = None
        self._newest_mutex = threading.Lock()
        """Held for a moment only, unlike the other one: the Qt thread may wait for it."""

    @property
    def path(self) -> Path:
        """Where the file is, or will be."""
        return self._path

    def load(self) -> LoadResult:
        """Read the file; for what is wrong in it there are defaults and a notice. Never raises."""
        with self._mutex:
            try:
                file = self._read()
            except _BrokenFileError as error:
                logger.warning("the settings file is broken: %s", error)
                return self._replace_broken()
            except OSError as error:
                logger.warning("the settings cannot be read: %s", error)
                self._base = Settings()
                return LoadResult(Settings(), _UNREADABLE)
            settings, wrong = _checked(file.values or {})
            self._base = settings
            try:
                settings = with_secrets(settings, file.secrets)
            except SettingsError:
                wrong.append(OPTION_BY_NAME["ice_servers"].title)
            return LoadResult(settings, _notice_for(wrong), bool(file.secrets))

    def save(self, settings: Settings) -> None:
        """Write what changed since the last load or save.

        Raises:
            SettingsError: the disk is full, the folder is not writable, ...; the old file is as it was.
        """
        with self._mutex:
            self._save(settings)

    async def save_in_background(self, settings: Settings) -> None:
        """Save on a worker thread; of several calls in quick succession only the newest settings are written.

        Raises:
            SettingsError: as `save`.
        """
        with self._newest_mutex:
            self._newest = settings
        await asyncio.to_thread(self._save_newest)

    def _save_newest(self) -> None:
        with self._mutex:
            with self._newest_mutex:
                newest, self._newest = self._newest, None
            if newest is not None:
                self._save(newest)

    def _save(self, settings: Settings) -> None:
        settings, _ = without_secrets(settings)
        try:
            self._target().parent.mkdir(parents=True, exist_ok=True)
            with file_lock(self._lock_path()):
                self._write(self._merged(settings))
        except OSError as error:
            reason = error.strerror or "the disk refused"
            raise SettingsError(f"The settings could not be saved: {reason}.") from error
        self._base = settings

    def _target(self) -> Path:
        # Through a symbolic link: people keep their settings in a repository of dotfiles.
        return Path(os.path.realpath(self._path))

    def _lock_path(self) -> Path:
        target = self._target()
        return target.with_name(f".{target.name}.lock")

    def _read(self) -> _File:
        try:
            return self._parsed()
        except FileNotFoundError:
            return _File()
        except OSError as error:
            # These stay until somebody moves the file; others (too many open files, a network disk) may pass.
            if error.errno in (errno.EACCES, errno.EPERM, errno.ELOOP):
                raise _BrokenFileError(str(error)) from None
            raise

    def _parsed(self) -> _File:
        status = self._path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _BrokenFileError("not a regular file")  # reading a pipe would wait for ever
        if status.st_size > MAX_FILE_BYTES:
            raise _BrokenFileError(f"{status.st_size} bytes long")
        try:
            # RecursionError: nesting deeper than the parser's stack; ValueError: JSON, UTF-8, huge numbers.
            content = json.loads(self._path.read_bytes().decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise _BrokenFileError(f"{type(error).__name__}: {error}") from None
        if not isinstance(content, dict):
            raise _BrokenFileError("not a JSON object")
        version = content.pop(_VERSION_KEY, CURRENT_VERSION)
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise _BrokenFileError("the version is not a number from 1 on")
        public, secrets = split_values(content)
        return _File(max(version, CURRENT_VERSION), migrate(public, version), secrets)

    def _merged(self, settings: Settings) -> dict[str, Any]:
        try:
            file = self._read()
        except _BrokenFileError:
            self._move_aside()
            file = _File()
        if file.values is None:
            base, merged, known = Settings(), {}, settings
        else:
            base = self._base
            known, _ = _checked(file.values)
            merged = {key: value for key, value in file.values.items() if key not in OPTION_BY_NAME}
        values = {option.name: getattr(known, option.name) for option in OPTIONS}
        values |= {
            option.name: getattr(settings, option.name)
            for option in OPTIONS
            if getattr(settings, option.name) != getattr(base, option.name)
        }
        changed = {key: value for key, value in values.items() if value != OPTION_BY_NAME[key].default}
        return {_VERSION_KEY: file.version, **changed, **merged}

    def _write(self, content: dict[str, Any]) -> None:
        # ASCII: a text that is not valid Unicode (from a newer version's value) can still be written back.
        data = json.dumps(content, indent=2).encode("ascii") + b"\n"
        target = self._target()
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        try:  # mkstemp makes it 0600: whom one calls is inside
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(target.parent)

    def _replace_broken(self) -> LoadResult:
        kept: Path | None = None
        try:
            with file_lock(self._lock_path()):
                try:
                    # Another process may have mended it while this one waited.
                    settings, wrong = _checked(self._read().values or {})
                    self._base = settings
                    return LoadResult(settings, _notice_for(wrong))
                except _BrokenFileError:
                    kept = self._move_aside()
        except OSError:
            logger.warning("the broken settings file cannot be moved aside", exc_info=True)
        self._base = Settings()
        if kept is None:
            return LoadResult(Settings(), _UNREADABLE)
        return LoadResult(
            Settings(), f"The settings could not be read, so the defaults are used; the old file is {kept}."
        )

    def _move_aside(self) -> Path:
        # The link itself when it is one: what it points to may belong to something else.
        is_folder = self._path.is_dir() and not self._path.is_symlink()
        for place in _free_names(self._path, is_folder=is_folder):
            try:
                if is_folder:
                    place.rmdir()  # Windows renames no folder onto another one
                os.replace(self._path, place)
            except OSError:
                with contextlib.suppress(OSError):
                    place.unlink()
                raise
            return place
        raise AssertionError("names never end")


def _free_names(path: Path, *, is_folder: bool) -> Iterator[Path]:
    """Names beside `path`, each made first so that nobody else's file is overwritten."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    number = 1
    while True:
        suffix = "" if number == 1 else f"-{number}"
        name = path.with_name(f"{path.stem}.broken-{stamp}{suffix}{path.suffix}")
        number += 1
        try:
            name.mkdir(mode=0o700) if is_folder else name.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        yield name


def _checked(values: dict[str, Any]) -> tuple[Settings, list[str]]:
    """The settings in `values`, and the titles of those that were wrong."""
    good: dict[str, Any] = {}
    wrong: list[str] = []
    for option in OPTIONS:
        if option.name not in values:
            continue
        try:
            good[option.name] = option.checked(values[option.name])
        except SettingsError as error:
            logger.warning("setting %s is refused: %s", option.name, error)
            wrong.append(option.title)
    return Settings(**good), wrong


def _notice_for(wrong: list[str]) -> str | None:
    if not wrong:
        return None
    if len(wrong) == 1:
        return f"The setting “{wrong[0]}” had a value that is not allowed, so its default is used."
    names = ", ".join(f"“{title}”" for title in wrong[:-1]) + f" and “{wrong[-1]}”"
    return f"The settings {names} had values that are not allowed, so their defaults are used."


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where folders can be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
