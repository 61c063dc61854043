"""The receiving end of one line of the subscriber connection, whoever's feed is on it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from desktop_app.core.tasks import TaskOwner
from desktop_app.media.clock import VIDEO_CLOCK_RATE_HZ, now_s
from desktop_app.rtc.aiortc_internals import ReceiverBase, SenderBase, routing
from desktop_app.rtc.connection import PREFERRED_MIME_TYPES

from .reception import LineDelay

if TYPE_CHECKING:
    import asyncio

    import av
    from aiortc.rtcdtlstransport import RTCDtlsTransport
    from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
    from aiortc.rtp import AnyRtcpPacket, RtpPacket

    from desktop_app.rtc.picture_sink import PictureSink
    from desktop_app.rtc.receivers import MediaReceiver


class LineReceiver(ReceiverBase):
    """Hands packets to the receiver of whoever's line it is; without one they are dropped.

    An SFU may use a line, with its SSRC, for one participant after another. Each gets a receiver of its own, so that
    nothing of what came before is left: no packet in the assembler, no missing number, no reference picture.
    """

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self.kind = kind
        self.delay = LineDelay()
        self._inner: MediaReceiver | None = None
        self._reports: asyncio.Task[None] | None = None
        self._tasks = TaskOwner(f"{kind}-line")

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Take the codecs and SSRCs of the newest negotiation; called by aiortc after each one."""
        if self._stopped:
            return
        self._codec_by_payload_type.clear()
        for codec in parameters.codecs:
            if codec.payloadType is not None and codec.mimeType in PREFERRED_MIME_TYPES[self.kind]:
                self._codec_by_payload_type[codec.payloadType] = codec
        routing.register(self.transport, self, parameters)
        self._receiving = True
        if self._inner is not None:
            self._inner.on_started()

    def hand_to(self, inner: MediaReceiver | None) -> None:
        """Let `inner` have what comes from now on, and whoever had it before no longer; None lets nobody."""
        before, self._inner = self._inner, inner
        if before is not None:
            before.unfollow()
        if self._reports is not None:
            self._reports.cancel()
            self._reports = None
        self.delay.restart()
        if inner is not None and not self._stopped:
            inner.follow(self._codec_by_payload_type, self._rtcp_ssrc_of_ours)
            self._reports = self._tasks.spawn(inner.run_rtcp(), name="rtcp")

    def on_started(self) -> None:
        """Nothing to start: packets drive everything."""

    def on_stopped(self) -> None:
        """End what belongs to whoever's line it is."""
        self.hand_to(None)
        self._tasks.cancel()

    async def stop(self) -> None:
        """Stop for good; safe to call twice."""
        self._stopped = True
        self.on_stopped()
        if self._receiving:
            self._receiving = False
            routing.unregister(self.transport, self)

    def on_rtp(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> None:
        """One packet."""
        if self._inner is None:
            return
        self._inner.on_rtp(packet, codec)
        if codec.name != "rtx":
            self.delay.add(packet.timestamp, codec.clockRate, now_s())

    def on_rtcp(self, packet: AnyRtcpPacket) -> None:
        """One RTCP packet."""
        if self._inner is not None:
            self._inner.on_rtcp(packet)

    async def run_rtcp(self) -> None:
        """Whoever's line it is reports."""


class SilentSender(SenderBase):
    """A line of the subscriber connection has a sender as well, which lends its SSRC to our feedback."""

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport, VIDEO_CLOCK_RATE_HZ)

    async def run_rtp(self, payload_type: int) -> None:
        """Nothing is sent."""

    async def retransmit(self, sequence_number: int) -> None:
        """Nothing was sent."""

    def on_keyframe_request(self) -> None:
        """There are no frames."""

    def on_rtcp(self, packet: AnyRtcpPacket) -> None:
        """Nobody reports on what was not sent."""


class CutSink:
    """In front of a picture sink: nothing comes through after the cut, also nothing that was being decoded."""

    def __init__(self, sink: PictureSink) -> None:
        self._sink: PictureSink | None = sink
        self._lock = threading.Lock()

    @property
    def wants_pictures(self) -> bool:
        """Whether they need to be decoded."""
        return self._sink is not None and self._sink.wants_pictures

    @property
    def is_steady(self) -> bool:
        """Whether they come at a steady rate."""
        return self._sink is None or self._sink.is_steady

    def put(self, frame: av.VideoFrame) -> None:
        """Called on the decoder's thread."""
        with self._lock:
            if self._sink is not None:
                self._sink.put(frame)

    def cut(self) -> None:
        """Returns when no picture is on its way any more."""
        with self._lock:
            self._sink = None
