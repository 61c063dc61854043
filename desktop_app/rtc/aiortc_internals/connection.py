"""The peer connection with our transports' ends on it. Private names read in aiortc 1.16.0 and aioice 0.13.0."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from aiortc.exceptions import InvalidStateError
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcpeerconnection import RTCPeerConnection
from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.rtcsessiondescription import RTCSessionDescription
from cryptography.hazmat.primitives.serialization import Encoding

from desktop_app.rtc import audio_codecs, data_section, transport_feedback
from desktop_app.rtc.counters import SelectedPair

from . import consent, direct_paths, other_paths
from .direct import take_directly
from .gathering import Gathering
from .reading import packets_overflowed
from .sctp import DataTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioice import Candidate
    from aiortc.mediastreams import MediaStreamTrack
    from aiortc.rtcdatachannel import RTCDataChannel
    from aiortc.rtcdtlstransport import RTCCertificate
    from aiortc.rtcicetransport import RTCIceTransport

    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.rtc.ice import GatheringConfiguration
    from desktop_app.rtc.sctp.statistics import DataCounters

    from .media import ReceiverBase, SenderBase

logger = logging.getLogger(__name__)

_CREATE_TRANSCEIVER = "_RTCPeerConnection__createTransceiver"
_CREATE_SCTP, _SCTP = "_RTCPeerConnection__createSctpTransport", "_RTCPeerConnection__sctp"
_CONNECT = "_RTCPeerConnection__connect"
_CERTIFICATES = "_RTCPeerConnection__certificates"
_IS_CLOSED = "_RTCPeerConnection__isClosed"
_REMOTE_DESCRIPTION = "_RTCPeerConnection__remoteDescription"

ICE_END_S = 1.0
"""aioice looks every 20 ms whether it was closed."""


class PeerConnection(RTCPeerConnection):
    """An RTCPeerConnection whose transceivers have our senders and receivers, and its data channels our transport."""

    def __init__(
        self,
        configuration: GatheringConfiguration,
        *,
        make_sender: Callable[[str, RTCDtlsTransport], SenderBase],
        make_receiver: Callable[[str, RTCDtlsTransport], ReceiverBase],
        on_transport_feedback: Callable[[bytes], None],
        certificate: RTCCertificate | None = None,
    ) -> None:
        """`certificate` is what DTLS shows of us; without it there is a new one."""
        super().__init__(configuration)
        self._ice = configuration.ice
        self._gathering: Gathering | None = None
        if certificate is not None:
            vars(self)[_CERTIFICATES] = [certificate]
        self._on_transport_feedback = on_transport_feedback
        self._make_sender = make_sender
        self._make_receiver = make_receiver
        self._ending_data: asyncio.Future[None] | None = None
        self.on_heard_directly: Callable[[], None] = lambda: None
        """Called when a check of the far end came past the relay that is in use."""
        setattr(self, _CREATE_TRANSCEIVER, self._create_transceiver)
        setattr(self, _CREATE_SCTP, self._create_data_transport)
        setattr(self, _CONNECT, self._connect)

    def _create_transceiver(
        self, direction: str, kind: str, sender_track: MediaStreamTrack | None = None
    ) -> RTCRtpTransceiver:
        # aiortc builds RTCRtpSender and RTCRtpReceiver by name in a private method. Its other work there
        # (the bundled transport, SSRCs) is kept by letting it run and then rebuilding the transceiver
        # around our two classes on the same transport.
        plain = RTCPeerConnection.__dict__[_CREATE_TRANSCEIVER](self, direction, kind, sender_track)
        transport = plain.receiver.transport
        self._gather_from(transport.transport)
        consent.keep(transport.transport)
        self._divert_transport_feedback(transport)
        take_directly(transport)
        sender = self._make_sender(kind, transport)
        receiver = self._make_receiver(kind, transport)
        receiver._set_rtcp_ssrc(sender.ssrc)
        sender._stream_id = plain.sender._stream_id
        transceiver = RTCRtpTransceiver(direction=direction, kind=kind, sender=sender, receiver=receiver)
        transceiver._bundled = plain._bundled
        transceivers: list[RTCRtpTransceiver] = getattr(self, "_RTCPeerConnection__transceivers")  # noqa: B009
        transceivers[transceivers.index(plain)] = transceiver
        return transceiver

    async def _connect(self) -> None:
        # A task that nobody looks after: an attempt may be closed before it has its turn.
        try:
            await RTCPeerConnection.__dict__[_CONNECT](self)
        except InvalidStateError:
            if self.connectionState != "closed" and vars(self)[_IS_CLOSED] is None:
                raise

    def _create_data_transport(self) -> None:
        RTCPeerConnection.__dict__[_CREATE_SCTP](self)
        private = vars(self)
        plain = private[_SCTP]
        if not plain._bundled:
            self._gather_from(plain.transport.transport)
            consent.keep(plain.transport.transport)
        transport = DataTransport(plain.transport, plain.port)
        transport._bundled = plain._bundled
        transport.on("datachannel", lambda channel: self.emit("datachannel", channel))
        private[_SCTP] = transport

    def _gather_from(self, transport: RTCIceTransport) -> None:
        if self._gathering is None:  # the others are bundled with the first
            self._gathering = Gathering(transport._connection, self._ice)
            other_paths.allow(transport._connection)
            direct_paths.watch(transport._connection, lambda: self.on_heard_directly())

    def tell_later_candidates(self, listener: Callable[[JsonValue], None]) -> None:
        """Hear of each local candidate that `localDescription` does not have, and of their end, which is None.

        They are the W3C's RTCIceCandidateInit. The listener is called at once with what is known already.
        """
        gathering = self._gathering
        if gathering is None:
            listener(None)
            return
        transceivers = self.getTransceivers()
        mid = transceivers[0].mid if transceivers else self.sctp.mid if self.sctp else None

        def tell(candidate: Candidate | None) -> None:
            listener(
                None
                if candidate is None
                else {"candidate": f"candidate:{candidate.to_sdp()}", "sdpMid": mid, "sdpMLineIndex": 0}
            )

        gathering.tell(tell)

    def set_channel_priority(self, channel: RTCDataChannel, priority: str) -> None:
        """Say whose messages go first; "low" is what a channel begins with.

        Args:
            channel: one of this connection's.
            priority: W3C's RTCPriorityType: "very-low", "low", "medium" or "high". A message of a channel of higher
                priority is the next to be sent, after the one that was begun; equal ones take turns. A short message
                of "high" does not wait for pacing either.

        Raises:
            ValueError: there is no such priority.
        """
        transport = channel.transport
        assert isinstance(transport, DataTransport)
        transport.set_priority(channel, priority)

    def limit_data(self, kbps: float) -> None:
        """What data may take of the path, in kbit/s; infinity when nobody else is short of room."""
        transport = self.sctp
        if isinstance(transport, DataTransport):
            transport.limit(kbps)

    def data_counters(self) -> DataCounters | None:
        """What the data channels have counted; None while there is none."""
        transport = self.sctp
        return transport.counters() if isinstance(transport, DataTransport) else None

    def end_data(self) -> None:
        """Take and send nothing more on data channels, on this connection; sound and picture go on."""
        if self.sctp is None or self._ending_data is not None:
            return

        async def start(*_arguments: object) -> None:
            """aiortc starts the association as soon as the transport is up, wanted or not."""

        setattr(self.sctp, "start", start)  # noqa: B010 - mypy lets nobody assign to a method
        self._ending_data = asyncio.ensure_future(self.sctp.stop())

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
        sdp, kind = sessionDescription.sdp, sessionDescription.type
        await super().setRemoteDescription(RTCSessionDescription(data_section.completed(sdp), kind))
        if data_section.is_refused(sdp):
            self.end_data()
        # aiortc's task that starts senders and receivers with these codecs has not begun yet.
        remote = getattr(self, _REMOTE_DESCRIPTION)()
        for transceiver in self.getTransceivers():
            index = transceiver._get_mline_index()
            if transceiver.kind == "audio" and index is not None:
                theirs = remote.media[index].rtp.codecs
                transceiver._codecs = audio_codecs.agreed(transceiver._codecs, theirs)

    @property
    def localDescription(self) -> RTCSessionDescription:
        """Without data channels where they were refused, and without an end of candidates where more may come."""
        description = super().localDescription
        sdp = description.sdp
        if self._gathering is not None and self._gathering.is_late:
            sdp = sdp.replace("a=end-of-candidates\r\n", "")
        if self._ending_data is not None and description.type == "answer":
            sdp = data_section.with_refusal(sdp)
        return RTCSessionDescription(sdp, description.type)

    async def close(self) -> None:
        """Release everything; safe to call twice."""
        private = vars(self)
        transports: tuple[RTCDtlsTransport, ...] = tuple(private["_RTCPeerConnection__dtlsTransports"])
        if self._ending_data is not None:
            await asyncio.wait((self._ending_data,))
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

    async def ask_round_trip_s(self, limit_s: float) -> float | None:
        """How long the far end's ICE takes to answer; None when it does not within the limit, or ICE is not up."""
        transport = self._transport()
        return None if transport is None else await consent.round_trip_s(transport.transport, limit_s)

    async def take_another_path(self, is_silent: Callable[[], bool]) -> bool:
        """Go over to a relay of this connection when nothing comes on the path in use; True when that was done."""
        transport = self._transport()
        return transport is not None and await other_paths.take_another(transport.transport, is_silent)

    def is_relayed(self) -> bool:
        """Whether a relay is between the ends; False while there is no path."""
        transport = self._transport()
        return transport is not None and direct_paths.is_relayed(transport.transport)

    async def take_direct_path(self) -> bool:
        """Leave the relay when a direct path of this connection answers; True when that was done, by this end."""
        transport = self._transport()
        return transport is not None and await direct_paths.take_direct(transport.transport)

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

    def packets_overflowed(self) -> int:
        """Datagrams of the path in use that came and were lost in our own socket, because we were late."""
        transport = self._transport()
        pair = None if transport is None else transport.transport._connection._nominated.get(1)
        own: Any = None if pair is None else pair.protocol.transport
        return packets_overflowed(own) if isinstance(own, asyncio.DatagramTransport) else 0

    def dtls_certificates(self) -> tuple[bytes, bytes] | None:
        """Ours and the far end's, as they were used in the handshake (DER); None while it is not over."""
        transport = self._transport()
        if transport is None or transport._ssl is None or transport.state != "connected":
            return None
        theirs = transport._ssl.get_peer_certificate(as_cryptography=True)
        ours = vars(transport)["_RTCDtlsTransport__local_certificate"]._cert
        if theirs is None:
            return None
        return ours.public_bytes(Encoding.DER), theirs.public_bytes(Encoding.DER)

    def local_address(self) -> str | None:
        """The address of this machine that the nominated pair leaves from; None before there is one."""
        transport = self._transport()
        pair = None if transport is None else transport.transport._connection._nominated.get(1)
        if pair is None:
            return None
        candidate: Any = pair.local_candidate
        return str(
            candidate.host if candidate.type == "host" else candidate.related_address or candidate.host
        )

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
