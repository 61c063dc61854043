"""Messages of the files channel; the bytes themselves travel on `bulk` (bulk.py)."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from .base import Message, RandomId, Sha256

MAX_PREVIEW_CHARS = 32 * 1024
"""Base64 of 24 KiB."""

SizeBytes = Annotated[int, Meta(ge=0, le=2**53)]


class FileOffer(Message, tag="file-offer", kw_only=True, frozen=True):
    """Do you want this file?"""

    transfer_id: RandomId
    number: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    """Stands for the transfer on this connection's bulk channel."""
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    size_bytes: SizeBytes
    preview: Annotated[str, Meta(max_length=MAX_PREVIEW_CHARS)] | None = None
    """Base64 of a small PNG or JPEG."""


class FileAccept(Message, tag="file-accept", kw_only=True, frozen=True):
    """Send it, from `offset` on."""

    transfer_id: RandomId
    offset: SizeBytes = 0
    prefix_sha256: Sha256 | None = None
    """Of the bytes before `offset`."""


class FileDecline(Message, tag="file-decline", kw_only=True, frozen=True):
    """No, thank you."""

    transfer_id: RandomId


class FileCancel(Message, tag="file-cancel", kw_only=True, frozen=True):
    """The transfer ends here."""

    transfer_id: RandomId
    code: Annotated[str, Meta(max_length=32)] = "cancelled"


class FileProgress(Message, tag="file-progress", kw_only=True, frozen=True):
    """So much has come."""

    transfer_id: RandomId
    received_bytes: SizeBytes


class FileDone(Message, tag="file-done", kw_only=True, frozen=True):
    """The digest is right and the file has its name."""

    transfer_id: RandomId


class FileUnfinished(Message, tag="file-unfinished", kw_only=True, frozen=True):
    """I hold beginnings of these transfers."""

    tags: Annotated[tuple[Sha256, ...], Meta(max_length=200)]


FilesMessage: TypeAlias = (
    FileOffer | FileAccept | FileDecline | FileCancel | FileProgress | FileDone | FileUnfinished
)
