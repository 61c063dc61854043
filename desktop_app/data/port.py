"""What the services (chat, files, board, pointer, reactions) and the links to participants know of each other.

A Link stands for one participant over all connections to them; a Service serves all of them. Everything is on the
engine loop, and nothing here blocks: files and pictures are read and written on worker threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .messages.base import Message


class Link(Protocol):
    """The way to one participant."""

    @property
    def user_id(self) -> str:
        """Whose it is, as the signaling server says; a channel's messages are theirs."""

    @property
    def is_ready(self) -> bool:
        """Whether there is a connection with their hello on it."""

    @property
    def chunk_bytes(self) -> int:
        """The largest piece of a file that they take in one message; of the newest hello."""

    def understands(self, capability: str) -> bool:
        """Whether their newest hello names `capability`; False before the first."""

    def send(self, label: str, message: Message) -> None:
        """Send on the channel `label`, or keep it until there is one: up to 100 a channel, then the oldest goes and
        the service is told (`Service.dropped`). What is under way when a connection breaks may be lost.

        Raises:
            MessageError: it is too long.
        """

    def queued_bytes(self, label: str) -> int:
        """What waits in the channel `label` of the connection of now, not yet on the network; 0 without one.

        Who has much to send looks here and lets the rest wait, so that what comes later is not late.
        """

    def send_bulk(self, data: bytes) -> bool:
        """Send on the bulk channel; False, and nothing is sent, while there is no connection or
        MAX_BULK_QUEUED_BYTES are waiting: `Service.bulk_drained` follows.
        """

    def count_dropped(self, label: str, reason: str) -> None:
        """Count a message of theirs that is valid and was dropped all the same; `reason` is one of a few words."""


class Service(Protocol):
    """One purpose; told of every participant whose hello names its capability."""

    @property
    def capability(self) -> str:
        """Its word in the hello."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The channels whose messages are for it (control's are shared out by type)."""

    def link_ready(self, link: Link) -> None:
        """A connection to a participant is up, the first or a new one."""

    def link_lost(self, link: Link) -> None:
        """The connection is gone; another one may follow."""

    def link_gone(self, link: Link) -> None:
        """The participant left the room. Somebody who returns has a new link."""

    def received(self, link: Link, message: Message) -> None:
        """A message of one of the labels, checked against its schema and nothing else."""

    def received_bulk(self, link: Link, data: bytes) -> None:
        """A binary message; only for the service that has the bulk channel."""

    def bulk_drained(self, link: Link) -> None:
        """There is room in the bulk channel again."""

    def dropped(self, link: Link, message: Message) -> None:
        """A message that waited was dropped for a newer one."""

    async def close(self) -> None:
        """The call is over: end tasks and threads, close files."""
