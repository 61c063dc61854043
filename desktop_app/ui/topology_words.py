"""How media travels in the room, in words for people. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop_app.call.events import TopologyChanged
    from desktop_app.protocol.topology import Mode

NO_SFU = "no-sfu"
ROUTES: dict[Mode, str] = {"mesh": "Direct", "sfu": "Via server"}
_HOW: dict[Mode, str] = {
    "mesh": "Sound and picture go straight to each of the others, encrypted.",
    "sfu": "Sound and picture go to the media server, which passes them on; encrypted on the way to it and from it.",
}
_REASONS: dict[str, str] = {
    "participants": "There are too many people here to send to each of them.",
    "few-participants": "There are few enough people here.",
    "foreign-client": "Somebody's program does not know media servers.",
    "sfu-lost": "The media server cannot be reached at the moment.",
    "sfu-back": "The media server can be reached again.",
    NO_SFU: "This call's server has no media server.",
}
"""By the reasons of docs/sfu.md that need words: `joined` is none, and after `failed` all is as it was."""


def route_text(topology: TopologyChanged) -> str:
    """In a word or two: directly, or through a server."""
    return ROUTES[topology.mode]


def route_sentences(topology: TopologyChanged) -> str:
    """How it is, and why."""
    return " ".join(filter(None, (_HOW[topology.mode], _REASONS.get(topology.reason, ""))))


def no_sfu_sentence(mesh_limit: int) -> str:
    """What is said when there are many people and no SFU."""
    return (
        "With so many people a media server (SFU) would help: everybody now sends to each of the others, in lower "
        f"quality. Without one, {mesh_limit} people have room in a call."
    )
