"""A chat service alone with strangers, who say whatever a test likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktop_app.data.channels import CHAT
from desktop_app.data.chat import ChatService
from desktop_app.data.codec import encode
from desktop_app.data.events import ChatLineChanged, DataEvent
from desktop_app.data.messages.chat import WireLine

from .fake_services import Clock

if TYPE_CHECKING:
    from desktop_app.data.messages.base import Message


@dataclass
class Stranger:
    """A link to somebody who says whatever we like."""

    user_id: str = "mallory"
    is_ready: bool = True
    chunk_bytes: int = 16384
    chats: bool = True
    got: list[Message] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def understands(self, capability: str) -> bool:
        return self.chats

    def send(self, label: str, message: Message) -> None:
        assert label == CHAT.label
        encode(message, 0)  # raises when it is too long
        self.got.append(message)

    def queued_bytes(self, label: str) -> int:
        return 0

    def send_bulk(self, data: bytes) -> bool:
        return False

    def count_dropped(self, label: str, reason: str) -> None:
        self.dropped.append(reason)


class Alone:
    """A chat service with one stranger, maybe."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.events: list[DataEvent] = []
        self.links: dict[str, Stranger] = {}
        self.chat = ChatService(
            "me",
            name=lambda: "Me",
            links=lambda: self.links,
            emit=self.events.append,
            now_s=self.clock.now_s,
            now_ms=self.clock.now_ms,
        )

    def meet(self, stranger: Stranger) -> Stranger:
        self.links[stranger.user_id] = stranger
        self.chat.link_ready(stranger)
        stranger.got.clear()
        return stranger

    def line(self, number: int = 1, *, author: str = "mallory", ago_s: float = 1, **rest: str) -> WireLine:
        return WireLine(
            id=f"{number:032x}",
            author=author,
            text=rest.get("text", f"line {number}"),
            sent_ms=self.clock.now_ms() - ago_s * 1000,
            to=rest.get("to"),
        )

    def states(self) -> list[str]:
        return [event.entry.state for event in self.events if isinstance(event, ChatLineChanged)]

    def texts(self) -> list[str]:
        return [entry.text for entry in self.chat.entries()]
