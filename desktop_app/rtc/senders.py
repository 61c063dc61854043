"""RTP senders that take their frames from a feed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiortc.clock import current_ntp_time
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)

from desktop_app.media.clock import now_s

from .aiortc_internals import SenderBase
from .feed_track import FeedTrack
from .pacer import Pacer
from .path_monitor import RemoteReport, StreamState
from .retransmission import RetransmissionBudget
from .send_estimate import START_KBPS

if TYPE_CHECKING:
    from aiortc.rtcdtlstransport import RTCDtlsTransport

    from .encoded_feed import EncodedFeed
    from .transport_control import TransportControl

RTT_SMOOTHING = 0.8
STALE_S = 0.5
"""Pictures that could not leave for so long are dropped: the path takes up with a new keyframe."""


class MediaSender(SenderBase):
    """Sends one feed at a time to one peer."""

    def __init__(
        self,
        kind: str,
        transport: RTCDtlsTransport,
        feed: EncodedFeed | None,
        clock_rate_hz: int,
        control: TransportControl,
    ) -> None:
        self._feed_track = FeedTrack(kind, feed)
        super().__init__(self._feed_track, transport, clock_rate_hz)
        self._control = control
        self._pacer = Pacer()
        self.remote = RemoteReport()
        self._repairs = RetransmissionBudget(START_KBPS)
        self._repaired_bytes = 0

    @property
    def state(self) -> StreamState:
        """What the path is judged by."""
        return StreamState(self.remote, self.packets_sent, self.payload_bytes_sent, self._repaired_bytes)

    @property
    def feed_track(self) -> FeedTrack:
        """The permanent track."""
        return self._feed_track

    async def next_encoded(self) -> tuple[list[bytes], int, int | None, int | None]:
        """The next frame of the feed."""
        frame = await self._feed_track.recv()
        self.media_lag_s = self._feed_track.lag_s
        if self.kind == "video":
            self._pacer.set_target_kbps(self._feed_track.target_kbps)
        return frame.payloads, frame.timestamp, frame.audio_level_dbov, None

    async def wait_for_turn(self, payload_bytes: int) -> None:
        """Sound goes at once; pictures wait for the pacer, and for room on the path."""
        if self.kind == "audio":
            return
        if (wait_s := self._pacer.wait_s(payload_bytes, now_s())) > 0:
            await asyncio.sleep(wait_s)
        if not self.has_transport_feedback or not self._control.is_congested:
            return
        self._feed_track.hold(True)
        try:
            if not await self._control.wait_for_room(STALE_S):
                self._feed_track.drop_waiting()
        finally:
            self._feed_track.hold(False)

    def number_packet(self, payload_bytes: int) -> int:
        """The connection counts for all its streams."""
        return self._control.number_packet(self.kind, payload_bytes)

    def on_keyframe_request(self) -> None:
        """PLI or FIR: the encoder throttles."""
        self.remote.pli_count += 1
        self._feed_track.request_keyframe()

    def copies_to_retransmit(self, sequence_number: int, payload_bytes: int) -> int:
        """Within the budget; counts. On a full path a repair is the next loss: the far end asks again."""
        if self._control.is_congested:
            return 0
        round_trip_s = self.remote.newest_round_trip_s or 0.0
        copies = self._repairs.copies(
            now_s(), sequence_number, payload_bytes, round_trip_s, self.remote.fraction_lost
        )
        self.remote.retransmitted_packets += copies
        self._repaired_bytes += copies * payload_bytes
        return copies

    def set_path_estimate(self, kbps: float, queue_s: float) -> None:
        """What the path carries, and the queue in it: the measure of what may be sent again."""
        self._repairs.set_estimate(kbps)

    def on_rtcp(self, packet: AnyRtcpPacket) -> None:
        """Read receiver reports, NACK and REMB."""
        if isinstance(packet, (RtcpRrPacket, RtcpSrPacket)):
            for report in packet.reports:
                if report.ssrc == self.ssrc:
                    self.remote.report_count += 1
                    self.remote.fraction_lost = report.fraction_lost / 256
                    self.remote.jitter_s = report.jitter / self.clock_rate_hz
                    self._note_round_trip(report.lsr, report.dlsr)
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            self.remote.nack_count += 1
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            try:
                bitrate, ssrcs = unpack_remb_fci(packet.fci)
            except ValueError:
                return
            if self.ssrc in ssrcs:
                self.remote.estimate_kbps = bitrate / 1000
                self.remote.estimate_at_s = now_s()

    def _note_round_trip(self, last_sr: int, delay_since_sr: int) -> None:
        # RFC 3550 6.4.1. The sender report carried the middle 32 bits of an NTP time from the same clock.
        if not last_sr:
            return
        now = (current_ntp_time() >> 16) & 0xFFFFFFFF
        round_trip_s = ((now - last_sr - delay_since_sr) & 0xFFFFFFFF) / 65536
        if round_trip_s > 10:  # a clock that was set back, or nonsense
            return
        self.remote.newest_round_trip_s = round_trip_s
        self.remote.round_trip_count += 1
        old = self.remote.round_trip_s
        self.remote.round_trip_s = (
            round_trip_s if old is None else RTT_SMOOTHING * old + (1 - RTT_SMOOTHING) * round_trip_s
        )
