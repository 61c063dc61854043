"""Receivers fed with packets by hand: whose packets count, what is repaired, what is asked for."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceGatherer, RTCIceTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtp import (
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    RtpPacket,
    wrap_rtx,
)

from desktop_app.media.frame_slot import FrameSlot
from desktop_app.rtc import receivers, red
from desktop_app.rtc.audio_playout import AudioPlayout
from desktop_app.rtc.receivers import AudioReceiver, DiscardingReceiver, MediaReceiver, VideoReceiver
from desktop_app.rtc.red import Copy
from desktop_app.rtc.vp8 import packetize

from .playout_simulation import encode_tone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiortc.rtp import AnyRtcpPacket

OPUS = RTCRtpCodecParameters(mimeType="audio/opus", clockRate=48_000, channels=2, payloadType=96)
RED = RTCRtpCodecParameters(
    mimeType="audio/red", clockRate=48_000, channels=2, payloadType=63, parameters={"96/96": None}
)
VP8 = RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90_000, payloadType=97)
RTX = RTCRtpCodecParameters(
    mimeType="video/rtx", clockRate=90_000, payloadType=98, parameters={"apt": VP8.payloadType}
)
RTX_OF_NOTHING = RTCRtpCodecParameters(
    mimeType="video/rtx", clockRate=90_000, payloadType=99, parameters={"apt": 55}
)
KEYFRAME, DELTA = b"\x10\x00\x00" + b"k" * 3000, b"\x11" + b"d" * 2000


class Clock:
    """The receivers' clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        monkeypatch.setattr(receivers, "now_s", lambda: self.now_s)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands until it is moved."""
    return Clock(monkeypatch)


class Recorder:
    """Makes receivers on a transport that goes nowhere, and keeps what they send."""

    def __init__(self) -> None:
        ice = RTCIceTransport(RTCIceGatherer([]))
        self.transport = RTCDtlsTransport(ice, [RTCCertificate.generateCertificate()])
        self.sent: list[AnyRtcpPacket] = []
        self._made: list[MediaReceiver] = []

    async def start(self, receiver: MediaReceiver) -> None:
        """Let it receive; what it sends is kept here."""

        async def keep(packets: list[AnyRtcpPacket]) -> None:
            for packet in packets:
                bytes(packet)  # it can be put on the wire
            self.sent += packets

        vars(receiver)["send_rtcp"] = keep
        receiver._set_rtcp_ssrc(1)
        await receiver.receive(RTCRtpReceiveParameters(codecs=[OPUS, RED, VP8, RTX, RTX_OF_NOTHING]))
        self._made.append(receiver)

    async def video(self) -> VideoReceiver:
        """A started video receiver."""
        receiver = VideoReceiver(
            self.transport, FrameSlot(), round_trip_s=lambda: 0.05, on_first_frame=lambda: None
        )
        await self.start(receiver)
        return receiver

    async def close(self) -> None:
        """Stop them all."""
        for receiver in self._made:
            await receiver.stop()
            await receiver.stop()
            await receiver._tasks.drain()
            if isinstance(receiver, VideoReceiver):
                receiver.decoder.join(5)


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    """Stops its receivers with the test."""
    made = Recorder()
    yield made
    await made.close()


def video_packets(
    frames: list[bytes], *, ssrc: int = 7, begin: int = 0, timestamp: int = 0
) -> list[RtpPacket]:
    """RTP packets of these frames."""
    packets: list[RtpPacket] = []
    for index, frame in enumerate(frames):
        payloads = packetize(frame, index)
        for part, payload in enumerate(payloads):
            packets.append(
                RtpPacket(
                    payload_type=97,
                    marker=int(part == len(payloads) - 1),
                    sequence_number=(begin + len(packets)) & 0xFFFF,
                    timestamp=(timestamp + index * 3000) & 0xFFFFFFFF,
                    ssrc=ssrc,
                    payload=payload,
                )
            )
    return packets


async def feed(receiver: MediaReceiver, packets: list[RtpPacket]) -> None:
    """As the transport does it."""
    for packet in packets:
        await receiver._handle_rtp_packet(packet, 0)


async def test_frames_are_assembled_and_counted(recorder: Recorder, clock: Clock) -> None:
    receiver = await recorder.video()
    packets = video_packets([KEYFRAME, DELTA, DELTA])
    await feed(receiver, packets)
    assert receiver.frames_received == 3
    assert receiver.statistics is not None
    assert receiver.statistics.packets_received == len(packets)
    assert receiver.codec_name == "video/VP8"


async def test_a_strangers_stream_is_ignored_until_ours_was_silent_for_a_while(
    recorder: Recorder, clock: Clock
) -> None:
    receiver = await recorder.video()
    await feed(receiver, video_packets([KEYFRAME, DELTA]))
    await feed(receiver, video_packets([KEYFRAME], ssrc=8, begin=500))
    assert receiver.frames_received == 2
    clock.now_s += receivers.SOURCE_SILENT_S
    await feed(receiver, video_packets([DELTA, KEYFRAME, DELTA], ssrc=8, begin=3, timestamp=77))
    assert receiver.frames_received == 4
    assert receiver.statistics is not None
    assert receiver.statistics.packets_lost == 0


async def test_a_retransmission_repairs_a_frame_and_a_repetition_does_not_count(
    recorder: Recorder, clock: Clock
) -> None:
    receiver = await recorder.video()
    packets = video_packets([KEYFRAME, DELTA, DELTA], begin=65_533)
    lost = packets.pop(4)
    await feed(receiver, packets)
    assert receiver.frames_received == 1
    again = wrap_rtx(lost, payload_type=98, sequence_number=9, ssrc=70)
    repetition = wrap_rtx(packets[0], payload_type=98, sequence_number=10, ssrc=70)
    await feed(receiver, [repetition, again, again])
    assert receiver.frames_received == 3
    assert receiver.statistics is not None
    assert receiver.statistics.packets_lost == 0
    assert receiver.statistics.packets_missed == 1


async def test_retransmissions_of_nothing_are_ignored(recorder: Recorder, clock: Clock) -> None:
    receiver = await recorder.video()
    packet = video_packets([KEYFRAME])[0]
    await feed(receiver, [wrap_rtx(packet, payload_type=98, sequence_number=9, ssrc=70)])
    assert receiver.statistics is None
    await feed(receiver, video_packets([KEYFRAME]))
    await feed(receiver, [wrap_rtx(packet, payload_type=99, sequence_number=9, ssrc=70)])
    await feed(
        receiver, [RtpPacket(payload_type=98, payload=b"x"), RtpPacket(payload_type=50, payload=b"xyz")]
    )
    assert receiver.frames_received == 1


async def test_missing_packets_are_asked_for_over_the_wrap_around(recorder: Recorder, clock: Clock) -> None:
    receiver = await recorder.video()
    packets = video_packets([KEYFRAME, DELTA, DELTA, DELTA, DELTA], begin=65_532)
    await feed(receiver, packets[:3] + packets[-1:])
    clock.now_s += 0.02
    receiver._feedback()
    await receiver._tasks.drain()
    lists = [packet.lost for packet in recorder.sent if isinstance(packet, RtcpRtpfbPacket)]
    asked = [number for numbers in lists for number in numbers]
    assert asked == [packet.sequence_number for packet in packets[3:-1]]
    assert len(lists) == receiver.nack_count == 2


async def test_a_keyframe_is_asked_for_when_repair_takes_too_long_but_not_all_the_time(
    recorder: Recorder, clock: Clock
) -> None:
    receiver = await recorder.video()
    packets = video_packets([KEYFRAME, DELTA, DELTA])
    await feed(receiver, packets[:3] + packets[4:])

    async def requests() -> int:
        receiver._feedback()
        await receiver._tasks.drain()
        return sum(isinstance(packet, RtcpPsfbPacket) for packet in recorder.sent)

    clock.now_s += 0.2
    assert await requests() == 0
    clock.now_s += 0.2
    assert await requests() == 1
    clock.now_s += 0.1
    assert await requests() == 1
    clock.now_s += 0.3
    assert await requests() == 2
    await feed(receiver, video_packets([KEYFRAME], begin=20)[:1])  # one is on its way
    clock.now_s += 0.28
    assert await requests() == 2
    clock.now_s += 0.1
    assert await requests() == 3
    clock.now_s += receivers.ASK_AFTER_SILENCE_S  # the camera was switched off
    assert await requests() == 3
    assert receiver._feedback_timer is None


async def test_sound_goes_to_the_playout_buffer_and_a_new_source_begins_anew(
    recorder: Recorder, clock: Clock
) -> None:
    playout = AudioPlayout()
    receiver = AudioReceiver(recorder.transport, playout)
    await recorder.start(receiver)
    for ssrc in (7, 8):
        for packet in encode_tone(10):
            rtp = RtpPacket(96, 0, packet.sequence_number, packet.timestamp, ssrc, packet.payload)
            await feed(receiver, [rtp, RtpPacket(96, 0, 999, 0, 3, b"a stranger's")])
            clock.now_s += 0.02
        assert playout.buffered_s == pytest.approx(0.2)
        clock.now_s += receivers.SOURCE_SILENT_S
    assert receiver.statistics is not None
    assert receiver.statistics.packets_lost == 0


async def test_what_red_brings_back_is_played_and_no_packet_of_its_own(
    recorder: Recorder, clock: Clock
) -> None:
    playout = AudioPlayout()
    receiver = AudioReceiver(recorder.transport, playout)
    await recorder.start(receiver)
    packets = encode_tone(20)
    for before, packet in pairwise(packets):
        copies = [Copy(packet.timestamp - before.timestamp, before.payload)]
        payload = red.build(packet.payload, copies, OPUS.payloadType or 0)
        if packet.sequence_number == 15:
            payload = payload[:2]  # damaged, and a packet all the same
        if packet.sequence_number % 5:
            await feed(receiver, [RtpPacket(63, 0, packet.sequence_number, packet.timestamp, 7, payload)])
        playout.pull(clock.now_s + 0.019)
        clock.now_s += 0.02
    assert receiver.codec_name == "audio/opus"
    assert receiver.statistics is not None
    assert receiver.statistics.packets_received == 16
    assert receiver.statistics.packets_lost == 3
    assert playout.recovered_samples >= 2 * 960


def report(ssrc: int, ntp_s: int, timestamp: int) -> RtcpSrPacket:
    """A sender report."""
    return RtcpSrPacket(ssrc, RtcpSenderInfo(ntp_s << 32, timestamp, 0, 0))


async def test_sender_reports_of_the_stream_itself_tell_when_it_was_captured(
    recorder: Recorder, clock: Clock
) -> None:
    receiver = await recorder.video()
    await receiver._handle_rtcp_packet(report(7, 5000, 90_000))
    assert receiver.clock.captured_s(90_000) is None, "nobody knows yet whose stream it is"
    await feed(receiver, video_packets([KEYFRAME]))
    await receiver._handle_rtcp_packet(report(8, 7000, 90_000))
    await receiver._handle_rtcp_packet(report(7, 5000, 90_000))
    assert receiver.clock.captured_s(180_000) == pytest.approx(5001)
    clock.now_s += receivers.SOURCE_SILENT_S
    await feed(receiver, video_packets([KEYFRAME], ssrc=8))
    assert receiver.clock.captured_s(90_000) is None
    await receiver._handle_rtcp_packet(report(8, 7000, 90_000))
    assert receiver.clock.captured_s(90_000) == pytest.approx(7000)


async def test_a_receiver_for_streams_that_nothing_shows_only_counts(
    recorder: Recorder, clock: Clock
) -> None:
    receiver = DiscardingReceiver("video", recorder.transport)
    await recorder.start(receiver)
    await feed(receiver, video_packets([KEYFRAME]))
    assert receiver.statistics is not None
    assert receiver.statistics.packets_received == 3


async def test_after_stop_nothing_is_taken_and_it_cannot_begin_again(recorder: Recorder) -> None:
    receiver = await recorder.video()
    await receiver.stop()
    await feed(receiver, video_packets([KEYFRAME]))
    await receiver.receive(RTCRtpReceiveParameters(codecs=[VP8]))
    await feed(receiver, video_packets([KEYFRAME]))
    assert receiver.statistics is None


@pytest.mark.parametrize("seed", range(5))
async def test_hostile_packets_raise_nothing_and_are_bounded(
    recorder: Recorder, clock: Clock, seed: int
) -> None:
    generator = random.Random(seed)
    video = await recorder.video()
    audio = AudioReceiver(recorder.transport, AudioPlayout())
    await recorder.start(audio)
    whole: list[Any] = video_packets([KEYFRAME, DELTA, DELTA, DELTA])
    for _ in range(3000):
        packet = RtpPacket(
            payload_type=generator.choice((63, 96, 97, 97, 97, 98, 99, 100)),
            marker=generator.randrange(2),
            sequence_number=generator.choice((generator.randrange(65_536), generator.randrange(50))),
            timestamp=generator.choice((generator.randrange(1 << 32), generator.randrange(100_000))),
            ssrc=generator.choice((7, 7, 7, generator.randrange(1 << 32))),
            payload=generator.randbytes(generator.choice((0, 1, 2, 5, 40))),
        )
        packet.extensions.abs_send_time = generator.choice((None, generator.randrange(1 << 24)))
        await feed(generator.choice((video, audio)), [generator.choice((packet, packet, *whole))])
        clock.now_s += generator.choice((0.0, 0.001, 0.02, 0.5))
        if generator.random() < 0.05:
            video._feedback()
            await video._tasks.drain()
    assert len(video._assembler) <= 1024
    assert len(video._nacks) <= 250
    assert len(recorder.sent) < 3000
