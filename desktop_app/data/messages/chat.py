"""Messages of the chat channel."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from .base import Message, Milliseconds, Part, RandomId, UserId

MAX_LINE_CHARS = 4000
MAX_KNOWN_IDS = 1500


class WireLine(Part, kw_only=True, frozen=True):
    """One line of the chat."""

    id: RandomId
    author: UserId
    author_name: Annotated[str, Meta(max_length=80)] = ""
    text: Annotated[str, Meta(min_length=1, max_length=MAX_LINE_CHARS)]
    sent_ms: Milliseconds
    to: UserId | None = None
    """None: for everybody."""


class ChatLine(Message, tag="chat-line", kw_only=True, frozen=True):
    """A new line of the sender's own."""

    line: WireLine


class ChatReceived(Message, tag="chat-received", kw_only=True, frozen=True):
    """These lines have come."""

    ids: Annotated[tuple[RandomId, ...], Meta(max_length=2000)]


class ChatKnown(Message, tag="chat-known", kw_only=True, frozen=True):
    """These lines I have; send me the others."""

    ids: Annotated[tuple[RandomId, ...], Meta(max_length=MAX_KNOWN_IDS)]


class ChatHistory(Message, tag="chat-history", kw_only=True, frozen=True):
    """Lines that the other side did not have."""

    lines: Annotated[tuple[WireLine, ...], Meta(max_length=100)]


ChatMessage: TypeAlias = ChatLine | ChatReceived | ChatKnown | ChatHistory
