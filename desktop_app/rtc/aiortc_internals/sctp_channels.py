"""Channels on an SCTP transport: which there are, and what comes for them (RFC 8831, RFC 8832).

Private names read in aiortc 1.16.0.
"""

from __future__ import annotations

import logging
from struct import error as struct_error
from typing import TYPE_CHECKING

from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcsctptransport import (
    DATA_CHANNEL_ACK,
    WEBRTC_BINARY,
    WEBRTC_BINARY_EMPTY,
    WEBRTC_DCEP,
    WEBRTC_STRING,
    WEBRTC_STRING_EMPTY,
    RTCSctpTransport,
)

from desktop_app.rtc.sctp.dcep import parse_open
from desktop_app.rtc.sctp.message import Message
from desktop_app.rtc.sctp.scheduler import Priority
from desktop_app.rtc.sctp.sender import DataSender

if TYPE_CHECKING:
    from aiortc.rtcdtlstransport import RTCDtlsTransport

    from desktop_app.rtc.sctp.reassembly import Received

logger = logging.getLogger(__name__)

MAX_OPENED_BY_PEER = 64
"""Channels that the far end may open; each is an object and an event."""


class ChannelTransport(RTCSctpTransport):
    """What sctp.py's transport does with messages: they may be of a stranger's making."""

    def __init__(self, transport: RTCDtlsTransport, port: int) -> None:
        super().__init__(transport, port)
        self._sender = DataSender(self._local_tsn)
        self._refused = 0
        self._has_warned = False
        self._opened_by_peer: set[int] = set()
        self._early_priorities: dict[RTCDataChannel, Priority] = {}

    def set_priority(self, channel: RTCDataChannel, name: str) -> None:
        """Whose message goes first: "very-low", "low", "medium" or "high".

        Raises:
            ValueError: there is no such priority.
        """
        priority = Priority.of_name(name)
        if channel.id is None:
            self._early_priorities[channel] = priority
        else:
            self._sender.scheduler.set_priority(channel.id, priority)

    def _refuse(self, error: Exception) -> None:
        self._refused += 1
        if isinstance(error, (ValueError, struct_error)) or self._has_warned:
            logger.debug("a chunk of the far end was dropped: %s", error)
        else:  # of aiortc's part, which was not written for strangers; they shall not fill the log
            self._has_warned = True
            logger.warning("a chunk of the far end could not be handled", exc_info=error)

    def _deliver_all(self, messages: list[Received]) -> None:
        for message in messages:  # they are acknowledged: one that cannot be taken takes no other with it
            try:
                self._deliver(*message)
            except Exception as error:  # noqa: BLE001 - logged there
                self._refuse(error)

    def _deliver(self, stream_id: int, ppid: int, data: bytes) -> None:
        if ppid == WEBRTC_DCEP:
            self._take_dcep(stream_id, data)
            return
        channel = self._data_channels.get(stream_id)
        if channel is None:
            raise ValueError("a message of no channel")
        message: bytes | str
        if ppid == WEBRTC_BINARY:
            message = data
        elif ppid == WEBRTC_STRING:
            message = data.decode()  # a UnicodeDecodeError is a ValueError
        elif ppid in (WEBRTC_STRING_EMPTY, WEBRTC_BINARY_EMPTY):
            message = "" if ppid == WEBRTC_STRING_EMPTY else b""
        else:
            raise ValueError(f"a message of unknown kind {ppid}")
        self._emit(channel, "message", message)

    def _emit(self, emitter: RTCDataChannel | ChannelTransport, event: str, *arguments: object) -> None:
        try:
            emitter.emit(event, *arguments)
        except Exception:
            logger.exception("a listener for %s failed", event)

    def _take_dcep(self, stream_id: int, data: bytes) -> None:
        """Open a channel that the far end asks for, or learn that ours is open (RFC 8832)."""
        channel = self._data_channels.get(stream_id)
        if data[0] == DATA_CHANNEL_ACK:
            if channel is None:
                raise ValueError("an acknowledgement of no channel")
            self._set_channel_state(channel, "open", only_from="connecting")
            return
        wanted = parse_open(data)
        if channel is not None:
            raise ValueError("a channel that is open already")
        if len(self._opened_by_peer) >= MAX_OPENED_BY_PEER:
            raise ValueError("too many channels")
        parameters = RTCDataChannelParameters(
            label=wanted.label,
            ordered=wanted.ordered,
            maxRetransmits=wanted.max_retransmits,
            maxPacketLifeTime=wanted.max_lifetime_ms,
            protocol=wanted.protocol,
            id=stream_id,
        )
        channel = RTCDataChannel(self, parameters, False)
        channel._setReadyState("open")
        self._data_channels[stream_id] = channel
        self._opened_by_peer.add(stream_id)
        self._sender.send(Message(stream_id, WEBRTC_DCEP, bytes([DATA_CHANNEL_ACK])))
        self._emit(self, "datachannel", channel)

    def _set_channel_state(
        self, channel: RTCDataChannel, state: str, *, only_from: str | None = None
    ) -> None:
        if only_from is not None and channel.readyState != only_from:
            return
        try:
            channel._setReadyState(state)
        except Exception:
            logger.exception("a listener for the state of a data channel failed")
