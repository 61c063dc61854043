"""One purpose's channel to one participant, over all connections to them."""

from __future__ import annotations

import logging
from collections import Counter, deque
from typing import TYPE_CHECKING

from desktop_app.rtc.counters import ChannelCounters

from .channels import MAX_BULK_QUEUED_BYTES
from .codec import MessageError
from .rate import FloodGate

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.rtc.channel_spec import ChannelSpec
    from desktop_app.rtc.data_channels import DataChannel

    from .messages.base import Message

logger = logging.getLogger(__name__)

MAX_WAITING_MESSAGES = 100
MAX_TEXT_QUEUED_BYTES = 1024 * 1024
"""In a text channel's buffer; further messages wait here, within MAX_WAITING_MESSAGES."""
MAX_STALE_BYTES = 16 * 1024
"""In the buffer of a channel that sends nothing twice: what would come late is dropped instead."""
MAX_BULK_LOW_BYTES = MAX_BULK_QUEUED_BYTES // 2


class Channel:
    """Messages wait while it is not ready, up to MAX_WAITING_MESSAGES; then the oldest goes."""

    def __init__(
        self,
        spec: ChannelSpec,
        *,
        now_s: Callable[[], float],
        on_message: Callable[[str | bytes], None],
        on_dropped: Callable[[Message], None],
        on_drained: Callable[[], None],
        on_open: Callable[[], None] = lambda: None,
        on_closed: Callable[[], None] = lambda: None,
    ) -> None:
        """Messages go to `on_message` in the order of arrival; `on_dropped` is told of each of ours that was given
        up; `on_drained` that there is room again, after `send_binary` had none.
        """
        self.spec = spec
        self._on_open = on_open
        self._on_closed = on_closed
        self._on_message = on_message
        self._on_dropped = on_dropped
        self._on_drained = on_drained
        self._gate = FloodGate(spec.label, now_s)
        self._channel: DataChannel | None = None
        self._ready = False
        self._waiting: deque[tuple[Message, str]] = deque()
        self._binary_wanted = False
        self._is_lossy = spec.max_retransmits is not None or spec.max_packet_life_time_ms is not None
        self._most_bytes = MAX_STALE_BYTES if self._is_lossy else MAX_TEXT_QUEUED_BYTES
        self._bytes_sent = self._bytes_received = 0
        self._messages_sent = self._messages_received = 0
        self._dropped: Counter[str] = Counter()

    # --- connections ----------------------------------------------------------------------------

    def bind(self, channel: DataChannel) -> None:
        """Use this channel of a new connection from now on."""
        self.unbind()
        self._channel = channel
        channel.on_open = self._opened
        channel.on_closed = self._on_closed
        channel.on_message = self._received
        channel.on_wrong_kind = lambda: self.count_dropped("wrong-kind")
        channel.on_buffered_low = self._buffered_low
        channel.set_low_bytes(MAX_BULK_LOW_BYTES if self.spec.binary else self._most_bytes // 2)

    def unbind(self) -> None:
        """The connection is gone, and with it what it had not delivered."""
        self.stop()
        if self._channel is not None:
            self._channel.detach()
            self._channel = None

    @property
    def is_open(self) -> bool:
        """Whether there is an open channel, ready or not."""
        return self._channel is not None and self._channel.is_open

    @property
    def buffered_bytes(self) -> int:
        """Handed to the connection of now and not on the network yet."""
        return 0 if self._channel is None else self._channel.buffered_bytes

    def make_ready(self) -> None:
        """The other side listens: send what has waited, in its order, and what comes now."""
        self._ready = True
        self._flush()

    def stop(self) -> None:
        """The other side does not listen any more."""
        self._ready = False
        self._binary_wanted = False

    def _opened(self) -> None:
        self._on_open()
        self._flush()

    # --- sending --------------------------------------------------------------------------------

    def send(self, message: Message, text: str) -> None:
        """Send `text`, the encoded `message`, or let it wait."""
        if not self._waiting and self._has_room():
            self._send(message, text)
        elif self._is_lossy and self._ready and self.is_open:
            self._drop(message, "congested")
        else:
            self._waiting.append((message, text))
            if len(self._waiting) > MAX_WAITING_MESSAGES:
                oldest, _ = self._waiting.popleft()
                self._drop(oldest, "queue-full")

    def send_first(self, text: str) -> bool:
        """Send before the other side has said that it listens: the hello."""
        return self._pass_on(text)

    def send_binary(self, data: bytes) -> bool:
        """Send, or return False when it is not ready or MAX_BULK_QUEUED_BYTES would be exceeded.

        Raises:
            MessageError: it is longer than that by itself, "too-long".
        """
        if len(data) > MAX_BULK_QUEUED_BYTES:
            raise MessageError("too-long", f"{len(data)} bytes at once")
        channel = self._channel
        if not self._ready or channel is None or not channel.is_open:
            return False
        if channel.buffered_bytes + len(data) > MAX_BULK_QUEUED_BYTES:
            self._binary_wanted = True
            # Above it now, so that it must be crossed.
            channel.set_low_bytes(min(MAX_BULK_LOW_BYTES, MAX_BULK_QUEUED_BYTES - len(data)))
            return False
        return self._pass_on(data)

    def _has_room(self) -> bool:
        channel = self._channel
        return (
            self._ready
            and channel is not None
            and channel.is_open
            and channel.buffered_bytes < self._most_bytes
        )

    def _flush(self) -> None:
        while self._waiting and self._has_room():
            message, text = self._waiting.popleft()
            self._send(message, text)

    def _send(self, message: Message, text: str) -> None:
        if not self._pass_on(text):
            self._drop(message, "unsendable")

    def _pass_on(self, data: str | bytes) -> bool:
        if self._channel is None or not self._channel.send(data):
            return False
        self._messages_sent += 1
        self._bytes_sent += _size(data)
        return True

    def _drop(self, message: Message, reason: str) -> None:
        self.count_dropped(reason)
        self._on_dropped(message)

    def _buffered_low(self) -> None:
        self._flush()
        if self._binary_wanted:
            self._binary_wanted = False
            self._on_drained()

    # --- receiving ------------------------------------------------------------------------------

    def _received(self, data: str | bytes) -> None:
        size_bytes = _size(data)
        self._messages_received += 1
        self._bytes_received += size_bytes
        if self._gate.admits(size_bytes):
            self._on_message(data)
        else:
            self.count_dropped("flood")

    # --- figures --------------------------------------------------------------------------------

    def count_dropped(self, reason: str) -> None:
        """A message was dropped; the first of each reason is logged."""
        if reason not in self._dropped:
            logger.info("a message on %s was dropped: %s", self.spec.label, reason)
        self._dropped[reason] += 1

    def counters(self) -> ChannelCounters:
        """Everything counted so far."""
        return ChannelCounters(
            label=self.spec.label,
            is_open=self.is_open,
            bytes_sent=self._bytes_sent,
            bytes_received=self._bytes_received,
            messages_sent=self._messages_sent,
            messages_received=self._messages_received,
            queued=len(self._waiting),
            buffered_bytes=self.buffered_bytes,
            dropped=dict(self._dropped),
        )


def _size(data: str | bytes) -> int:
    # Most text is ASCII, and then needs no copy.
    return len(data) if isinstance(data, bytes) or data.isascii() else len(data.encode("utf-8", "replace"))
