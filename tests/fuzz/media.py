"""RTP, RTCP and SCTP as they come out of DTLS: whoever is in the call with us can write them as they like.

A stream is a sequence of packets, each behind three bytes: its length in the first eleven bits, the rest milliseconds
since the packet before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiortc.rtp import HeaderExtensionsMap, RtcpPacket, RtpPacket

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES
from desktop_app.rtc import red, transport_feedback, vp8
from desktop_app.rtc.audio_playout import AudioPlayout
from desktop_app.rtc.frame_assembler import MAX_BUFFERED_PACKETS, FrameAssembler
from desktop_app.rtc.nack import NackTracker
from desktop_app.rtc.packet_log import PacketLog
from desktop_app.rtc.reception import ReceptionStatistics
from desktop_app.rtc.remote_clock import RemoteClock
from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.dcep import parse_open
from desktop_app.rtc.sctp.message import Message
from desktop_app.rtc.sctp.receiver import DataReceiver
from desktop_app.rtc.sctp.sender import DataSender
from desktop_app.rtc.transport_feedback import FeedbackCollector

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PACKETS = 60
"""Of one input."""
OPUS, RED = 96, 63
SEALED_PACKETS = 20
"""What is under way when hostile feedback comes."""

_EXTENSIONS = HeaderExtensionsMap()


def framed(packets: list[tuple[int, bytes]]) -> bytes:
    """A stream of (milliseconds since the one before, packet)."""
    return b"".join(
        (min(len(packet), 0x7FF) << 13 | min(gap_ms, 0x1FFF)).to_bytes(3, "big") + packet[:0x7FF]
        for gap_ms, packet in packets
    )


def packets_of(data: bytes) -> Iterator[tuple[float, bytes]]:
    """The packets of a stream with their times in seconds."""
    position, at_s = 0, 100.0
    for _ in range(MAX_PACKETS):
        if position + 3 > len(data):
            return
        head = int.from_bytes(data[position : position + 3], "big")
        length, gap_ms = head >> 13, head & 0x1FFF
        at_s += gap_ms / 1000
        yield at_s, data[position + 3 : position + 3 + length]
        position += 3 + length


def _rtp(data: bytes) -> RtpPacket | None:
    try:
        return RtpPacket.parse(data, _EXTENSIONS)
    except ValueError:  # which aiortc expects, and nothing else
        return None


def sound(data: bytes) -> None:
    """What the receiver of sound does with a stream: RED, statistics, playout."""
    playout, statistics, collector = AudioPlayout(), ReceptionStatistics(48_000), FeedbackCollector()
    for at_s, raw in packets_of(data):
        packet = _rtp(raw)
        if packet is None:
            continue
        payload = packet.payload
        copies: list[red.Copy] = []
        if packet.payload_type == RED:
            try:
                payload, copies = red.parse(payload, OPUS)
            except ValueError:
                payload = b""
        collector.add(packet.sequence_number, at_s)
        statistics.add(packet.sequence_number, packet.timestamp, len(packet.payload), at_s)
        if payload:
            playout.put(packet.sequence_number, packet.timestamp, payload, at_s, copies)
        assert playout.pull(at_s + AUDIO_FRAME_S).shape == (AUDIO_FRAME_SAMPLES,)
        assert 0 <= playout.buffered_s < 3.0
    assert 0 <= statistics.take_fraction_lost() <= 255
    for message in collector.take(sender_ssrc=1, media_ssrc=2):
        transport_feedback.parse(message)


def pictures(data: bytes) -> None:
    """What the receiver of pictures does with a stream: reassembly and the list of what is missing."""
    assembler, nacks, statistics = FrameAssembler(), NackTracker(), ReceptionStatistics(90_000)
    for at_s, raw in packets_of(data):
        packet = _rtp(raw)
        if packet is None:
            continue
        statistics.add(packet.sequence_number, packet.timestamp, len(packet.payload), at_s)
        if not nacks.add(packet.sequence_number, at_s):
            assembler.give_up()
        try:
            payload = vp8.parse_payload(packet.payload) if packet.payload else None
        except ValueError:
            continue
        for frame in assembler.add(
            packet.sequence_number, packet.timestamp, bool(packet.marker), payload, at_s
        ):
            assert frame.data
        assert len(assembler) <= MAX_BUFFERED_PACKETS
        for number in nacks.take_due(at_s, 0.05):
            assert 0 <= number <= 0xFFFF


def rtcp(data: bytes) -> None:
    """Reports, requests and transport-wide feedback about packets that we sent."""
    messages, rest = transport_feedback.split_compound(data)
    log, clock = PacketLog(), RemoteClock(90_000)
    for number in range(SEALED_PACKETS):
        log.add(number / 100, 1000)
    for message in messages:
        try:
            feedback = transport_feedback.parse(message)
        except ValueError:
            continue
        assert len(feedback.arrivals_us) <= feedback.count
        for result in log.take(feedback, 1.0):
            assert result.size_bytes == 1000
    assert log.in_flight_bytes >= 0
    try:
        packets = RtcpPacket.parse(rest)
    except ValueError:
        return
    for packet in packets:
        sender_info = getattr(packet, "sender_info", None)
        if sender_info is not None:
            clock.add_report(sender_info.ntp_timestamp, sender_info.rtp_timestamp)


def sctp(data: bytes) -> None:
    """Chunks of the association; the checksum is set right, for any hostile end can do that."""
    if len(data) < 16:
        return
    whole = wire.packet(data[:8], data[12:])
    wire.open_packet(whole)
    try:
        chunks = wire.chunks(whole)
        for kind, _, begin, end in chunks:
            wire.check_parameters(kind, whole[begin:end])
    except ValueError:
        return
    receiver, sender = DataReceiver(1 << 18), DataSender(1)
    receiver.start(1)
    for _ in range(3):
        sender.send(Message(1, 51, b"x" * 3000))
    sender.poll(0.0, 8)
    for kind, flags, begin, end in chunks:
        try:
            if kind == wire.DATA:
                for _, _, payload in receiver.take(flags, *wire.parse_data(whole, begin, end)):
                    _open(payload)
            elif kind == wire.SACK:
                sender.take_sack(0.1, wire.parse_sack(whole, begin, end))
            elif kind == wire.FORWARD_TSN:
                receiver.take_forward_tsn(*wire.parse_forward_tsn(whole, begin, end))
        except ValueError:
            return
    receiver.packet_done(0.1)
    assert receiver.window_bytes >= 0
    assert len(receiver.sack()) < 1200
    sender.poll(5.0, 8)


def _open(payload: bytes | str) -> None:
    try:
        parse_open(payload.encode() if isinstance(payload, str) else payload)
    except ValueError:
        return
