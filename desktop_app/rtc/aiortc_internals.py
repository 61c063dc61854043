"""Every private name of aiortc and aioice that this project uses, read in aiortc 1.16.0 and aioice 0.13.0.

aiortc's own receiver loses a fifth of the sound at 5 % packet loss and freezes the picture for seconds
(docs/decisions.md), and its sender encodes once per peer. So we keep aiortc's transports, negotiation and RTP
parsing, and replace what happens to a packet: `ReceiverBase` and `SenderBase` stand where RTCRtpReceiver and
RTCRtpSender stood. `missing_private_names` is asserted by a test, so an upgrade that renames one of them is noticed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from aiortc.clock import current_ntp_time
from aiortc.codecs import is_rtx
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcpeerconnection import RTCPeerConnection
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender, random_sequence_number
from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.rtp import RtcpSrPacket, RtpPacket, wrap_rtx
from aiortc.utils import random32

from . import audio_codecs, transport_feedback, transport_offer
from .counters import SelectedPair
from .ice import limit_gathering

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc.mediastreams import MediaStreamTrack
    from aiortc.rtcconfiguration import RTCConfiguration
    from aiortc.rtcrtpparameters import (
        RTCRtpCodecParameters,
        RTCRtpReceiveParameters,
        RTCRtpSendParameters,
    )
    from aiortc.rtcsessiondescription import RTCSessionDescription
    from aiortc.rtp import AnyRtcpPacket

logger = logging.getLogger(__name__)

_CREATE_TRANSCEIVER = "_RTCPeerConnection__createTransceiver"
_REMOTE_DESCRIPTION = "_RTCPeerConnection__remoteDescription"

HISTORY_PACKETS = 512
"""That can be sent again: two seconds of the best picture. aiortc keeps 128."""
ICE_END_S = 1.0
"""aioice looks every 20 ms whether it was closed."""


def missing_private_names() -> list[str]:
    """The private names below that the installed aiortc and aioice no longer have."""
    import inspect

    from aioice.ice import Connection

    wanted: list[tuple[object, str]] = [
        (RTCPeerConnection, _CREATE_TRANSCEIVER),
        (RTCPeerConnection, _REMOTE_DESCRIPTION),
        (RTCRtpTransceiver, "_get_mline_index"),
        (RTCRtpReceiver, "_handle_rtp_packet"),
        (RTCRtpReceiver, "_handle_rtcp_packet"),
        (RTCRtpReceiver, "_handle_disconnect"),
        (RTCRtpReceiver, "_set_rtcp_ssrc"),
        (RTCRtpSender, "_handle_rtcp_packet"),
        (RTCRtpSender, "_run_rtp"),
        (RTCRtpSender, "_retransmit"),
        (RTCRtpSender, "_send_keyframe"),
        (RTCRtpSender, "_send_rtcp"),
        (RTCDtlsTransport, "_handle_rtcp_data"),
        (RTCDtlsTransport, "_send_rtp"),
        (RTCDtlsTransport, "_register_rtp_receiver"),
        (RTCDtlsTransport, "_unregister_rtp_receiver"),
        (Connection, "get_component_candidates"),
    ]
    missing = [f"{owner!r}.{name}" for owner, name in wanted if not hasattr(owner, name)]
    for owner, names in (
        (
            RTCPeerConnection.__init__,
            ("__transceivers", "__configuration", "__sctp", "__stream_id", "__dtlsTransports", "__isClosed"),
        ),
        (RTCDtlsTransport.__init__, ("__rx_bytes", "__tx_bytes")),
        (RTCRtpSender.__init__, ("__octet_count", "__packet_count", "__mid", "_ssrc", "_enabled")),
        (RTCRtpSender.__init__, ("__rtp_started", "__rtp_exited", "__rtp_header_extensions_map")),
        (RTCRtpSender.__init__, ("__rtx_payload_type", "__rtx_sequence_number", "_rtx_ssrc")),
        (RTCRtpTransceiver.__init__, ("_codecs",)),
        (RTCIceTransport.__init__, ("_connection", "__start")),
        (Connection.__init__, ("_nominated", "_query_consent_task")),
    ):
        source = inspect.getsource(owner)
        missing += [f"{owner.__qualname__}: {name}" for name in names if name not in source]
    return missing


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
    """An RTCRtpSender that takes frames which are encoded already, and shows what the far end reports."""

    def __init__(self, track: MediaStreamTrack, transport: RTCDtlsTransport, clock_rate_hz: int) -> None:
        super().__init__(track, transport)
        self.clock_rate_hz = clock_rate_hz
        self.media_lag_s = 0.0  # how far media timestamps are behind the monotonic clock
        self._timestamp_origin: int | None = None
        """RTP timestamp minus media timestamp; constant, drawn at random by aiortc."""
        self._history: OrderedDict[int, RtpPacket] = OrderedDict()
        self.has_transport_feedback = False
        """Whether the far end answers transport-wide sequence numbers."""

    @abstractmethod
    async def next_encoded(self) -> tuple[list[bytes], int, int | None, int | None] | None:
        """The next frame: RTP payloads, media timestamp in codec clock units, audio level in dBov; None to skip.

        And the payload type, when it is not the first codec's.
        """

    @abstractmethod
    async def wait_for_turn(self, payload_bytes: int) -> None:
        """Wait until a packet of this size may leave."""

    @abstractmethod
    def number_packet(self, payload_bytes: int) -> int:
        """A packet leaves now: its transport-wide sequence number."""

    @abstractmethod
    def on_keyframe_request(self) -> None:
        """The far end sent PLI or FIR."""

    @abstractmethod
    def on_rtcp(self, packet: AnyRtcpPacket) -> None:
        """Each RTCP packet for this sender, before aiortc handles it."""

    @abstractmethod
    def copies_to_retransmit(self, sequence_number: int, payload_bytes: int) -> int:
        """The far end asks for this packet again: how often it is sent."""

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Start to send; called by aiortc when DTLS is up."""
        self.has_transport_feedback = transport_offer.is_agreed(parameters)
        await super().send(parameters)

    async def _run_rtp(self, codec: RTCRtpCodecParameters) -> None:
        # In aiortc's place, for two reasons: the packets of a large frame are spread over time, and the origin of
        # the timestamps is known, which the sender reports need.
        assert codec.payloadType is not None
        private = vars(self)
        private["_RTCRtpSender__rtp_started"].set()
        sequence_number = random_sequence_number()
        origin = self._timestamp_origin = random32()
        try:
            while True:
                encoded = await self.next_encoded()
                if encoded is None or not self._enabled:
                    continue
                payloads, timestamp, level_dbov, payload_type = encoded
                for index, payload in enumerate(payloads):
                    packet = RtpPacket(
                        payload_type=codec.payloadType if payload_type is None else payload_type,
                        sequence_number=sequence_number,
                        timestamp=(origin + timestamp) & 0xFFFFFFFF,
                        marker=int(index == len(payloads) - 1),
                    )
                    packet.ssrc = self._ssrc
                    packet.payload = payload
                    packet.extensions.mid = private["_RTCRtpSender__mid"]
                    if level_dbov is not None:
                        packet.extensions.audio_level = (False, -level_dbov)
                    await self.wait_for_turn(len(payload))
                    self._remember(packet)
                    await self._send_packet(packet)
                    sequence_number = (sequence_number + 1) & 0xFFFF
        except (asyncio.CancelledError, ConnectionError, MediaStreamError):
            pass
        except Exception:
            logger.exception("sending has ended")  # aiortc's stop() waits for the event below
        if self.track is not None:
            self.track.stop()
        private["_RTCRtpSender__rtp_exited"].set()

    def _remember(self, packet: RtpPacket) -> None:
        self._history[packet.sequence_number] = packet
        self._history.move_to_end(packet.sequence_number)
        if len(self._history) > HISTORY_PACKETS:
            self._history.popitem(last=False)

    async def _send_packet(self, packet: RtpPacket) -> None:
        private = vars(self)
        await self._send_numbered(packet)
        private["_RTCRtpSender__octet_count"] += len(packet.payload)
        private["_RTCRtpSender__packet_count"] += 1

    async def _send_numbered(self, packet: RtpPacket) -> None:
        packet.extensions.abs_send_time = (current_ntp_time() >> 14) & 0x00FFFFFF
        if self.has_transport_feedback:
            packet.extensions.transport_sequence_number = self.number_packet(len(packet.payload))
        extensions_map = vars(self)["_RTCRtpSender__rtp_header_extensions_map"]
        await self.transport._send_rtp(packet.serialize(extensions_map))

    def _send_keyframe(self) -> None:
        self.on_keyframe_request()

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        try:
            self.on_rtcp(packet)
            await super()._handle_rtcp_packet(packet)
        except Exception:
            logger.exception("an RTCP packet could not be handled")

    async def _retransmit(self, sequence_number: int) -> None:
        private = vars(self)
        sequence_number &= 0xFFFF  # aiortc's NACK parser counts on beyond 65535
        packet = self._history.get(sequence_number)
        if packet is None:
            return
        payload_type = private["_RTCRtpSender__rtx_payload_type"]
        for _ in range(self.copies_to_retransmit(sequence_number, len(packet.payload))):
            repair = packet
            if payload_type is not None:
                number = private["_RTCRtpSender__rtx_sequence_number"]
                repair = wrap_rtx(
                    packet, payload_type=payload_type, sequence_number=number, ssrc=self._rtx_ssrc
                )
                private["_RTCRtpSender__rtx_sequence_number"] = (number + 1) & 0xFFFF
            await self._send_numbered(repair)

    async def _send_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        # aiortc stamps a sender report with the time of the last packet, which adds up to a frame interval to every
        # round trip that is measured with it, and ties sound and picture to the time of sending; ours say what is now.
        for packet in packets:
            if isinstance(packet, RtcpSrPacket) and self._timestamp_origin is not None:
                media_now = round((time.monotonic() - self.media_lag_s) * self.clock_rate_hz)
                packet.sender_info.ntp_timestamp = current_ntp_time()
                packet.sender_info.rtp_timestamp = (self._timestamp_origin + media_now) & 0xFFFFFFFF
        await super()._send_rtcp(packets)

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


# --- the connection -----------------------------------------------------------------------------


class PeerConnection(RTCPeerConnection):
    """An RTCPeerConnection whose transceivers have our senders and receivers."""

    def __init__(
        self,
        configuration: RTCConfiguration,
        *,
        make_sender: Callable[[str, RTCDtlsTransport], SenderBase],
        make_receiver: Callable[[str, RTCDtlsTransport], ReceiverBase],
        on_transport_feedback: Callable[[bytes], None],
    ) -> None:
        super().__init__(configuration)
        self._on_transport_feedback = on_transport_feedback
        self._make_sender = make_sender
        self._make_receiver = make_receiver
        setattr(self, _CREATE_TRANSCEIVER, self._create_transceiver)

    def _create_transceiver(
        self, direction: str, kind: str, sender_track: MediaStreamTrack | None = None
    ) -> RTCRtpTransceiver:
        # aiortc builds RTCRtpSender and RTCRtpReceiver by name in a private method. Its other work there
        # (the bundled transport, SSRCs) is kept by letting it run and then rebuilding the transceiver
        # around our two classes on the same transport.
        plain = RTCPeerConnection.__dict__[_CREATE_TRANSCEIVER](self, direction, kind, sender_track)
        transport = plain.receiver.transport
        limit_gathering(transport.transport._connection)
        self._divert_transport_feedback(transport)
        sender = self._make_sender(kind, transport)
        receiver = self._make_receiver(kind, transport)
        receiver._set_rtcp_ssrc(sender.ssrc)
        sender._stream_id = plain.sender._stream_id
        transceiver = RTCRtpTransceiver(direction=direction, kind=kind, sender=sender, receiver=receiver)
        transceiver._bundled = plain._bundled
        transceivers: list[RTCRtpTransceiver] = getattr(self, "_RTCPeerConnection__transceivers")  # noqa: B009
        transceivers[transceivers.index(plain)] = transceiver
        return transceiver

    def _divert_transport_feedback(self, transport: RTCDtlsTransport) -> None:
        # aiortc would take the message for a long NACK.
        if "_handle_rtcp_data" in vars(transport):
            return  # a bundled one, met before

        async def handle(data: bytes) -> None:
            messages, rest = transport_feedback.split_compound(data)
            for message in messages:
                self._on_transport_feedback(message)
            if rest:
                await RTCDtlsTransport._handle_rtcp_data(transport, rest)

        setattr(transport, "_handle_rtcp_data", handle)  # noqa: B010 - mypy lets nobody assign to a method

    async def send_rtcp(self, data: bytes) -> None:
        """Send RTCP of our own; a transport that is gone is not an error."""
        transport = self._transport()
        if transport is not None:
            with contextlib.suppress(ConnectionError):
                await transport._send_rtp(data)

    async def setRemoteDescription(self, sessionDescription: RTCSessionDescription) -> None:
        """Take the far end's description; a ValueError tells that it has no codec for sound."""
        await super().setRemoteDescription(sessionDescription)
        # aiortc's task that starts senders and receivers with these codecs has not begun yet.
        remote = getattr(self, _REMOTE_DESCRIPTION)()
        for transceiver in self.getTransceivers():
            index = transceiver._get_mline_index()
            if transceiver.kind == "audio" and index is not None:
                theirs = remote.media[index].rtp.codecs
                transceiver._codecs = audio_codecs.agreed(transceiver._codecs, theirs)

    async def close(self) -> None:
        """Release everything; safe to call twice."""
        private = vars(self)
        transports: tuple[RTCDtlsTransport, ...] = tuple(private["_RTCPeerConnection__dtlsTransports"])
        try:
            await super().close()
        except Exception:
            # It stumbles over what a hostile description left half done; nothing may stay open for that.
            logger.warning("a connection did not end cleanly", exc_info=True)
            for transceiver in self.getTransceivers():
                parts = (transceiver.sender.stop(), transceiver.receiver.stop())
                await asyncio.gather(*parts, return_exceptions=True)
            for transport in transports:
                await transport.stop()
                await transport.transport.stop()
            closed: asyncio.Future[bool] = private["_RTCPeerConnection__isClosed"]
            if not closed.done():
                closed.set_result(True)  # somebody else may wait for it
        for transport in transports:
            await _end_consent_checks(transport.transport)

    def remote_sdp(self) -> str | None:
        """The remote description's SDP, None before there is one (aiortc's annotation forgets that)."""
        description: RTCSessionDescription | None = self.remoteDescription
        return None if description is None else description.sdp

    def _transport(self) -> RTCDtlsTransport | None:
        transceivers = self.getTransceivers()
        if transceivers:
            return transceivers[0].receiver.transport
        return self.sctp.transport if self.sctp else None

    def transport_bytes(self) -> tuple[int, int]:
        """Bytes (sent, received) on the one bundled transport, with RTCP, DTLS and retransmissions."""
        transport = self._transport()
        if transport is None:
            return 0, 0
        values = vars(transport)
        return values["_RTCDtlsTransport__tx_bytes"], values["_RTCDtlsTransport__rx_bytes"]

    def transport_packets_received(self) -> int:
        """Datagrams received on the bundled transport since it exists; what liveness is judged by."""
        transport = self._transport()
        return 0 if transport is None else int(vars(transport)["_RTCDtlsTransport__rx_packets"])

    def selected_pair(self) -> SelectedPair | None:
        """The nominated ICE pair, None before ICE has ended."""
        transport = self._transport()
        if transport is None:
            return None
        connection: Any = transport.transport._connection
        pair = connection._nominated.get(1)
        if pair is None:
            return None
        local, remote = pair.local_candidate, pair.remote_candidate
        return SelectedPair(
            local_type=local.type,
            remote_type=remote.type,
            protocol=local.transport,
            local_address=f"{local.host}:{local.port}",
            remote_address=f"{remote.host}:{remote.port}",
        )


async def _end_consent_checks(transport: RTCIceTransport) -> None:
    """aioice's connect, when it is just about to succeed, starts its consent checks also after close; for ever."""
    starting: asyncio.Event | None = getattr(transport, "_RTCIceTransport__start")  # noqa: B009
    if starting is not None:
        try:
            async with asyncio.timeout(ICE_END_S):
                await starting.wait()
        except TimeoutError:
            logger.warning("ICE did not end with its connection")
    connection: Any = transport._connection
    if connection._query_consent_task is not None:
        connection._query_consent_task.cancel()
