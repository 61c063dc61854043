"""The data channels of one connection, made by both ends alike (W3C WebRTC 6.1, `negotiated`)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aiortc.rtcdatachannel import RTCDataChannel

    from .aiortc_internals import PeerConnection
    from .channel_spec import ChannelSpec

logger = logging.getLogger(__name__)

MAX_FOREIGN_CHANNELS = 64
"""Opened by the far end on one connection; more than that nobody opens who means well."""


class DataChannel:
    """One channel of one connection. What its listeners raise is logged: aiortc would close the connection."""

    def __init__(self, spec: ChannelSpec, channel: RTCDataChannel) -> None:
        self.spec = spec
        self._channel = channel
        self.on_open: Callable[[], None] | None = None
        self.on_message: Callable[[str | bytes], None] | None = None
        """Text on a text channel, bytes on a binary one."""
        self.on_closed: Callable[[], None] | None = None
        """Closed by the far end, or with the association."""
        self.on_buffered_low: Callable[[], None] | None = None
        self.on_wrong_kind: Callable[[], None] | None = None
        """Bytes came on a text channel, or text on a binary one; they are dropped."""
        channel.on("open", lambda: self._tell(self.on_open))
        channel.on("message", self._received)
        channel.on("close", lambda: self._tell(self.on_closed))
        channel.on("bufferedamountlow", lambda: self._tell(self.on_buffered_low))

    @property
    def is_open(self) -> bool:
        """Whether `send` would send."""
        return self._channel.readyState == "open"

    @property
    def buffered_bytes(self) -> int:
        """Waiting to leave (W3C bufferedAmount)."""
        return self._channel.bufferedAmount

    def set_low_bytes(self, low_bytes: int) -> None:
        """`on_buffered_low` is called when `buffered_bytes` falls from above this to it (W3C 6.2)."""
        self._channel.bufferedAmountLowThreshold = low_bytes

    def send(self, data: str | bytes) -> bool:
        """Send one message; False, and nothing is sent, when the channel is not open or the far end takes only
        shorter ones.
        """
        if not self.is_open:
            return False
        try:
            self._channel.send(data)
        except ValueError as error:
            logger.info("a message on %s was not sent: %s", self.spec.label, error)
            return False
        return True

    def detach(self) -> None:
        """Tell nobody anything any more."""
        self.on_open = self.on_message = self.on_closed = self.on_buffered_low = self.on_wrong_kind = None

    def _received(self, data: str | bytes) -> None:
        if isinstance(data, bytes) is not self.spec.binary:
            self._tell(self.on_wrong_kind)
        elif self.on_message is not None:
            try:
                self.on_message(data)
            except Exception:
                logger.exception("a message on %s could not be handled", self.spec.label)

    def _tell(self, listener: Callable[[], None] | None) -> None:
        if listener is None:
            return
        try:
            listener()
        except Exception:
            logger.exception("a listener of the channel %s failed", self.spec.label)


class DataChannels:
    """All channels of one connection, by label. `make` before each description that is to have them."""

    def __init__(self, pc: PeerConnection, specs: Sequence[ChannelSpec]) -> None:
        self._pc = pc
        self._specs = specs
        self._channels: dict[str, DataChannel] = {}
        self.foreign_channels = 0
        """How many the far end has opened."""
        pc.on("datachannel", self._refuse)

    def __getitem__(self, label: str) -> DataChannel:
        """The channel `label`, from `make` on.

        Raises:
            KeyError: there is none.
        """
        return self._channels[label]

    def __iter__(self) -> Iterator[DataChannel]:
        return iter(self._channels.values())

    @property
    def are_made(self) -> bool:
        """Whether there are any."""
        return bool(self._channels)

    def make(self) -> bool:
        """Make the channels; False when they are there already, or none are wanted."""
        if self._channels:
            return False
        for spec in self._specs:
            channel = self._pc.createDataChannel(
                spec.label,
                maxPacketLifeTime=spec.max_packet_life_time_ms,
                maxRetransmits=spec.max_retransmits,
                ordered=spec.ordered,
                negotiated=True,
                id=spec.stream_id,
            )
            self._pc.set_channel_priority(channel, spec.priority)
            self._channels[spec.label] = DataChannel(spec, channel)
        return bool(self._channels)

    def detach(self) -> None:
        """Tell nobody anything any more; the connection closes the channels."""
        for channel in self:
            channel.detach()

    def _refuse(self, channel: RTCDataChannel) -> None:
        self.foreign_channels += 1
        if self.foreign_channels <= MAX_FOREIGN_CHANNELS:
            logger.info("a channel that the far end opened is closed: its id is %s", channel.id)
            channel.close()
        else:
            logger.warning("the far end opens channel after channel; its data is not taken any more")
            self._pc.end_data()
