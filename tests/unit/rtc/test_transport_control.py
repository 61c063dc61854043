"""Feedback both ways on a loop, room to send, and a path that is full: nobody else's picture stops for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceGatherer, RTCIceTransport

from desktop_app.media.clock import VIDEO_CLOCK_RATE_HZ, now_s
from desktop_app.rtc import transport_control, vp8
from desktop_app.rtc.encoded_feed import EncodedFeed, EncodedFrame
from desktop_app.rtc.send_estimate import START_KBPS
from desktop_app.rtc.senders import STALE_S, MediaSender
from desktop_app.rtc.transport_control import TransportControl
from desktop_app.rtc.transport_feedback import build, parse
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiortc.rtp import RtpPacket

    from desktop_app.rtc.probing import Train


def without_padding(message: bytes) -> bytes:
    return message[: len(message) - (message[-1] if message[0] & 0x20 else 0)]


class Path:
    """One end's control, with a far end that answers when it is told to."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.wanted_kbps = 0.0
        self.control = TransportControl(
            send_rtcp=self._send,
            our_ssrc=lambda: 1,
            on_narrower=lambda: None,
            wanted_kbps=lambda: self.wanted_kbps,
        )
        self._answered = 0
        self._clock_us = 1_000_000

    async def _send(self, message: bytes) -> None:
        self.sent.append(message)

    def answer(self, through: int, *, every_us: int = 1000) -> None:
        """Everything up to this number came, evenly."""
        count = through - self._answered
        arrivals_us: list[int | None] = [self._clock_us + every_us * (i + 1) for i in range(count)]
        self._clock_us += every_us * count
        message, taken = build(
            sender_ssrc=2,
            media_ssrc=1,
            message_number=0,
            base_sequence=self._answered + 1,
            arrivals_us=arrivals_us,
        )
        assert taken == count
        self._answered = through
        self.control.take_feedback(without_padding(message))

    def fill(self, count: int = 200) -> int:
        """Send more than any window takes; the newest number."""
        return [self.control.number_packet("video", 1100) for _ in range(count)][-1]


@pytest.fixture
async def path() -> AsyncIterator[Path]:
    made = Path()
    yield made
    made.control.close()


async def test_what_came_is_told_soon_and_silence_needs_no_messages(path: Path) -> None:
    for number in (65_534, 65_535, 0, 2):
        path.control.note_arrival(number, ssrc=7)
    await until(lambda: len(path.sent) == 1)
    feedback = parse(without_padding(path.sent[0]))
    assert (feedback.base_sequence, feedback.count, set(feedback.arrivals_us)) == (65_534, 5, {0, 1, 2, 4})
    path.control.note_arrival(3, ssrc=7)
    await until(lambda: len(path.sent) == 2)
    assert 5 in parse(without_padding(path.sent[1])).arrivals_us


async def test_before_the_first_answer_nothing_is_known_and_nothing_waits(path: Path) -> None:
    path.fill()
    assert path.control.update(1.0) is None
    assert not path.control.is_congested
    assert await path.control.wait_for_room(0.01)


async def test_a_full_path_has_room_again_when_what_is_under_way_has_come(path: Path) -> None:
    path.control.number_packet("video", 1000)
    path.answer(1)
    newest = path.fill()
    assert path.control.is_congested
    assert not await path.control.wait_for_room(0.01)
    waiting = asyncio.ensure_future(path.control.wait_for_room(10))
    await asyncio.sleep(0)
    path.answer(newest)
    assert await waiting
    estimate = path.control.update(1.0)
    assert estimate is not None
    assert estimate.fraction_lost == 0


async def test_whoever_waits_for_room_is_let_go_at_the_end(path: Path) -> None:
    path.control.number_packet("video", 1000)
    path.answer(1)
    path.fill()
    waiting = asyncio.ensure_future(path.control.wait_for_room(60))
    await asyncio.sleep(0)
    path.control.close()
    assert await waiting


@pytest.mark.parametrize("message", [b"", b"\x8f\xcd\x00\x00", bytes(40), b"\xaf\xcd" + b"\xff" * 60])
async def test_garbage_is_dropped(path: Path, message: bytes) -> None:
    path.control.take_feedback(message)
    assert path.control.update(1.0) is None


async def test_a_train_that_arrives_quickly_widens_the_estimate(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trains: list[Train] = []
    at_s = now_s()  # goes on with what is sent, however busy the machine is
    monkeypatch.setattr(transport_control, "now_s", lambda: at_s)

    async def send(train: Train) -> int:
        nonlocal at_s
        trains.append(train)
        for _ in range(6):
            path.control.number_packet("video", 1000, train.number)
            at_s += 1000 * 8 / (train.kbps * 1000)
        return 6

    path.control.send_train = send
    path.wanted_kbps = 2500
    path.control.number_packet("video", 1000)
    path.answer(1)
    before = path.control.update(1.0)
    assert before is not None
    await until(lambda: bool(trains))
    await until(lambda: path.control._prober._flight is not None and path.control._prober._flight.packets > 0)
    path.answer(7, every_us=1000)
    after = path.control.update(1.1)
    assert after is not None
    assert trains[0].kbps == pytest.approx(2 * START_KBPS)
    assert after.kbps > 1.2 * before.kbps


class Picture:
    """A sender of pictures to a far end that stops to answer."""

    def __init__(self, path: Path) -> None:
        ice = RTCIceTransport(RTCIceGatherer([]))
        transport = RTCDtlsTransport(ice, [RTCCertificate.generateCertificate()])
        self.demand: list[bool] = []
        self.keyframes_asked = 0
        self.feed = EncodedFeed(
            max_frames=30, on_demand=self.demand.append, on_keyframe_request=self._keyframe_asked
        )
        self.packets: list[RtpPacket] = []
        self.sender = MediaSender("video", transport, self.feed, VIDEO_CLOCK_RATE_HZ, path.control)
        self.sender.has_transport_feedback = True
        self.sender.transmit = self._transmit  # type: ignore[method-assign]
        self._timestamp = 0

    def _keyframe_asked(self) -> None:
        self.keyframes_asked += 1

    async def _transmit(self, packet: RtpPacket) -> None:
        self.packets.append(packet)

    def encode(self, size_bytes: int, *, keyframe: bool) -> None:
        self._timestamp += 3000
        payloads = vp8.packetize(bytes(size_bytes), 1)
        self.feed.publish(EncodedFrame(payloads, self._timestamp, keyframe, picture_id=1))


async def test_one_full_path_holds_the_encoder_for_a_moment_and_then_leaves_it_to_the_others(
    path: Path,
) -> None:
    picture = Picture(path)
    sending = asyncio.ensure_future(picture.sender.run_rtp(97))
    try:
        await until(lambda: len(picture.feed) == 1)
        picture.encode(1000, keyframe=True)
        await until(lambda: len(picture.packets) == 1)
        path.answer(1)
        path.fill()
        picture.encode(20_000, keyframe=False)
        await until(lambda: picture.feed.is_held)
        began_s = asyncio.get_running_loop().time()
        await until(lambda: not picture.feed.is_held)
        assert asyncio.get_running_loop().time() - began_s < 4 * STALE_S
        await until(lambda: len(picture.feed) == 0)
        assert picture.demand == [True, False]

        for _ in range(5):  # nobody is left who could be held up by these
            picture.encode(1000, keyframe=False)
            assert not picture.feed.is_held
        asked = picture.keyframes_asked
        path.answer(201)
        await until(lambda: len(picture.feed) == 1)
        assert picture.keyframes_asked > asked
        sent = len(picture.packets)
        picture.encode(1000, keyframe=True)
        await until(lambda: len(picture.packets) > sent)
        last, before = picture.packets[-1], picture.packets[0]
        assert (last.sequence_number - before.sequence_number) & 0xFFFF == 2, (
            "what was given up left one number out"
        )
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
