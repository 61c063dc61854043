"""RTP receivers: from a packet to a picture in a slot, or to a packet in the playout buffer."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    clamp_packets_lost,
    pack_remb_fci,
    unwrap_rtx,
)

from desktop_app.core.tasks import TaskOwner
from desktop_app.media.clock import AUDIO_RATE_HZ, VIDEO_CLOCK_RATE_HZ, now_s

from . import red, vp8
from .aiortc_internals import ReceiverBase
from .audio_codecs import OPUS, RED
from .counters import next_serial
from .frame_assembler import FrameAssembler
from .nack import NackTracker, split_at_wrap
from .receive_estimate import ReceiveEstimator
from .reception import ReceptionStatistics
from .remote_clock import RemoteClock
from .video_decoder import FrameCounter, VideoDecoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc.rtcdtlstransport import RTCDtlsTransport
    from aiortc.rtcrtpparameters import RTCRtpCodecParameters

    from .audio_playout import AudioPlayout
    from .picture_sink import PictureSink

FEEDBACK_TICK_S = 0.005
NACK_ECHO_S = 0.010
PLI_INTERVAL_S = 0.300
DEFAULT_ROUND_TRIP_S = 0.100
SOURCE_SILENT_S = 1.0
"""After this long without a packet another SSRC may take over; until then it is a stranger's."""
ASK_AFTER_SILENCE_S = 2.0
"""Nothing is asked for while nothing comes for this long: the camera is off, or the network is gone."""


class MediaReceiver(ReceiverBase):
    """What sound and pictures have in common: statistics and receiver reports."""

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self.serial = next_serial()
        self.statistics: ReceptionStatistics | None = None
        self.codec_name: str | None = None
        self._tasks = TaskOwner(f"{kind}-receiver")
        self._media_ssrc: int | None = None
        self._last_sr: tuple[int, float] | None = None
        self.clock = RemoteClock(AUDIO_RATE_HZ if kind == "audio" else VIDEO_CLOCK_RATE_HZ)
        """When what comes was captured."""
        self._last_packet_s = 0.0

    def on_started(self) -> None:
        """Nothing to start: packets drive everything."""

    def on_rtcp(self, packet: AnyRtcpPacket) -> None:
        """Note the sender report's times for our receiver reports and for lip sync."""
        if isinstance(packet, RtcpSrPacket) and packet.ssrc == self._media_ssrc:
            ntp_timestamp = packet.sender_info.ntp_timestamp
            self._last_sr = ((ntp_timestamp >> 16) & 0xFFFFFFFF, now_s())
            self.clock.add_report(ntp_timestamp, packet.sender_info.rtp_timestamp)

    async def run_rtcp(self) -> None:
        """A receiver report about once a second (RFC 3550 6.2 asks for the random spread)."""
        told = -1
        while True:
            await asyncio.sleep(0.5 + random.random())
            if self.statistics is None or self._media_ssrc is None or self._rtcp_ssrc_of_ours is None:
                continue
            if self.statistics.packets_received == told:
                continue  # nothing has come of which there would be something to say (RFC 3550 6.4)
            told = self.statistics.packets_received
            last_sr, delay_since_sr = 0, 0
            if self._last_sr is not None:
                last_sr = self._last_sr[0]
                delay_since_sr = min(int((now_s() - self._last_sr[1]) * 65536), 0xFFFFFFFF)
            report = RtcpReceiverInfo(
                ssrc=self._media_ssrc,
                fraction_lost=self.statistics.take_fraction_lost(),
                packets_lost=clamp_packets_lost(self.statistics.packets_lost),
                highest_sequence=self.statistics.extended_highest,
                jitter=self.statistics.jitter_units,
                lsr=last_sr,
                dlsr=delay_since_sr,
            )
            await self.send_rtcp([RtcpRrPacket(ssrc=self._rtcp_ssrc_of_ours, reports=[report])])

    def _count(self, packet: RtpPacket, codec: RTCRtpCodecParameters, arrival_s: float) -> bool:
        """Add a packet of the stream itself to the statistics; False for a stranger's SSRC."""
        if self._media_ssrc is None or self.statistics is None:
            self._media_ssrc = packet.ssrc
            self.statistics = ReceptionStatistics(codec.clockRate)
            self.codec_name = codec.mimeType
        elif packet.ssrc != self._media_ssrc:
            if arrival_s - self._last_packet_s < SOURCE_SILENT_S:
                return False
            # A sender may begin again with a new SSRC (RFC 3550 8.2), browsers do after a renegotiation.
            self._media_ssrc = packet.ssrc
            self._last_sr = None
            self.clock.restart()
            self.statistics.restart()
            self.on_new_source()
        self._last_packet_s = arrival_s
        self.statistics.add(packet.sequence_number, packet.timestamp, len(packet.payload), arrival_s)
        return True

    def on_new_source(self) -> None:
        """Another SSRC has taken over: sequence numbers and timestamps begin anew."""


class AudioReceiver(MediaReceiver):
    """Hands Opus packets, and the copies in RED packets, to the playout buffer."""

    def __init__(self, transport: RTCDtlsTransport, playout: AudioPlayout) -> None:
        super().__init__("audio", transport)
        self.playout = playout
        self._opus: RTCRtpCodecParameters | None = None

    def on_started(self) -> None:
        """Note what is inside RED packets."""
        codecs = self._codec_by_payload_type.values()
        self._opus = next((codec for codec in codecs if codec.mimeType == OPUS), None)

    def on_rtp(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> None:
        """Count and buffer. What RED repeats is no packet of its own."""
        arrival_s = now_s()
        payload: bytes = packet.payload
        copies: list[red.Copy] = []
        if codec.mimeType == RED and self._opus is not None:
            codec = self._opus
            try:
                payload, copies = red.parse(payload, codec.payloadType)
            except ValueError:
                payload = b""
        if self._count(packet, codec, arrival_s) and payload:
            self.playout.put(packet.sequence_number, packet.timestamp, payload, arrival_s, copies)

    def on_new_source(self) -> None:
        """Buffer from scratch."""
        self.playout.restart()

    def on_stopped(self) -> None:
        """The playout buffer belongs to the peer and fades out by itself."""


class DiscardingReceiver(MediaReceiver):
    """For streams beyond the first of a kind, which nothing shows."""

    def on_rtp(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> None:
        """Count."""
        if self.original_payload_type(codec) is None:
            self._count(packet, codec, now_s())

    def on_stopped(self) -> None:
        """Nothing was started."""


class VideoReceiver(MediaReceiver):
    """Reassembles, repairs and decodes VP8."""

    def __init__(
        self,
        transport: RTCDtlsTransport,
        slot: PictureSink,
        *,
        round_trip_s: Callable[[], float | None],
        on_first_frame: Callable[[], None],
    ) -> None:
        super().__init__("video", transport)
        self._loop = asyncio.get_running_loop()
        self._round_trip_s = round_trip_s
        self._assembler = FrameAssembler()
        self._nacks = NackTracker()
        self._estimator = ReceiveEstimator()
        self._feedback_timer: asyncio.TimerHandle | None = None
        self._last_pli_s = -1.0
        self._stopped = False
        self.nack_count = 0
        self.pli_count = 0
        self.frames_received = 0
        self.decoder = (VideoDecoder if slot.wants_pictures else FrameCounter)(
            slot, on_keyframe_needed=self._decoder_needs_keyframe, on_first_frame=on_first_frame
        )

    @property
    def frames_dropped(self) -> int:
        """Frames that came and were not shown."""
        return self.decoder.frames_dropped + self._assembler.frames_dropped

    def on_stopped(self) -> None:
        """End the decoder thread and the timers."""
        self._stopped = True
        if self._feedback_timer is not None:
            self._feedback_timer.cancel()
        self.decoder.close()
        self._tasks.cancel()

    def on_new_source(self) -> None:
        """Assemble from scratch, beginning with a keyframe."""
        self._assembler.restart()
        self._nacks = NackTracker()

    def on_rtp(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> None:
        """Count, unwrap, reorder; hand complete frames to the decoder."""
        arrival_s = now_s()
        original = self.original_payload_type(codec)
        if original is None and not self._count(packet, codec, arrival_s):
            return
        if self._media_ssrc is None or self.statistics is None:
            return
        self._estimate(packet, self._media_ssrc, arrival_s)
        if original is not None:
            if original < 0 or len(packet.payload) < 2:
                return
            packet = unwrap_rtx(packet, payload_type=original, ssrc=self._media_ssrc)
            self.statistics.add_repaired(packet.sequence_number)
        if not self._nacks.add(packet.sequence_number, arrival_s):
            self._assembler.give_up()
        try:
            payload = vp8.parse_payload(packet.payload) if packet.payload else None
        except ValueError:
            return
        for frame in self._assembler.add(
            packet.sequence_number, packet.timestamp, bool(packet.marker), payload, arrival_s
        ):
            self.frames_received += 1
            self.decoder.push(frame)
        self._schedule_feedback()

    # --- feedback -------------------------------------------------------------------------------

    def _schedule_feedback(self) -> None:
        if (
            self._feedback_timer is None
            and not self._stopped
            and (len(self._nacks) or self._needs_attention())
        ):
            self._feedback_timer = self._loop.call_later(FEEDBACK_TICK_S, self._feedback)

    def _needs_attention(self) -> bool:
        return self._assembler.needs_keyframe or self._assembler.blocked_since_s is not None

    def _feedback(self) -> None:
        self._feedback_timer = None
        if self._stopped:
            return
        now = now_s()
        if now - self._last_packet_s > ASK_AFTER_SILENCE_S:
            return  # the next packet starts the asking again
        round_trip_s = self._round_trip_s() or DEFAULT_ROUND_TRIP_S
        # Three tries of a retransmission; after that a keyframe is the quicker way.
        patience_s = 0.150 + 3 * round_trip_s
        blocked_since_s = self._assembler.blocked_since_s
        if blocked_since_s is not None and now - blocked_since_s > patience_s:
            self._assembler.give_up()
        if self._assembler.needs_keyframe:
            since_s = self._assembler.keyframe_since_s
            coming = since_s is not None and now - since_s < patience_s
            if not coming and now - self._last_pli_s > max(PLI_INTERVAL_S, 1.5 * round_trip_s):
                self._send_pli(now)
        elif (handed_out := self._assembler.next_sequence_number) is not None:
            self._nacks.forget_through((handed_out - 1) & 0xFFFF)
        due = self._nacks.take_due(now, round_trip_s)
        if due and self._media_ssrc is not None and self._rtcp_ssrc_of_ours is not None:
            for run in split_at_wrap(due):
                self.nack_count += 1
                request = RtcpRtpfbPacket(
                    fmt=RTCP_RTPFB_NACK,
                    ssrc=self._rtcp_ssrc_of_ours,
                    media_ssrc=self._media_ssrc,
                    lost=run,
                )
                self._send(request)
                # A request gets lost like anything else. Whoever got the first ignores the second: senders answer
                # for one packet once a round trip.
                self._loop.call_later(NACK_ECHO_S, self._send, request)
        self._schedule_feedback()

    def _decoder_needs_keyframe(self) -> None:
        # On the decoder's thread.
        def lost() -> None:
            self._assembler.give_up()
            self._schedule_feedback()

        try:
            self._loop.call_soon_threadsafe(lost)
        except RuntimeError:
            self.decoder.close()  # the loop ended

    def _send_pli(self, now: float) -> None:
        if self._media_ssrc is None or self._rtcp_ssrc_of_ours is None:
            return
        self._last_pli_s = now
        self.pli_count += 1
        self._send(
            RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._rtcp_ssrc_of_ours, media_ssrc=self._media_ssrc)
        )

    def _estimate(self, packet: RtpPacket, media_ssrc: int, arrival_s: float) -> None:
        # Google's REMB draft: the receiver's estimate, from the spacing of abs-send-time stamps, for senders that
        # judge no transport-wide feedback. Retransmissions take the same path and count for what they repair.
        extensions = packet.extensions
        if extensions.abs_send_time is None or extensions.transport_sequence_number is not None:
            return
        kbps = self._estimator.add(
            abs_send_time=extensions.abs_send_time,
            arrival_ms=int(arrival_s * 1000),
            payload_bytes=len(packet.payload) + packet.padding_size,
        )
        if kbps is not None and self._rtcp_ssrc_of_ours is not None:
            fci = pack_remb_fci(int(kbps * 1000), [media_ssrc])
            self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._rtcp_ssrc_of_ours, media_ssrc=0, fci=fci))

    def _send(self, packet: AnyRtcpPacket) -> None:
        if not self._stopped:
            self._tasks.spawn(self.send_rtcp([packet]), name="feedback")
