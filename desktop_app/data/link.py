"""The way to one participant over all connections to them: greets, decodes, counts and shares out."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from .channel import Channel
from .channels import BULK, CHANNELS, CONTROL, DEFAULT_CHUNK_BYTES
from .codec import MessageError, decode, encode
from .messages.control import Hello
from .messages.pointer import Alive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from desktop_app.rtc.counters import ChannelCounters
    from desktop_app.rtc.data_channels import DataChannels

    from .messages.base import Message
    from .port import Service

logger = logging.getLogger(__name__)

MAX_EARLY_MESSAGES = 200
MAX_EARLY_BYTES = 1024 * 1024
"""What may overtake the hello: channels do not wait for each other."""


class ParticipantLink:
    """Implements `port.Link`. Lives on the engine loop, as long as the participant is in the room."""

    def __init__(
        self,
        user_id: str,
        services: Sequence[Service],
        *,
        hello: Callable[[], Hello],
        now_s: Callable[[], float],
        now_ms: Callable[[], float],
    ) -> None:
        """`hello` is what we say on each new connection; `now_s` is monotonic, `now_ms` Unix time."""
        self._user_id = user_id
        self._services = tuple(services)
        self._make_hello = hello
        self._now_ms = now_ms
        self._ended = False
        self._ready = False
        self._is_again = False
        self._hello: Hello | None = None
        """The newest of theirs, maybe of an older connection."""
        self._early: list[tuple[str, Message | bytes]] = []
        self._early_bytes = 0
        self._told: list[Service] = []
        """Those who know of the connection."""
        self._ever_told: list[Service] = []
        self._channels = {
            spec.label: Channel(
                spec,
                now_s=now_s,
                on_message=partial(self._received, spec.label),
                on_dropped=partial(self._dropped, spec.label),
                on_drained=self._drained,
                on_emptied=partial(self._emptied, spec.label),
                on_open=self._greet if spec is CONTROL else lambda: None,
                on_closed=self._closed,
            )
            for spec in CHANNELS
        }

    # --- port.Link ------------------------------------------------------------------------------

    @property
    def user_id(self) -> str:
        """Whose it is."""
        return self._user_id

    @property
    def is_ready(self) -> bool:
        """Whether there is a connection with their hello on it."""
        return self._ready

    @property
    def chunk_bytes(self) -> int:
        """The largest piece of a file that they take in one message."""
        return DEFAULT_CHUNK_BYTES if self._hello is None else self._hello.chunk_bytes

    def understands(self, capability: str) -> bool:
        """Whether their newest hello names `capability`."""
        return self._hello is not None and capability in self._hello.capabilities

    def send(self, label: str, message: Message) -> None:
        """Send on the channel `label`, or keep it until there is one.

        Raises:
            MessageError: it is too long.
        """
        text = encode(message, self._now_ms())
        if not self._ended:
            self._channels[label].send(message, text)

    def queued_bytes(self, label: str) -> int:
        """What waits in the channel `label` of the connection of now."""
        return self._channels[label].buffered_bytes

    def send_bulk(self, data: bytes) -> bool:
        """Send on the bulk channel; False, and nothing is sent, when it cannot be now.

        Raises:
            MessageError: it is longer than may ever wait.
        """
        return self._channels[BULK.label].send_binary(data)

    def count_dropped(self, label: str, reason: str) -> None:
        """Count a message of theirs that is valid and was dropped all the same."""
        self._channels[label].count_dropped(reason)

    # --- connections ----------------------------------------------------------------------------

    def bind(self, channels: DataChannels | None) -> None:
        """Use the channels of a new connection; None: it is gone, and another one may follow."""
        self._lose()
        for channel in self._channels.values():
            channel.unbind()
        if channels is None or self._ended:
            return
        for label, channel in self._channels.items():
            channel.bind(channels[label])
        self._is_again = self._channels[CONTROL.label].is_open
        if self._is_again:
            self._greet()

    def _closed(self) -> None:
        # Nobody closes one channel alone but in error; half a connection would swallow what is said on the other half.
        self.bind(None)

    def end(self) -> None:
        """The participant left the room."""
        if self._ended:
            return
        self.bind(None)
        self._ended = True
        for service in self._ever_told:
            self._tell(service, lambda each: each.link_gone(self))

    def counters(self) -> tuple[ChannelCounters, ...]:
        """Of each channel, everything counted so far."""
        return tuple(channel.counters() for channel in self._channels.values())

    def _greet(self) -> None:
        self._channels[CONTROL.label].send_first(encode(self._make_hello(), self._now_ms()))

    def _take_hello(self, hello: Hello) -> None:
        if self._ready:
            self._channels[CONTROL.label].count_dropped("repeated")
            return
        self._hello = hello
        self._ready = True
        if self._is_again:
            # These channels were ours before, and are again: the far end may not have been back when we greeted.
            self._is_again = False
            self._greet()
        for channel in self._channels.values():
            channel.make_ready()
        self._told = [service for service in self._services if self.understands(service.capability)]
        early, self._early, self._early_bytes = self._early, [], 0
        for service in self._told:
            if service not in self._ever_told:
                self._ever_told.append(service)
            self._tell(service, lambda each: each.link_ready(self))
        self._share_out(CONTROL.label, hello)
        for label, message in early:
            self._share_out(label, message)

    def _lose(self) -> None:
        self._early, self._early_bytes = [], 0
        told, self._told = self._told, []
        if not self._ready:
            return
        self._ready = False
        for channel in self._channels.values():
            channel.stop()
        for service in told:
            self._tell(service, lambda each: each.link_lost(self))

    # --- messages -------------------------------------------------------------------------------

    def _received(self, label: str, data: str | bytes) -> None:
        message: Message | bytes
        if isinstance(data, bytes):
            message = data
        else:
            try:
                message = decode(label, data)
            except MessageError as error:
                self._channels[label].count_dropped(error.reason)
                return
        if isinstance(message, Alive):
            return
        if isinstance(message, Hello):
            self._take_hello(message)
        elif self._ready:
            self._share_out(label, message)
        elif len(self._early) < MAX_EARLY_MESSAGES and self._early_bytes + len(data) <= MAX_EARLY_BYTES:
            self._early.append((label, message))
            self._early_bytes += len(data)
        else:
            self._channels[label].count_dropped("early")

    def _share_out(self, label: str, message: Message | bytes) -> None:
        services = self._of(label, self._told)
        for service in services:
            if isinstance(message, bytes):
                self._tell(service, lambda each: each.received_bulk(self, message))
            else:
                self._tell(service, lambda each: each.received(self, message))
        if not services and not isinstance(message, Hello):
            self._channels[label].count_dropped("unwanted")

    def _drained(self) -> None:
        for service in self._of(BULK.label, self._told):
            self._tell(service, lambda each: each.bulk_drained(self))

    def _emptied(self, label: str) -> None:
        for service in self._of(label, self._told):
            self._tell(service, lambda each: each.drained(self, label))

    def _dropped(self, label: str, message: Message) -> None:
        for service in self._of(label, self._services):
            self._tell(service, lambda each: each.dropped(self, message))

    @staticmethod
    def _of(label: str, services: Iterable[Service]) -> list[Service]:
        return [service for service in services if label in service.labels]

    def _tell(self, service: Service, call: Callable[[Service], None]) -> None:
        try:
            call(service)
        except Exception:
            logger.exception("%s failed at what %s said", service.capability, self._user_id)
