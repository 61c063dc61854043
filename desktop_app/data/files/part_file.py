"""The beginning of a file in the download folder, until it is whole and gets its name. Runs on worker threads."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import hmac
import logging
import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING

import msgspec

from .errors import (
    BAD_DIGEST,
    DISK_FULL,
    NOT_WRITABLE,
    TOO_SHORT,
    FileError,
    closing_error,
    own_error,
    writing_error,
)
from .held_file import HeldFile
from .names import clean_name, numbered
from .records import NO_SURPRISES, incoming_record_path, part_path, remove_record, write_record

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from .records import IncomingRecord
    from .workers import Stop

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger(__name__)

_HASH_BLOCK_BYTES = 1024 * 1024
_MAX_NUMBER = 10_000
_NOT_OURS = (errno.ENOENT, errno.ELOOP, errno.EMLINK, errno.ENXIO)
"""Of the part file's place: nothing is there, or a symbolic link, or a device."""
_LINKS_ARE_FOLLOWED = os.link not in os.supports_follow_symlinks
"""By os.link: on Windows, which cannot be told not to, and where making a symbolic link takes a right of its own."""
_IN_USE = "Another program is receiving this file into the same folder."


class PartFile(HeldFile):
    """One file on its way in; used by one thread at a time.

    What others put into the folder is not followed: symbolic links, further names of other files and pipes. While it
    is open it is locked, so that two programs with one folder do not take up the same beginning.

    Args:
        folder: the download folder.
        record: what was offered.
        stop: long reading stops when it is set.
        is_recorded: whether the record was found in the folder.
    """

    def __init__(
        self, folder: Path, record: IncomingRecord, stop: threading.Event | Stop, *, is_recorded: bool = False
    ) -> None:
        super().__init__()
        self._folder = folder
        self._record = record
        self._stop = stop
        self._is_recorded = is_recorded
        self._is_ours = False
        """Whether we held the part file, or wrote the record when there was none."""
        self._path = part_path(folder, record)
        self._record_path = incoming_record_path(folder, record)
        self._hash = hashlib.sha256()
        self._written = 0

    def claim(self) -> bool:
        """Lock what a record says is there; False when another program has it."""
        try:
            self._take_hold()
        except (FileError, OSError):
            logger.info("a beginning in the download folder is left alone", exc_info=True)
            return False
        return True

    def open(self) -> tuple[int, str | None]:
        """Make or take up the part file; returns how many bytes there are and their SHA-256 (None of none).

        Raises:
            FileError: there is too little room, or no way to write.
        """
        self.take_up()
        return self.read_back()

    def take_up(self) -> int:
        """The quick half of `open`; returns how many bytes are to be read back.

        Raises:
            FileError: there is too little room, or no way to write.
        """
        with _errors_of_writing():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._take_hold()
            descriptor = self._opened()
            have = min(os.fstat(descriptor).st_size, self._record.size_bytes)
            os.ftruncate(descriptor, have)
            if shutil.disk_usage(self._folder).free < self._record.size_bytes - have:
                raise own_error(DISK_FULL)
            return have

    def read_back(self) -> tuple[int, str | None]:
        """The slow half, which returns the same as `open`.

        Raises:
            FileError: it cannot be read, or was stopped ("closing").
        """
        with _errors_of_writing():
            descriptor = self._opened()
            have = os.fstat(descriptor).st_size
            self._hash, self._written = hashlib.sha256(), 0
            os.lseek(descriptor, 0, os.SEEK_SET)
            while self._written < have:
                if self._stop.is_set():
                    raise closing_error()
                block = os.read(descriptor, min(_HASH_BLOCK_BYTES, have - self._written))
                if not block:
                    break
                self._hash.update(block)
                self._written += len(block)
            return self._written, self._hash.hexdigest() if self._written else None

    def write(self, pieces: Sequence[bytes]) -> int:
        """Add to the end; returns how many bytes there are.

        Raises:
            FileError: the disk is full, for one.
        """
        with _errors_of_writing():
            data = memoryview(b"".join(pieces))
            while data:
                count = os.write(self._opened(), data)
                self._hash.update(data[:count])
                self._written += count
                data = data[count:]
            return self._written

    def finish(self, digest: bytes) -> Path:
        """Check the digest and give the file its name, which is returned. The record stays until `forget`.

        Raises:
            FileError: the digest is another one, or the folder is gone.
        """
        if self._written != self._record.size_bytes:
            raise own_error(TOO_SHORT)
        if not hmac.compare_digest(self._hash.digest(), digest):
            raise own_error(BAD_DIGEST)
        with _errors_of_writing():
            os.fsync(self._opened())
            if not self._is_at_its_place():
                raise FileError("The part file was deleted meanwhile.", code=NOT_WRITABLE)
            self._record = msgspec.structs.replace(self._record, verified=True, sha256=digest.hex())
            write_record(self._record_path, self._record)
            if sys.platform == "win32":
                self.close()  # there no open file can be renamed
            path = self._place()
            self.close()
            return path

    def place_verified(self) -> Path | None:
        """Give the name to a file that was verified before the program ended; None: it has it already.

        Raises:
            FileError: it cannot be written.
        """
        with _errors_of_writing():
            return self._place() if os.path.lexists(self._path) else None

    def forget(self) -> None:
        """Remove the record: the sender knows that the file is there."""
        remove_record(self._record_path)

    def discard(self) -> None:
        """Delete the beginning and its record; those of another program stay."""
        if not self._is_ours:
            return
        try:
            if self._descriptor is None:
                self._hold_existing()
        except (FileError, OSError):
            logger.info("a beginning in the download folder is left alone", exc_info=True)
            return
        is_there = self._descriptor is not None and self._is_at_its_place()
        self.close()
        if is_there:
            with contextlib.suppress(OSError):
                self._path.unlink()
        remove_record(self._record_path)

    def _take_hold(self) -> None:
        if self._descriptor is not None:
            if self._is_at_its_place():
                return
            self.close()  # somebody deleted it
        is_held = self._hold_existing()
        if is_held and not self._is_recorded and not os.path.lexists(self._record_path):
            self.close()  # a file of no transfer
            is_held = False
        if not self._is_recorded or not self._record_path.exists():  # or deleted, with its folder
            write_record(self._record_path, self._record)
            self._is_recorded = self._is_ours = True
        if not is_held:
            self._path.unlink(missing_ok=True)
            self._lock(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_SURPRISES, 0o666))
        self._is_ours = True

    def _hold_existing(self) -> bool:
        """Open and lock what is there; False when it is nothing, or not a plain file.

        Raises:
            FileError: another program has it.
            OSError: such as too many open files: what is there must stay.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | NO_SURPRISES)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
            return False
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return False
        self._lock(descriptor)
        # With a further name it is another file's; elsewhere by now it is that of somebody who has just finished.
        if os.fstat(descriptor).st_nlink != 1 or not self._is_at_its_place():
            self.close()
            return False
        self._is_ours = True
        return True

    def _lock(self, descriptor: int) -> None:
        try:
            _lock(descriptor)
        except FileError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def _is_at_its_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._opened()), os.stat(self._path, follow_symlinks=False))
        except OSError:
            return False

    def _place(self) -> Path:
        """Race-free, and never over another file."""
        name = clean_name(self._record.name)
        for number in range(1, _MAX_NUMBER):
            path = self._folder / numbered(name, number)
            try:
                os.link(self._path, path, follow_symlinks=_LINKS_ARE_FOLLOWED)
            except FileExistsError:
                # Killed between the new name and the end of the old one?
                if not os.path.samestat(
                    os.stat(path, follow_symlinks=False), os.stat(self._path, follow_symlinks=False)
                ):
                    continue
            except FileNotFoundError:
                raise
            except OSError:  # a file system without further names, such as FAT
                if not _moved(self._path, path):
                    continue
                return path
            self._path.unlink()
            return path
        raise FileError("There are too many files of this name in the download folder.", code=NOT_WRITABLE)


def _moved(source: Path, target: Path) -> bool:
    """Rename to a name that was free and is reserved first; False when it is taken."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_SURPRISES, 0o666))
    except FileExistsError:
        return False
    try:
        os.replace(source, target)
    except OSError:
        target.unlink()
        raise
    return True


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FileError(_IN_USE, code=NOT_WRITABLE) from error
    except OSError:
        logger.info("the disk of the download folder knows no locks; going on without", exc_info=True)


@contextlib.contextmanager
def _errors_of_writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        logger.info("a file cannot be written", exc_info=True)
        raise writing_error(error) from error
