"""The file that is sent. Runs on worker threads."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import SOURCE_CHANGED, FileError, closing_error, own_error, reading_error
from .held_file import HeldFile
from .names import clean_name

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from .workers import Stop

logger = logging.getLogger(__name__)

_HASH_BLOCK_BYTES = 1024 * 1024
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
"""A pipe must not make us wait; a symbolic link is followed, since it was the person who named it."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was when it was offered."""

    path: str
    """Absolute."""
    name: str
    size_bytes: int
    modified_ns: int


def look_at(path: str) -> SourceFile:
    """What is to be offered.

    Raises:
        FileError: it cannot be read or is no file; the text names it.
    """
    path = os.path.abspath(path)
    name = clean_name(os.path.basename(path))
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            found = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        logger.info("a file cannot be offered", exc_info=True)
        why = reading_error(error) if isinstance(error, OSError) else FileError("The file has no valid name.")
        raise FileError(f"“{name}” cannot be sent. {why}", code="source-unreadable") from error
    if not stat.S_ISREG(found.st_mode):
        what = "a folder; only files can be sent" if stat.S_ISDIR(found.st_mode) else "not a file"
        raise FileError(f"“{name}” is {what}.", code="no-file")
    return SourceFile(path, name, found.st_size, found.st_mtime_ns)


class Source(HeldFile):
    """Reads a file from any byte on, and watches that it stays the same; used by one thread at a time."""

    def __init__(self, file: SourceFile, stop: threading.Event | Stop) -> None:
        super().__init__()
        self._file = file
        self._stop = stop
        self._hash = hashlib.sha256()
        self._position = 0

    def open(self, offset: int, prefix_sha256: str | None) -> None:
        """Get ready to read from `offset` on.

        Raises:
            FileError: it is gone or changed, or the bytes before have another hash.
        """
        self.close()
        with _errors_of_reading():
            self._descriptor = os.open(self._file.path, _FLAGS)
            self._check()
            self._hash, self._position = hashlib.sha256(), 0
            while self._position < offset:
                if self._stop.is_set():
                    raise closing_error()
                self._next(min(_HASH_BLOCK_BYTES, offset - self._position))
            self._check()
        if offset and not hmac.compare_digest(self._hash.hexdigest(), prefix_sha256 or ""):
            raise own_error(SOURCE_CHANGED)

    def read(self, most_bytes: int) -> tuple[bytes, bytes | None]:
        """The next bytes, and with the last of them the SHA-256 of the whole file.

        Raises:
            FileError: it was changed meanwhile.
        """
        with _errors_of_reading():
            rest = self._file.size_bytes - self._position
            block = self._next(min(most_bytes, rest)) if rest else b""
            self._check()
            return block, self._hash.digest() if self._position == self._file.size_bytes else None

    def _next(self, count: int) -> bytes:
        block = os.read(self._opened(), count)
        if not block:
            raise own_error(SOURCE_CHANGED)  # it became shorter
        self._hash.update(block)
        self._position += len(block)
        return block

    def _check(self) -> None:
        found = os.fstat(self._opened())
        file = self._file
        if not stat.S_ISREG(found.st_mode) or (found.st_size, found.st_mtime_ns) != (
            file.size_bytes,
            file.modified_ns,
        ):
            raise own_error(SOURCE_CHANGED)


@contextlib.contextmanager
def _errors_of_reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        logger.info("a file cannot be read", exc_info=True)
        raise reading_error(error) from error
