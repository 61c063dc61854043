"""Messages of the control channel."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from desktop_app.data.channels import DEFAULT_CHUNK_BYTES, MAX_CHUNK_BYTES

from .base import Message

Capability = Annotated[str, Meta(min_length=1, max_length=32)]


class Hello(Message, tag="hello", kw_only=True, frozen=True):
    """The first message on a connection: what its sender understands."""

    capabilities: Annotated[tuple[Capability, ...], Meta(max_length=32)] = ()
    chunk_bytes: Annotated[int, Meta(ge=1024, le=MAX_CHUNK_BYTES)] = DEFAULT_CHUNK_BYTES
    """The largest piece of a file that it takes in one message."""
    hand_raised: bool = False


class Reaction(Message, tag="reaction", kw_only=True, frozen=True):
    """Shown for a moment."""

    emoji: Annotated[str, Meta(min_length=1, max_length=16)]


class Hand(Message, tag="hand", kw_only=True, frozen=True):
    """The raised hand went up or down."""

    raised: bool


ControlMessage: TypeAlias = Hello | Reaction | Hand
