"""RTP senders and receivers without what aiortc does to a packet. Private names read in aiortc 1.16.0."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from aiortc.clock import current_ntp_time
from aiortc.codecs import is_rtx
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtp import RtcpSrPacket, RtpPacket, wrap_rtx

from desktop_app.rtc import transport_offer

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc.mediastreams import MediaStreamTrack
    from aiortc.rtcdtlstransport import RTCDtlsTransport
    from aiortc.rtcrtpparameters import (
        RTCRtpCodecParameters,
        RTCRtpReceiveParameters,
        RTCRtpSendParameters,
    )
    from aiortc.rtp import AnyRtcpPacket

logger = logging.getLogger(__name__)


# --- receiving ----------------------------------------------------------------------------------


class ReceiverBase(RTCRtpReceiver, ABC):
    """An RTCRtpReceiver without aiortc's jitter buffer, decoder thread and RTCP: subclasses get each packet.

    All methods run on the engine loop.
    """

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self._codec_by_payload_type: dict[int, RTCRtpCodecParameters] = {}
        self._rtcp_ssrc_of_ours: int | None = None
        self._receiving = False
        self._stopped = False
        self._rtcp_loop: asyncio.Task[None] | None = None
        self.on_transport_number: Callable[[int, int], None] | None = None
        """Told of the transport-wide number and the SSRC of every packet that bears one."""

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Start to receive with the negotiated codecs; called by aiortc when DTLS is up."""
        if self._receiving or self._stopped:
            return
        self._receiving = True
        for codec in parameters.codecs:
            if codec.payloadType is not None:
                self._codec_by_payload_type[codec.payloadType] = codec
        self.transport._register_rtp_receiver(self, parameters)
        self._rtcp_loop = asyncio.get_running_loop().create_task(self.run_rtcp(), name="rtcp")
        self.on_started()

    def follow(self, codecs: dict[int, RTCRtpCodecParameters], rtcp_ssrc: int | None) -> None:
        """Be handed packets by another receiver, not by the transport.

        Args:
            codecs: by payload type; the owner may change them later, and then calls `on_started` again.
            rtcp_ssrc: whose feedback ours is.
        """
        self._codec_by_payload_type = codecs
        self._rtcp_ssrc_of_ours = rtcp_ssrc
        self.on_started()

    def unfollow(self) -> None:
        """Take no more packets; for one that follows what `stop` is for others."""
        self._stopped = True
        self.on_stopped()

    async def stop(self) -> None:
        """Stop for good; safe to call twice."""
        self._stopped = True
        if not self._receiving:
            return
        self._receiving = False
        self.on_stopped()
        if self._rtcp_loop is not None:
            self._rtcp_loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._rtcp_loop
        self.transport._unregister_rtp_receiver(self)

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._rtcp_ssrc_of_ours = ssrc

    def _handle_disconnect(self) -> None:
        """The transport is gone; `stop` follows."""

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        self.take(packet)

    def take(self, packet: RtpPacket) -> None:
        """One RTP packet, decrypted and parsed, of those that are for us."""
        number = packet.extensions.transport_sequence_number
        if number is not None and self.on_transport_number is not None:
            self.on_transport_number(number, packet.ssrc)
        if not self._enabled or self._stopped:
            return
        codec = self._codec_by_payload_type.get(packet.payload_type)
        if codec is None:
            return
        try:
            self.on_rtp(packet, codec)
        except Exception:
            logger.exception("an RTP packet could not be handled")

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        try:
            self.on_rtcp(packet)
        except Exception:
            logger.exception("an RTCP packet could not be handled")

    def original_payload_type(self, codec: RTCRtpCodecParameters) -> int | None:
        """The payload type that an RTX codec repeats (RFC 4588 `apt`), None when `codec` is not RTX."""
        if not is_rtx(codec):
            return None
        original = codec.parameters.get("apt")
        return original if isinstance(original, int) and original in self._codec_by_payload_type else -1

    async def send_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        """Send a compound RTCP packet; a transport that is gone is not an error."""
        with contextlib.suppress(ConnectionError):
            await self.transport._send_rtp(b"".join(bytes(packet) for packet in packets))

    @abstractmethod
    def on_started(self) -> None:
        """Packets may come from now on."""

    @abstractmethod
    def on_stopped(self) -> None:
        """No more packets; end worker threads without waiting for them."""

    @abstractmethod
    def on_rtp(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> None:
        """One RTP packet, decrypted and parsed."""

    @abstractmethod
    def on_rtcp(self, packet: AnyRtcpPacket) -> None:
        """One RTCP packet that concerns this receiver."""

    @abstractmethod
    async def run_rtcp(self) -> None:
        """Send reports and feedback until cancelled."""


# --- sending ------------------------------------------------------------------------------------


class SenderBase(RTCRtpSender, ABC):
    """An RTCRtpSender whose packets are made elsewhere, and which shows what the far end reports."""

    def __init__(
        self, track: MediaStreamTrack | str, transport: RTCDtlsTransport, clock_rate_hz: int
    ) -> None:
        super().__init__(track, transport)
        self.clock_rate_hz = clock_rate_hz
        self.timestamp_origin: int | None = None
        """RTP timestamp minus media timestamp; None before the first packet."""
        self.media_lag_s = 0.0
        """How far media timestamps are behind the monotonic clock."""
        self.has_transport_feedback = False
        """Whether the far end answers transport-wide sequence numbers."""
        self._packets_told = -1

    @abstractmethod
    async def run_rtp(self, payload_type: int) -> None:
        """Send packets until cancelled; `payload_type` is the first negotiated codec's."""

    @abstractmethod
    async def retransmit(self, sequence_number: int) -> None:
        """The far end asks for this packet again."""

    @abstractmethod
    def on_keyframe_request(self) -> None:
        """The far end sent PLI or FIR."""

    @abstractmethod
    def on_rtcp(self, packet: AnyRtcpPacket) -> None:
        """Each RTCP packet for this sender, before aiortc handles it."""

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Start to send; called by aiortc when DTLS is up."""
        self.has_transport_feedback = transport_offer.is_agreed(parameters)
        await super().send(parameters)

    async def _run_rtp(self, codec: RTCRtpCodecParameters) -> None:
        private = vars(self)
        private["_RTCRtpSender__rtp_started"].set()
        try:
            assert codec.payloadType is not None
            await self.run_rtp(codec.payloadType)
        except (asyncio.CancelledError, ConnectionError, MediaStreamError):
            pass
        except Exception:
            logger.exception("sending has ended")  # aiortc's stop() waits for the event below
        if self.track is not None:
            self.track.stop()
        private["_RTCRtpSender__rtp_exited"].set()

    async def transmit(self, packet: RtpPacket) -> None:
        """Let a packet leave now."""
        packet.extensions.mid = vars(self)["_RTCRtpSender__mid"]
        packet.extensions.abs_send_time = (current_ntp_time() >> 14) & 0x00FFFFFF
        extensions_map = vars(self)["_RTCRtpSender__rtp_header_extensions_map"]
        await self.transport._send_rtp(packet.serialize(extensions_map))

    def count_sent(self, payload_bytes: int) -> None:
        """Count a packet for the sender reports; a retransmission is not counted (RFC 4588)."""
        private = vars(self)
        private["_RTCRtpSender__octet_count"] += payload_bytes
        private["_RTCRtpSender__packet_count"] += 1

    @property
    def has_rtx(self) -> bool:
        """Whether retransmissions have a stream of their own."""
        return vars(self)["_RTCRtpSender__rtx_payload_type"] is not None

    def as_retransmission(self, packet: RtpPacket) -> RtpPacket:
        """A packet as it is sent again: on the RTX stream where that was negotiated (RFC 4588)."""
        private = vars(self)
        payload_type: int | None = private["_RTCRtpSender__rtx_payload_type"]
        if payload_type is None:
            return packet
        number: int = private["_RTCRtpSender__rtx_sequence_number"]
        private["_RTCRtpSender__rtx_sequence_number"] = (number + 1) & 0xFFFF
        return wrap_rtx(packet, payload_type=payload_type, sequence_number=number, ssrc=self._rtx_ssrc)

    @property
    def enabled(self) -> bool:
        """Whether the far end wants the stream (the direction of its description)."""
        return bool(self._enabled)

    def _send_keyframe(self) -> None:
        self.on_keyframe_request()

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        try:
            self.on_rtcp(packet)
            await super()._handle_rtcp_packet(packet)
        except Exception:
            logger.exception("an RTCP packet could not be handled")

    async def _retransmit(self, sequence_number: int) -> None:
        await self.retransmit(sequence_number & 0xFFFF)  # aiortc's NACK parser counts on beyond 65535

    async def _send_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        # aiortc stamps a sender report with the time of the last packet, which adds up to a frame interval to every
        # round trip that is measured with it, and ties sound and picture to the time of sending; ours say what is now.
        for packet in packets:
            if isinstance(packet, RtcpSrPacket) and self._is_needless(packet):
                return
            if isinstance(packet, RtcpSrPacket) and self.timestamp_origin is not None:
                media_now = round((time.monotonic() - self.media_lag_s) * self.clock_rate_hz)
                packet.sender_info.ntp_timestamp = current_ntp_time()
                packet.sender_info.rtp_timestamp = (self.timestamp_origin + media_now) & 0xFFFFFFFF
        await super()._send_rtcp(packets)

    def _is_needless(self, report: RtcpSrPacket) -> bool:
        # Of pictures of which nothing was sent since: in a room with an SFU that is each direct connection's state. The
        # reports of sound go on, since the far end judges by them whether we are there.
        told, self._packets_told = self._packets_told, report.sender_info.packet_count
        return self.kind == "video" and report.sender_info.packet_count == told

    @property
    def payload_bytes_sent(self) -> int:
        """RTP payload bytes without retransmissions (W3C bytesSent)."""
        return int(getattr(self, "_RTCRtpSender__octet_count"))  # noqa: B009 - a mangled private name

    @property
    def packets_sent(self) -> int:
        """RTP packets without retransmissions (W3C packetsSent)."""
        return int(getattr(self, "_RTCRtpSender__packet_count"))  # noqa: B009

    @property
    def ssrc(self) -> int:
        """The SSRC of the stream."""
        return int(self._ssrc)
