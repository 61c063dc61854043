"""Events of the data channels for tests of the window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from desktop_app.data.events import ChatEntry, ChatLineChanged, Transfer, TransferChanged

START_MS = 1_764_000_000_000.0


def entry(number: int = 1, text: str = "Hello", **changes: Any) -> ChatEntry:
    """A line of Anna's for everybody, `number` seconds after the first one."""
    made = ChatEntry(
        id=f"{number:032x}",
        author="a",
        author_name="Anna",
        text=text,
        sent_ms=START_MS + 1000 * number,
        to=None,
        own=False,
        state="delivered",
    )
    return replace(made, **changes)


def line(number: int = 1, text: str = "Hello", **changes: Any) -> ChatLineChanged:
    """The event of such a line."""
    return ChatLineChanged(entry(number, text, **changes))


def own_line(number: int = 1, text: str = "Hello", **changes: Any) -> ChatLineChanged:
    """The event of a line of one's own to three people, sent."""
    about: dict[str, Any] = {"author": "me", "author_name": "Ana Silva", "own": True, "state": "sent"}
    return line(number, text, **{**about, "recipients": 3, **changes})


def transfer(number: int = 1, **changes: Any) -> Transfer:
    """A picture that Anna offers."""
    made = Transfer(
        transfer_id=f"{number:032x}",
        direction="in",
        user_id="a",
        name="photo.jpg",
        size_bytes=2_000_000,
        done_bytes=0,
        state="offered",
    )
    return replace(made, **changes)


def file(number: int = 1, **changes: Any) -> TransferChanged:
    """The event of such a transfer."""
    return TransferChanged(transfer(number, **changes))
