"""What is written down of transfers that are not finished, and where part files are. Runs on worker threads.

A record is replaced as a whole, so that a kill at any moment leaves the old or the new one. What was received is not
in it: the size of the part file is the truth.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import os
import time
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from msgspec import Meta

from desktop_app.data.messages.base import RandomId  # noqa: TC001 - msgspec reads it
from desktop_app.data.messages.files import SizeBytes  # noqa: TC001 - msgspec reads it

from .limits import MAX_RECORDS, RECORD_AGE_S
from .names import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

MAX_RECORD_BYTES = 16 * 1024
_PART = ".part"
_RECORD = ".part.json"
_TEMPORARY = ".tmp"
NO_SURPRISES = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
"""Whoever can put something into the folder must not make us write or read elsewhere, or wait for a pipe."""


class IncomingRecord(msgspec.Struct, kw_only=True, frozen=True):
    """Lies in the download folder beside the part file."""

    transfer_id: RandomId
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    size_bytes: SizeBytes
    verified: bool = False
    """The digest was right: the part file is the file, and only its name may be missing."""
    sha256: Annotated[str, Meta(max_length=64)] = ""
    """That digest, in hexadecimal digits; it is told to whoever asks what has arrived."""


class OutgoingRecord(msgspec.Struct, kw_only=True, frozen=True):
    """Lies in the state folder of its owner."""

    transfer_id: RandomId
    path: Annotated[str, Meta(min_length=1, max_length=4096)]
    size_bytes: SizeBytes
    modified_ns: int
    user_id: Annotated[str, Meta(min_length=1, max_length=128)]
    """Whom it was for; they may have another id by now."""


R = TypeVar("R", IncomingRecord, OutgoingRecord)


def local_tag(transfer_id: str) -> str:
    """Stands in names of files for a transfer's id, which is a secret."""
    return hashlib.sha256(transfer_id.encode("ascii")).hexdigest()[:16]


def part_path(folder: Path, record: IncomingRecord) -> Path:
    """Where the beginning of a file is; made from the record, never read from it."""
    return folder / f"{clean_name(record.name)}.{local_tag(record.transfer_id)}{_PART}"


def incoming_record_path(folder: Path, record: IncomingRecord) -> Path:
    """No file that is received can have this name: it starts with a dot."""
    return folder / f".{part_path(folder, record).name}.json"


def outgoing_record_path(folder: Path, record: OutgoingRecord) -> Path:
    """In the folder of the owner."""
    return folder / f"{local_tag(record.transfer_id)}.json"


def write_record(path: Path, record: IncomingRecord | OutgoingRecord) -> None:
    """Replace or make a record, readable for its owner alone.

    Raises:
        OSError: it cannot be written.
    """
    temporary = path.with_name(path.name + _TEMPORARY)
    temporary.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_SURPRISES
    try:
        with open(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(msgspec.json.encode(record))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def remove_record(path: Path) -> None:
    """Forget a transfer; one that cannot be removed is logged."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        logger.warning("the record of a transfer cannot be removed", exc_info=True)


def incoming_records(folder: Path) -> list[IncomingRecord]:
    """The transfers that have a beginning in a download folder; what has grown too old is deleted."""
    found = []
    for path, record in _records(folder, _RECORD, IncomingRecord):
        if path != incoming_record_path(folder, record):
            logger.info("a record under another transfer's name was passed over")
        elif min(_age_s(path), _age_s(part_path(folder, record))) > RECORD_AGE_S:
            with contextlib.suppress(OSError):
                part_path(folder, record).unlink(missing_ok=True)
            remove_record(path)
        else:
            found.append(record)
    return found


def outgoing_records(folder: Path) -> list[OutgoingRecord]:
    """What was not sent to its end; what has grown too old is forgotten."""
    found = []
    for path, record in _records(folder, ".json", OutgoingRecord):
        if _age_s(path) > RECORD_AGE_S:
            remove_record(path)
        elif path == outgoing_record_path(folder, record):
            found.append(record)
    return found


def _records(folder: Path, ending: str, kind: type[R]) -> Iterator[tuple[Path, R]]:
    decoder = msgspec.json.Decoder(kind)
    count = 0
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.endswith(ending)]
    except OSError:
        return
    for name in names:
        path = folder / name
        try:
            yield path, decoder.decode(_read(path))
        except (OSError, ValueError, RecursionError):
            logger.info("a record of a transfer that cannot be read was passed over: %r", name)
            continue
        count += 1
        if count == MAX_RECORDS:
            logger.warning("there are more than %d unfinished transfers; the rest waits", MAX_RECORDS)
            return


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | NO_SURPRISES)
    try:
        with open(descriptor, "rb", closefd=False) as file:  # raises for a folder, without closing
            return file.read(MAX_RECORD_BYTES)
    finally:
        os.close(descriptor)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat(follow_symlinks=False).st_mtime
    except OSError:
        return math.inf
