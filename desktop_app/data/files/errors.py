"""What can go wrong with a file, as one sentence for the person and a code for the other end."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from desktop_app.core.errors import UserFacingError

if TYPE_CHECKING:
    from collections.abc import Mapping

CANCELLED = "cancelled"
SOURCE_CHANGED = "source-changed"
SOURCE_UNREADABLE = "source-unreadable"
DISK_FULL = "disk-full"
NOT_WRITABLE = "not-writable"
TOO_LONG = "too-long"
TOO_SHORT = "too-short"
BAD_DATA = "bad-data"
BAD_DIGEST = "bad-digest"

NOBODY_THERE = "nobody-there"
"""Whom it was for has left."""

CLOSING = "closing"
"""The program ends: nothing is wrong, and nobody is told."""


class FileError(UserFacingError):
    """A file cannot be sent or received; `code` is one of this module's, or another word of the bot's."""

    code = "file-error"


OWN_SENTENCES: Mapping[str, str] = {
    SOURCE_CHANGED: "The file was changed after it was offered; send it again.",
    SOURCE_UNREADABLE: "The file cannot be read any more.",
    DISK_FULL: "There is not enough room on the disk of the download folder.",
    NOT_WRITABLE: "The download folder cannot be written to.",
    TOO_LONG: "More was sent than had been offered, so the file was not kept.",
    TOO_SHORT: "Less was sent than had been offered, so the file was not kept.",
    BAD_DATA: "What was sent does not fit together, so the file was not kept.",
    BAD_DIGEST: "The file was damaged on its way (its SHA-256 is another one), so it was not kept.",
}
"""When this end finds it."""

PEER_SENTENCES: Mapping[str, str] = {
    SOURCE_CHANGED: "The sender's file was changed after it was offered.",
    SOURCE_UNREADABLE: "The sender's file cannot be read any more.",
    DISK_FULL: "There is not enough room on the receiver's disk.",
    NOT_WRITABLE: "The receiver's download folder cannot be written to.",
    TOO_LONG: "The receiver got more than had been offered and did not keep the file.",
    TOO_SHORT: "The receiver got less than had been offered and did not keep the file.",
    BAD_DATA: "What came to the receiver does not fit together, so the file was not kept.",
    BAD_DIGEST: "The file reached the receiver damaged and was not kept.",
}
"""When the other end says so."""

GENERIC_PEER_SENTENCE = "The other side ended the transfer."


def own_error(code: str) -> FileError:
    """What this end found."""
    return FileError(OWN_SENTENCES[code], code=code)


def closing_error() -> FileError:
    """A long job is broken off."""
    return FileError("Bridgecall is closing.", code=CLOSING)


def peer_sentence(code: str) -> str:
    """What the other end found; `code` is theirs and may be anything."""
    return PEER_SENTENCES.get(code, GENERIC_PEER_SENTENCE)


def writing_error(error: OSError) -> FileError:
    """What stands in the way of writing."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return own_error(DISK_FULL)
    if error.errno == errno.EFBIG:
        return FileError("The file is too large for the disk of the download folder.", code=DISK_FULL)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return FileError("The download folder is not there any more.", code=NOT_WRITABLE)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return FileError("There is no permission to write to the download folder.", code=NOT_WRITABLE)
    return own_error(NOT_WRITABLE)


def reading_error(error: OSError) -> FileError:
    """What stands in the way of reading the source."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return FileError("The file is not there any more.", code=SOURCE_UNREADABLE)
    if error.errno in (errno.EACCES, errno.EPERM):
        return FileError("There is no permission to read the file.", code=SOURCE_UNREADABLE)
    return own_error(SOURCE_UNREADABLE)
