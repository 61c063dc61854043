"""What is written about files. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.ui.chat.words import shown_text
from desktop_app.ui.names import clean_name, in_sentence
from desktop_app.ui.units import byte_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktop_app.data.events import Transfer

ENDED = ("done", "declined", "cancelled", "failed")
MAX_NAME_CHARS = 120
NO_BREAK = "\u00a0"


def file_name(name: str) -> str:
    """The name on one line; of a very long one beginning and end, where the kind of file is said."""
    line = " ".join(shown_text(name).split()) or "file"
    if len(line) <= MAX_NAME_CHARS:
        return line
    return f"{line[: MAX_NAME_CHARS - 41]}…{line[-40:]}"


def person(user_id: str, names: Mapping[str, str]) -> str:
    """The name of somebody who is, or was, in the call."""
    return in_sentence(clean_name(names.get(user_id, ""))) or "somebody"


def about_text(transfer: Transfer, names: Mapping[str, str]) -> str:
    """Whom it goes to or comes from, and how large it is."""
    way = "From" if transfer.direction == "in" else "To"
    return f"{way} {person(transfer.user_id, names)} · {byte_size(transfer.size_bytes)}"


def state_text(transfer: Transfer) -> str:
    """How far it has got, in a few words; what went wrong, in one sentence."""
    match transfer.state:
        case "offered":
            return "Do you want this file?" if transfer.direction == "in" else "Waiting for an answer"
        case "waiting":
            return f"Waiting for the connection{_so_far(transfer)}"
        case "running":
            return _running_text(transfer)
        case "done":
            return "Received" if transfer.direction == "in" else "Sent"
        case "declined":
            return "You declined it" if transfer.direction == "in" else "Declined"
        case "cancelled":
            return "Cancelled"
        case "failed":
            return transfer.message or "It could not be transferred."


def _so_far(transfer: Transfer) -> str:
    if not transfer.done_bytes:
        return ""
    return f" · {byte_size(transfer.done_bytes)} of {byte_size(transfer.size_bytes)}"


def _running_text(transfer: Transfer) -> str:
    parts = [f"{byte_size(transfer.done_bytes)} of {byte_size(transfer.size_bytes)}"]
    if transfer.rate_bytes_s > 0:
        parts.append(f"{byte_size(round(transfer.rate_bytes_s))}/s")
    if transfer.left_s is not None and transfer.done_bytes < transfer.size_bytes:
        parts.append(left_text(transfer.left_s))
    return " · ".join(part.replace(" ", NO_BREAK) for part in parts)


def left_text(left_s: float) -> str:
    """The time left, as exactly as it can be known."""
    if not 0 <= left_s < 100 * 3600:
        return "more than a day left"
    if left_s < 5:
        return "a few seconds left"
    if left_s < 60:
        return f"{5 * round(left_s / 5)} s left"
    if left_s < 3600:
        return f"{round(left_s / 60)} min left"
    hours, minutes = divmod(round(left_s / 60), 60)
    return f"{hours} h {minutes} min left" if minutes else f"{hours} h left"


def resumed_text(transfer: Transfer) -> str:
    """That it did not start anew after a break; empty when there was none."""
    if not transfer.resumed_from or transfer.state in ("declined", "cancelled", "failed"):
        return ""
    return f"Went on from {byte_size(transfer.resumed_from)}"


def share(transfer: Transfer) -> float:
    """How much of it is there, 0 to 1."""
    if transfer.size_bytes <= 0:
        return 1.0 if transfer.state == "done" else 0.0
    return min(1.0, max(0.0, transfer.done_bytes / transfer.size_bytes))


def spoken_transfer(transfer: Transfer, names: Mapping[str, str]) -> str:
    """A file as a screen reader says it."""
    return f"{file_name(transfer.name)}, {about_text(transfer, names)}: {state_text(transfer)}"


def offer_notice(transfer: Transfer, names: Mapping[str, str]) -> str:
    """The sentence across the window when an offer comes and the chat is closed."""
    who, name = person(transfer.user_id, names), in_sentence(file_name(transfer.name))
    return f"{who[:1].upper()}{who[1:]} offers you “{name}” ({byte_size(transfer.size_bytes)}). Answer in the chat."


def folders_sentence(names: Sequence[str]) -> str:
    """Why folders are not sent."""
    if len(names) == 1:
        return f"“{in_sentence(file_name(names[0]))}” is a folder: pack it into a ZIP file, and send that."
    return "Folders cannot be sent: pack them into a ZIP file, and send that."
