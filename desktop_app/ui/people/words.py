"""What the panel of people says. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.ui.names import in_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.protocol.rights import RoomRules

HOW_TO_COMPARE = (
    "Read the four words to each other, by voice or over another line that you trust. "
    "If they are the same on both ends, nobody sits between you, not even the server."
)
SFU_LIMIT = (
    "In this room sound and picture go through a media server, which can see them: the words vouch for chat, "
    "files and whiteboard."
)
CHANGED = "The code has changed during the call. Somebody may be in between: compare the words again."
NO_CODE = "There is no code yet: it comes with the direct connection."


def waiting_sentence(names: Sequence[str]) -> str:
    """Who waits at the door, in one sentence."""
    first = in_sentence(names[0])
    if len(names) == 1:
        return f"{first} waits to be let in."
    if len(names) == 2:
        return f"{first} and {in_sentence(names[1])} wait to be let in."
    return f"{first} and {len(names) - 1} others wait to be let in."


def doors_sentence(rules: RoomRules) -> str:
    """What somebody who is not the host is told of the doors; empty when they are open."""
    parts = ["the room is locked"] * rules.locked
    parts += ["the host lets people in"] * (rules.lobby and not rules.locked)
    parts += ["there is a password"] * rules.password
    if not parts:
        return ""
    text = ", and ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def code_text(words: Sequence[str]) -> str:
    """The four words as they are shown, copied and read aloud."""
    return " ".join(words)


def changed_notice(name: str) -> str:
    """The warning across the window."""
    return (
        f"The safety code with {in_sentence(name)} has changed. Somebody may be in between: compare it again."
    )
