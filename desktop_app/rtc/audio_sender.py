"""The RTP sender of sound: Opus, or RED with copies of earlier frames when the far end loses packets."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop_app.media.clock import AUDIO_RATE_HZ

from . import red
from .audio_codecs import OPUS, RED
from .redundancy import MAX_COPIES, RedundancyControl
from .senders import MediaSender

if TYPE_CHECKING:
    from aiortc.rtcdtlstransport import RTCDtlsTransport
    from aiortc.rtcrtpparameters import RTCRtpSendParameters
    from aiortc.rtp import AnyRtcpPacket

    from .encoded_feed import EncodedFeed, EncodedFrame
    from .path_monitor import StreamState
    from .transport_control import TransportControl


class AudioSender(MediaSender):
    """Chooses the payload type packet by packet: what one peer needs costs the others nothing."""

    def __init__(
        self, transport: RTCDtlsTransport, feed: EncodedFeed | None, control: TransportControl
    ) -> None:
        super().__init__("audio", transport, feed, AUDIO_RATE_HZ, control)
        self.payload_types: dict[str, int] = {}
        """Of the negotiated codecs, by MIME type."""
        self._redundancy = RedundancyControl()
        self._earlier: deque[tuple[int, bytes]] = deque(maxlen=MAX_COPIES)
        """Timestamps and payloads of the newest frames."""
        self._redundant_bytes = 0
        self._packets_reported = 0

    @property
    def state(self) -> StreamState:
        """What the path is judged by."""
        return replace(super().state, redundant_bytes=self._redundant_bytes, copies=self._copies)

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Start to send with the negotiated codecs; called by aiortc when DTLS is up."""
        for codec in parameters.codecs:
            if codec.payloadType is not None:
                self.payload_types[codec.mimeType] = codec.payloadType
        await super().send(parameters)

    async def next_encoded(self) -> EncodedFrame:
        """The next frame of the feed, with copies of those before it as far as they are needed."""
        frame = await super().next_encoded()
        (primary,) = frame.payloads  # a frame of sound is one packet
        copies = self._copies_for(frame.timestamp)
        self._earlier.append((frame.timestamp, primary))
        if not copies:
            return frame
        payload = red.build(primary, copies, self.payload_types[OPUS])
        self._redundant_bytes += len(payload) - len(primary)
        return replace(frame, payloads=[payload], payload_type=self.payload_types[RED])

    @property
    def _copies(self) -> int:
        return self._redundancy.copies if RED in self.payload_types else 0

    def _copies_for(self, timestamp: int) -> list[red.Copy]:
        wanted = self._copies
        newest = list(self._earlier)[-wanted:] if wanted else []
        earlier = [red.Copy(timestamp - sent, payload) for sent, payload in newest]
        return [copy for copy in earlier if red.fits(copy)]

    def set_path_estimate(self, kbps: float, queue_s: float) -> None:
        """What the path carries, and the queue in it."""
        super().set_path_estimate(kbps, queue_s)
        self._redundancy.set_path(kbps, queue_s)

    def on_rtcp(self, packet: AnyRtcpPacket) -> None:
        """Read what the far end says, its loss above all."""
        before = self.remote.report_count
        super().on_rtcp(packet)
        if self.remote.report_count != before:
            packets = self.packets_sent - self._packets_reported
            self._packets_reported = self.packets_sent
            self._redundancy.note_loss(self.remote.fraction_lost, packets)
