"""RTP senders that take their frames from a feed."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
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
    RtpPacket,
    unpack_remb_fci,
)

from desktop_app.media.clock import now_s

from .aiortc_internals import SenderBase
from .feed_track import FeedTrack
from .pacer import Pacer
from .path_monitor import RemoteReport, StreamState
from .probing import MAX_PACKETS, MAX_TRAIN_S, MIN_PACKETS
from .retransmission import RetransmissionBudget
from .send_estimate import START_KBPS
from .sent_rates import PACKET_OVERHEAD_BYTES
from .vp8 import MAX_PAYLOAD_BYTES

if TYPE_CHECKING:
    from aiortc.rtcdtlstransport import RTCDtlsTransport

    from .encoded_feed import EncodedFeed, EncodedFrame
    from .probing import Train
    from .transport_control import TransportControl

RTT_SMOOTHING = 0.8
HISTORY_PACKETS = 512
"""That can be sent again: two seconds of the best picture."""
STALE_S, HOLD_PER_S = 0.5, 0.1
"""Pictures that could not leave for so long are dropped: the path takes up with a new keyframe. One path may hold up
the encoder, and with it everybody else, no longer at once, and no more than this part of the time."""


def first_sequence_number() -> int:
    """A random one that does not wrap around at once: the receiver may have lost the first packets (RFC 3711 3.3.1)."""
    return random.randrange(1 << 15)


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
        self._history: OrderedDict[int, RtpPacket] = OrderedDict()
        self._hold_left_s, self._held_s = STALE_S, 0.0
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

    async def run_rtp(self, payload_type: int) -> None:
        """Send the feed's frames; `payload_type` is the first negotiated codec's."""
        sequence_number = first_sequence_number()
        origin = self.timestamp_origin = random.getrandbits(32)
        while True:
            frame = await self.next_encoded()
            if not self.enabled:
                continue
            for index, payload in enumerate(frame.payloads):
                packet = RtpPacket(
                    payload_type=payload_type if frame.payload_type is None else frame.payload_type,
                    sequence_number=sequence_number,
                    timestamp=(origin + frame.timestamp) & 0xFFFFFFFF,
                    marker=int(index == len(frame.payloads) - 1),
                    ssrc=self.ssrc,
                    payload=payload,
                )
                if frame.audio_level_dbov is not None:
                    packet.extensions.audio_level = (False, -frame.audio_level_dbov)
                if not await self._wait_for_turn(len(payload)):
                    # One number is left out, so that nobody takes what was sent of the frame for the whole.
                    sequence_number = (sequence_number + 1) & 0xFFFF
                    break
                self._remember(packet)
                await self._send_numbered(packet)
                self.count_sent(len(payload))
                sequence_number = (sequence_number + 1) & 0xFFFF

    async def next_encoded(self) -> EncodedFrame:
        """The next frame of the feed."""
        frame = await self._feed_track.recv()
        self.media_lag_s = self._feed_track.lag_s
        if self.kind == "video":
            self._pacer.set_target_kbps(self._feed_track.target_kbps, is_narrow=self._control.is_narrow)
        return frame

    async def _wait_for_turn(self, payload_bytes: int) -> bool:
        """Sound goes at once; pictures wait for the pacer, and for room on the path. False: the frame is given up."""
        if self.kind == "audio":
            return True
        if (wait_s := self._pacer.wait_s(payload_bytes, now_s())) > 0:
            await asyncio.sleep(wait_s)
        if not self.has_transport_feedback or not self._control.is_congested:
            return True
        if await self._hold_encoder():
            return True
        # The others shall not wait for this path: leave the feed, and come back to it with a keyframe.
        self._feed_track.leave()
        while not await self._control.wait_for_room(STALE_S):
            await self._knock()
        return False

    async def _hold_encoder(self) -> bool:
        # Whatever is encoded while the path is full would have to wait; but one path may not hold up all the others
        # for longer than now and then.
        begun_s = now_s()
        self._hold_left_s = min(STALE_S, self._hold_left_s + HOLD_PER_S * (begun_s - self._held_s))
        self._feed_track.hold(True)
        try:
            return await self._control.wait_for_room(self._hold_left_s)
        finally:
            self._feed_track.hold(False)
            self._held_s = now_s()
            self._hold_left_s = max(0.0, self._hold_left_s - (self._held_s - begun_s))

    async def _knock(self) -> None:
        """One packet that was sent before, so that there is something to answer."""
        if self._history and self.has_rtx:
            await self._send_numbered(self.as_retransmission(next(reversed(self._history.values()))))

    def _remember(self, packet: RtpPacket) -> None:
        self._history[packet.sequence_number] = packet
        self._history.move_to_end(packet.sequence_number)
        if len(self._history) > HISTORY_PACKETS:
            self._history.popitem(last=False)

    async def _send_numbered(self, packet: RtpPacket, train: int = 0) -> None:
        if self.has_transport_feedback:
            number = self._control.number_packet(self.kind, len(packet.payload), train)
            packet.extensions.transport_sequence_number = number
        await self.transmit(packet)

    async def send_train(self, train: Train) -> int:
        """Repeat the newest packets as a probe (probing.py); how many."""
        if not self.has_transport_feedback or not self.has_rtx or not self._history:
            return 0
        newest = list(self._history.values())[-MAX_PACKETS:]
        # The smallest ones where the rate is low: the train shall be short.
        chosen = sorted(newest, key=lambda packet: len(packet.payload))[:MIN_PACKETS]
        if train.bytes > MIN_PACKETS * MAX_PAYLOAD_BYTES:
            chosen = newest[-MIN_PACKETS:]
        size = sum(len(packet.payload) + PACKET_OVERHEAD_BYTES for packet in chosen)
        if size * MIN_PACKETS > train.kbps * 125 * MAX_TRAIN_S * len(chosen):
            return 0
        begun_s, sent_bytes, count = now_s(), 0, 0
        while count < MAX_PACKETS and (sent_bytes < train.bytes or count < MIN_PACKETS):
            packet = chosen[count % len(chosen)]
            wait_s = begun_s + sent_bytes * 8 / (train.kbps * 1000) - now_s()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            await self._send_numbered(self.as_retransmission(packet), train.number)
            sent_bytes += len(packet.payload) + PACKET_OVERHEAD_BYTES
            count += 1
        return count

    async def retransmit(self, sequence_number: int) -> None:
        """Send a packet again, as often as the path allows."""
        packet = self._history.get(sequence_number)
        if packet is None:
            return
        for _ in range(self._repetitions(sequence_number, len(packet.payload))):
            await self._send_numbered(self.as_retransmission(packet))

    def on_keyframe_request(self) -> None:
        """PLI or FIR: the encoder throttles."""
        self.remote.pli_count += 1
        self._feed_track.request_keyframe()

    def _repetitions(self, sequence_number: int, payload_bytes: int) -> int:
        # On a full path a repair is the next loss; the far end asks again.
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
