"""A room full of people who chat and make signs, without a network."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from desktop_app.data.chat import ChatService
from desktop_app.data.hub import DataHub
from desktop_app.data.signs import SignService

from .fake_channels import FakeChannels, connected
from .fake_channels import pump as pump_ends
from .fake_services import Clock

if TYPE_CHECKING:
    from desktop_app.data.events import ChatEntry, DataEvent


class Member:
    """One person's services and links."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.events: list[DataEvent] = []
        self.signs = SignService(emit=self.events.append, now_s=clock.now_s)
        self.chat = ChatService(
            name,
            name=name.title,
            links=lambda: self.hub.links,
            emit=self.events.append,
            now_s=clock.now_s,
            now_ms=clock.now_ms,
        )
        self.hub = DataHub(
            (self.chat, self.signs),
            now_s=clock.now_s,
            now_ms=clock.now_ms,
            hand_raised=lambda: self.signs.hand_raised,
            on_left=self.chat.participant_left,
        )

    def texts(self) -> list[str]:
        """What was said, in order."""
        return [entry.text for entry in self.chat.entries()]

    def entry(self, line_id: str) -> ChatEntry:
        """A line as it stands now."""
        return next(entry for entry in self.chat.entries() if entry.id == line_id)


class Room:
    """Everybody, and the connections between two each."""

    def __init__(self, *names: str) -> None:
        self.clock = Clock()
        self.members = {name: Member(name, self.clock) for name in names}
        self.ends: dict[tuple[str, str], FakeChannels] = {}
        """By whose end and to whom."""

    def __getitem__(self, name: str) -> Member:
        return self.members[name]

    def connect(self, one: str, other: str) -> None:
        """A new connection between two, in place of an older one; all is delivered."""
        self.connect_quietly(one, other)
        self.pump()

    def connect_quietly(self, one: str, other: str) -> None:
        """A new connection between two, in place of an older one; nothing is delivered yet."""
        here, there = connected()
        self.ends[one, other], self.ends[other, one] = here, there
        self[one].hub.join(other).bind(here)
        self[other].hub.join(one).bind(there)
        here.open()
        there.open()

    def connect_all(self) -> None:
        """Between all who have none."""
        for one, other in combinations(self.members, 2):
            if (one, other) not in self.ends:
                self.connect(one, other)

    def cut(self, one: str, other: str) -> None:
        """What was under way is lost."""
        for mine, theirs in ((one, other), (other, one)):
            if self.ends.pop((mine, theirs), None) is not None:
                self[mine].hub.join(theirs).bind(None)

    def leave(self, name: str) -> None:
        """For the others; what the leaver knows stays."""
        for other in self.members:
            if other != name:
                self.part(name, other)

    def part(self, one: str, other: str) -> None:
        """The signaling server tells both that the other has left."""
        self.cut(one, other)
        self[one].hub.leave(other)
        self[other].hub.leave(one)

    def restart(self, name: str) -> None:
        """Somebody leaves and is a new process under the same name."""
        self.leave(name)
        self.members[name] = Member(name, self.clock)

    def pump(self) -> None:
        """Deliver everything."""
        pump_ends(*self.ends.values())

    def deliver_from(self, one: str, other: str) -> None:
        """What `one` has sent to `other`, without the answers."""
        self.ends[one, other].pump()
