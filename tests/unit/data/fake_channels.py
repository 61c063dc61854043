"""The data channels of a connection without a network: what one end sends, the other one gets when it is `pumped`."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from desktop_app.data.channels import CHANNELS
from desktop_app.rtc.data_channels import DataChannel, DataChannels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktop_app.rtc.channel_spec import ChannelSpec


class FakeChannel(DataChannel):
    """One end of one channel."""

    def __init__(self, spec: ChannelSpec) -> None:
        self.spec = spec
        self.detach()
        self.opened = False
        self.low_bytes = 0
        self.longest_bytes = 1 << 30
        self.outgoing: deque[str | bytes] = deque()
        """Sent and not delivered."""
        self.other: FakeChannel | None = None

    @property
    def is_open(self) -> bool:
        return self.opened

    @property
    def buffered_bytes(self) -> int:
        return sum(map(len, self.outgoing))

    def set_low_bytes(self, low_bytes: int) -> None:
        self.low_bytes = low_bytes

    def send(self, data: str | bytes) -> bool:
        if not self.opened or len(data) > self.longest_bytes:
            return False
        self.outgoing.append(data)
        return True

    def open(self) -> None:
        """The association is up."""
        self.opened = True
        self._tell(self.on_open)

    def close(self) -> None:
        """By the far end."""
        self.opened = False
        self._tell(self.on_closed)

    def deliver(self) -> bool:
        """Let the oldest message leave, and arrive when there is another end; False when there is none."""
        if not self.outgoing:
            return False
        before = self.buffered_bytes
        data = self.outgoing.popleft()
        if before > self.low_bytes >= self.buffered_bytes:
            self._tell(self.on_buffered_low)
        if self.other is not None:
            self.other._received(data)
        return True


class FakeChannels(DataChannels):
    """All channels of one end."""

    def __init__(self) -> None:
        self._channels = {}
        self.ends = {spec.label: FakeChannel(spec) for spec in CHANNELS}

    def __getitem__(self, label: str) -> FakeChannel:
        return self.ends[label]

    def __iter__(self) -> Iterator[FakeChannel]:
        return iter(self.ends.values())

    def open(self) -> None:
        """The association is up."""
        for channel in self:
            channel.open()

    def pump(self) -> int:
        """Deliver everything; returns how much that was."""
        return sum(self._drain(channel) for channel in self)

    @staticmethod
    def _drain(channel: FakeChannel) -> int:
        count = 0
        while channel.deliver():
            count += 1
        return count


def connected() -> tuple[FakeChannels, FakeChannels]:
    """Two ends of one connection, not open yet."""
    here, there = FakeChannels(), FakeChannels()
    for mine, theirs in zip(here, there, strict=True):
        mine.other, theirs.other = theirs, mine
    return here, there


def pump(*ends: FakeChannels) -> None:
    """Deliver until nobody has anything to say."""
    while sum(end.pump() for end in ends):
        pass
