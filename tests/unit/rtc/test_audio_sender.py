"""What an AudioSender makes of the microphone's frames for one peer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceGatherer, RTCIceTransport
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket

from desktop_app.rtc import red
from desktop_app.rtc.audio_codecs import OPUS, RED
from desktop_app.rtc.audio_sender import AudioSender
from desktop_app.rtc.encoded_feed import EncodedFeed, EncodedFrame
from desktop_app.rtc.red import Copy
from desktop_app.rtc.transport_control import TransportControl

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Sending:
    """A sender on a transport that goes nowhere, and its microphone."""

    def __init__(self) -> None:
        ice = RTCIceTransport(RTCIceGatherer([]))
        self.feed = EncodedFeed(max_frames=10)
        transport = RTCDtlsTransport(ice, [RTCCertificate.generateCertificate()])
        control = TransportControl(
            send_rtcp=self._send_nowhere,
            our_ssrc=lambda: 1,
            on_narrower=lambda: None,
            wanted_kbps=lambda: 0.0,
        )
        self.sender = AudioSender(transport, self.feed, control)
        self.sender.payload_types = {OPUS: 111, RED: 63}
        self._timestamp = 0

    async def _send_nowhere(self, data: bytes) -> None:
        raise AssertionError("nothing was received that feedback could be on")

    def report(self, loss: float, count: int = 20) -> None:
        """Receiver reports, each on a second's packets."""
        for _ in range(count):
            vars(self.sender)["_RTCRtpSender__packet_count"] += 50
            info = RtcpReceiverInfo(
                ssrc=self.sender.ssrc,
                fraction_lost=int(loss * 256),
                packets_lost=0,
                highest_sequence=0,
                jitter=0,
                lsr=0,
                dlsr=0,
            )
            self.sender.on_rtcp(RtcpRrPacket(ssrc=1, reports=[info]))

    async def next(self, payload: bytes, step: int = 960) -> tuple[int | None, bytes, list[Copy]]:
        """The payload type, the primary frame and the copies that `payload` is sent with."""
        self._timestamp += step
        frame = EncodedFrame([payload], self._timestamp, keyframe=True, audio_level_dbov=-20)
        waiting = asyncio.ensure_future(self.sender.next_encoded())
        await asyncio.sleep(0)  # it subscribes with the first call
        self.feed.publish(frame)
        outgoing = await waiting
        (sent,) = outgoing.payloads
        assert (outgoing.timestamp, outgoing.audio_level_dbov) == (self._timestamp, -20)
        if outgoing.payload_type is None:
            return None, sent, []
        return outgoing.payload_type, *red.parse(sent, 111)


@pytest.fixture
async def sending() -> AsyncIterator[Sending]:
    """Ends with the test."""
    made = Sending()
    yield made
    made.sender.feed_track.stop()


async def test_a_peer_that_loses_nothing_gets_plain_opus(sending: Sending) -> None:
    sending.report(0.0)
    for payload in (b"a", b"b"):
        assert await sending.next(payload) == (None, payload, [])


async def test_the_loss_of_this_peer_decides_how_many_frames_are_repeated(sending: Sending) -> None:
    sending.report(0.05)
    assert await sending.next(b"a") == (None, b"a", [])
    assert await sending.next(b"b") == (63, b"b", [Copy(960, b"a")])
    sending.report(0.2)
    assert await sending.next(b"c") == (63, b"c", [Copy(1920, b"a"), Copy(960, b"b")])
    assert sending.sender.state.redundant_bytes == 6 + 11  # headers and copies
    sending.sender.set_path_estimate(80, 0.0)
    assert await sending.next(b"d") == (63, b"d", [Copy(960, b"c")])
    sending.sender.set_path_estimate(50, 0.0)
    assert await sending.next(b"e") == (None, b"e", [])


async def test_after_a_long_silence_nothing_old_is_repeated(sending: Sending) -> None:
    sending.report(0.05)
    await sending.next(b"a")
    assert await sending.next(b"b", step=48_000) == (None, b"b", [])


async def test_a_peer_without_red_gets_none(sending: Sending) -> None:
    sending.sender.payload_types = {OPUS: 96}
    sending.report(0.3)
    for payload in (b"a", b"b"):
        assert await sending.next(payload) == (None, payload, [])
