"""A service that notes everything it is told, and links between two people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.data.hub import DataHub
from desktop_app.data.port import Service

from .fake_channels import FakeChannels, connected, pump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.data.link import ParticipantLink
    from desktop_app.data.messages.base import Message
    from desktop_app.data.port import Link


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.s = 1000.0

    def now_s(self) -> float:
        """Monotonic."""
        return self.s

    def now_ms(self) -> float:
        """Since 1970."""
        return 1_764_000_000_000.0 + self.s * 1000


class NotingService(Service):
    """Notes what it is told as (what, user, message)."""

    def __init__(self, capability: str, *labels: str) -> None:
        self._capability = capability
        self._labels = labels
        self.told: list[tuple[str, str, Message | bytes | None]] = []

    @property
    def capability(self) -> str:
        return self._capability

    @property
    def labels(self) -> tuple[str, ...]:
        return self._labels

    def _note(self, what: str, link: Link, message: Message | bytes | None = None) -> None:
        self.told.append((what, link.user_id, message))

    def link_ready(self, link: Link) -> None:
        self._note("ready", link)

    def link_lost(self, link: Link) -> None:
        self._note("lost", link)

    def link_gone(self, link: Link) -> None:
        self._note("gone", link)

    def received(self, link: Link, message: Message) -> None:
        self._note("received", link, message)

    def received_bulk(self, link: Link, data: bytes) -> None:
        self._note("bulk", link, data)

    def bulk_drained(self, link: Link) -> None:
        self._note("drained", link)

    def dropped(self, link: Link, message: Message) -> None:
        self._note("dropped", link, message)

    async def close(self) -> None:
        self.told.append(("closed", "", None))

    @property
    def whats(self) -> list[str]:
        """What was told, without whom of and what about."""
        return [what for what, _, _ in self.told]

    def messages(self) -> list[Message | bytes | None]:
        """What was received."""
        return [message for what, _, message in self.told if what in ("received", "bulk")]


class TwoPeople:
    """Two hubs, and the connection between them, which can be renewed."""

    def __init__(
        self,
        mine: Sequence[Service],
        theirs: Sequence[Service],
        *,
        names: tuple[str, str] = ("alice", "bob"),
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.names = names
        self.hubs = tuple(
            DataHub(services, now_s=self.clock.now_s, now_ms=self.clock.now_ms) for services in (mine, theirs)
        )
        self.ends: tuple[FakeChannels, FakeChannels] | None = None

    @property
    def links(self) -> tuple[ParticipantLink, ParticipantLink]:
        """Mine to them, and theirs to me."""
        return self.hubs[0].join(self.names[1]), self.hubs[1].join(self.names[0])

    def connect(self) -> tuple[FakeChannels, FakeChannels]:
        """A new connection, bound and not open."""
        self.ends = connected()
        for link, end in zip(self.links, self.ends, strict=True):
            link.bind(end)
        return self.ends

    def open(self) -> None:
        """A new connection that is open, everything delivered."""
        ends = self.connect()
        for end in ends:
            end.open()
        pump(*ends)

    def pump(self) -> None:
        """Deliver everything."""
        assert self.ends is not None
        pump(*self.ends)

    def cut(self) -> None:
        """The connection is gone, with what was under way."""
        for link in self.links:
            link.bind(None)
        self.ends = None
