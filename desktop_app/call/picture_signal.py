"""Tells one participant whether our picture is sent to them (docs/protocol.md).

Mute states are for the whole room; a path that is too narrow for pictures is one participant's alone, and there the
last picture must not stand as if it were live. Clients that do not know the signal ignore it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop_app.protocol.json_value import JsonValue

PICTURE = "picture"


def picture_signal(sent: bool) -> JsonValue:
    """The signal's data."""
    return {"type": PICTURE, "sent": sent}


def picture_sent(data: JsonValue) -> bool | None:
    """Whether the sender of the signal sends us pictures; None when it says nothing about that."""
    if isinstance(data, dict) and data.get("type") == PICTURE and isinstance(sent := data.get("sent"), bool):
        return sent
    return None
