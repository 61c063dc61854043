"""Encoder and decoder threads with the real codec."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import threading
import time
from typing import TYPE_CHECKING

import av
import pytest

from desktop_app.media.clock import VIDEO_CLOCK_RATE_HZ, now_s
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.rtc.frame_assembler import AssembledFrame
from desktop_app.rtc.picture_hold import MAX_HELD
from desktop_app.rtc.video_decoder import MAX_QUEUED_FRAMES, VideoDecoder
from desktop_app.rtc.video_encoder import VideoEncoder, max_kbps
from desktop_app.rtc.vp8 import parse_payload

from .pictures import MovingBlock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from desktop_app.rtc.encoded_feed import EncodedFrame, Subscription

FRAME_TICKS = VIDEO_CLOCK_RATE_HZ // 30


def assembled(encoded: EncodedFrame) -> AssembledFrame:
    """What the receiving side makes of an encoded frame."""
    data = b"".join(parse_payload(payload).data for payload in encoded.payloads)
    return AssembledFrame(data, encoded.timestamp & 0xFFFFFFFF, encoded.keyframe, 0.0)


class Camera:
    """Puts frames into a slot, and an encoder that reads them."""

    def __init__(self) -> None:
        self.slot = FrameSlot()
        self.errors: list[BaseException] = []
        self.block = MovingBlock()
        self.errors_told: Callable[[], object] = lambda: None
        self.encoder = VideoEncoder(self.slot, on_error=self._failed)
        self._numbers = itertools.count(1)

    def _failed(self, error: BaseException) -> None:
        self.errors.append(error)
        self.errors_told()

    def next_pts(self) -> int:
        """The timestamp of the next frame."""
        return next(self._numbers) * FRAME_TICKS

    def put(self) -> int:
        """Put the next frame; returns its timestamp."""
        pts = self.next_pts()
        self.slot.put(self.block.frame(pts // FRAME_TICKS - 1, pts))
        return pts

    async def encode(self, subscription: Subscription) -> EncodedFrame:
        """Put one frame and wait for its encoding."""
        pts = self.put()
        async with asyncio.timeout(10):
            while (encoded := await subscription.next()).timestamp != pts:
                pass
        return encoded


@pytest.fixture
async def camera() -> AsyncIterator[Camera]:
    """A camera whose encoder ends with the test."""
    made = Camera()
    yield made
    made.encoder.close()
    await asyncio.to_thread(made.encoder.join)
    assert not made.encoder.running


async def test_nothing_is_encoded_and_no_thread_runs_for_nobody(camera: Camera) -> None:
    camera.put()
    assert not camera.encoder.running
    assert camera.encoder.counters.frames_encoded == 0


async def test_a_subscription_begins_with_a_keyframe_and_goes_on_with_small_frames(camera: Camera) -> None:
    subscription = camera.encoder.feed.subscribe()
    frames = [await camera.encode(subscription) for _ in range(10)]
    assert [frame.keyframe for frame in frames] == [True] + [False] * 9
    assert [frame.timestamp for frame in frames] == [(index + 1) * FRAME_TICKS for index in range(10)]
    picture_ids = [parse_payload(payload).picture_id for frame in frames for payload in frame.payloads]
    distinct = list(dict.fromkeys(picture_ids))
    assert len(distinct) == 10
    assert None not in distinct
    counters = camera.encoder.counters
    assert (counters.frames_encoded, counters.key_frames_encoded) == (10, 1)
    assert (counters.width_px, counters.height_px) == (160, 120)
    assert counters.bytes_encoded == sum(len(assembled(frame).data) for frame in frames)
    assert counters.total_encode_s > 0


async def test_a_second_subscription_gets_a_keyframe_soon_and_one_encoding_serves_both(
    camera: Camera,
) -> None:
    first = camera.encoder.feed.subscribe()
    await camera.encode(first)
    second = camera.encoder.feed.subscribe()
    async with asyncio.timeout(10):
        waiting = asyncio.create_task(second.next())
        while not waiting.done():  # requests that come close together are answered by one keyframe
            await camera.encode(first)
            await asyncio.sleep(0.01)
    joined = await waiting
    assert joined.keyframe
    assert camera.encoder.counters.key_frames_encoded == 2


async def test_frames_with_old_timestamps_are_left_out(camera: Camera) -> None:
    subscription = camera.encoder.feed.subscribe()
    await camera.encode(subscription)
    await camera.encode(subscription)
    camera.slot.put(camera.block.frame(0, FRAME_TICKS))
    encoded = await camera.encode(subscription)
    assert encoded.timestamp == 3 * FRAME_TICKS


async def test_a_pause_encodes_nothing_and_ends_with_a_keyframe(camera: Camera) -> None:
    subscription = camera.encoder.feed.subscribe()
    await camera.encode(subscription)
    camera.encoder.set_paused(True)
    camera.put()
    camera.slot.clear()
    camera.encoder.set_paused(False)
    encoded = await camera.encode(subscription)
    assert camera.encoder.counters.frames_encoded == 2
    while not encoded.keyframe:  # not before the time that keyframes are kept apart
        await asyncio.sleep(0.01)
        encoded = await camera.encode(subscription)
    assert camera.encoder.counters.key_frames_encoded == 2


async def test_a_change_of_size_is_a_keyframe_of_the_new_size(camera: Camera) -> None:
    subscription = camera.encoder.feed.subscribe()
    await camera.encode(subscription)
    camera.block = MovingBlock(320, 240)
    assert (await camera.encode(subscription)).keyframe
    assert (camera.encoder.counters.width_px, camera.encoder.counters.height_px) == (320, 240)


@pytest.mark.expected_warnings("the picture could not be encoded")
async def test_a_picture_that_cannot_be_encoded_is_told_once_and_the_next_one_works(camera: Camera) -> None:
    subscription = camera.encoder.feed.subscribe()
    await camera.encode(subscription)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    camera.errors_told = lambda: loop.call_soon_threadsafe(told.set)
    for _ in range(3):
        empty = av.VideoFrame(0, 0, "yuv420p")
        empty.pts = camera.next_pts()
        camera.slot.put(empty)
        async with asyncio.timeout(10):
            await told.wait()
    await camera.encode(subscription)
    assert len(camera.errors) == 1


async def test_twenty_encoders_leave_no_thread_behind() -> None:
    before = threading.active_count()
    for _ in range(20):
        camera = Camera()
        subscription = camera.encoder.feed.subscribe()
        await camera.encode(subscription)
        subscription.close()
        camera.encoder.close()
        await asyncio.to_thread(camera.encoder.join)
        assert not camera.encoder.running
    assert threading.active_count() <= before + 1  # the executor that joined them


def test_more_pixels_may_take_more_bits() -> None:
    sizes = [(160, 120), (320, 240), (640, 360), (640, 480), (960, 540), (1280, 720), (1920, 1080)]
    limits = [max_kbps(*size) for size in sizes]
    assert limits == sorted(limits)
    assert 0 < limits[0] <= limits[-1] <= 2500


class Display:
    """A decoder and what it shows and asks for."""

    def __init__(self) -> None:
        self.slot = FrameSlot()
        self.shown: list[av.VideoFrame] = []
        self.first_frames = 0
        self.keyframe_requests = 0
        self.changed = threading.Condition()
        self.slot.subscribe(self._show)
        self.decoder = VideoDecoder(
            self.slot, on_keyframe_needed=self._request, on_first_frame=self._first_frame
        )

    def _show(self) -> None:
        newest = self.slot.newest()
        assert newest is not None
        with self.changed:
            self.shown.append(newest.frame)
            self.changed.notify_all()

    def _request(self) -> None:
        with self.changed:
            self.keyframe_requests += 1
            self.changed.notify_all()

    def _first_frame(self) -> None:
        self.first_frames += 1

    def wait_for_decoded(self, count: int) -> None:
        """Wait until so many frames are decoded, and wait in the hold or were shown."""

        def newest() -> int:
            return self.decoder.frames_shown + self.decoder.frames_dropped + len(self.decoder._hold)

        give_up_s = now_s() + 10
        while newest() < count:
            assert now_s() < give_up_s
            time.sleep(0.001)

    def wait_for(self, *, shown: int = 0, requests: int = 0) -> None:
        """Wait until so many frames were shown and so many keyframes asked for."""
        with self.changed:
            assert self.changed.wait_for(
                lambda: len(self.shown) >= shown and self.keyframe_requests >= requests, timeout=10
            )


@pytest.fixture
def display() -> Iterator[Display]:
    """A decoder that ends with the test."""
    made = Display()
    yield made
    made.decoder.close()
    made.decoder.join(5)
    assert not made.decoder.running


@pytest.fixture(scope="module")
def film() -> list[AssembledFrame]:
    """Sixteen frames, the first one a keyframe."""

    async def encode() -> list[AssembledFrame]:
        camera = Camera()
        subscription = camera.encoder.feed.subscribe()
        frames = [assembled(await camera.encode(subscription)) for _ in range(16)]
        camera.encoder.close()
        await asyncio.to_thread(camera.encoder.join)
        return frames

    return asyncio.run(encode())


def test_what_was_encoded_is_shown_picture_by_picture(display: Display, film: list[AssembledFrame]) -> None:
    for frame in film:
        display.decoder.push(frame)
    display.wait_for(shown=16)
    block = MovingBlock()
    assert [block.number_in(frame) for frame in display.shown] == list(range(16))
    decoder = display.decoder
    assert (decoder.frames_decoded, decoder.key_frames_decoded, decoder.frames_dropped) == (16, 1, 0)
    assert (decoder.width_px, decoder.height_px) == (160, 120)
    assert display.first_frames == 1
    assert display.keyframe_requests == 0
    assert decoder.total_decode_s > 0


def test_pictures_that_are_kept_back_are_all_shown_later_and_count_when_they_are(
    display: Display, film: list[AssembledFrame]
) -> None:
    hold_s = 0.05
    display.decoder.set_hold(hold_s)
    for number, frame in enumerate(film):
        at_s = now_s()
        in_time = dataclasses.replace(frame, timestamp=int(at_s * VIDEO_CLOCK_RATE_HZ), first_arrival_s=at_s)
        display.decoder.push(in_time)
        display.wait_for(shown=number + 1)
    assert [MovingBlock().number_in(frame) for frame in display.shown] == list(range(16))
    decoder = display.decoder
    assert (decoder.frames_decoded, decoder.frames_shown, decoder.frames_dropped) == (16, 16, 0)
    assert decoder.total_delay_s >= 0.9 * 16 * hold_s
    assert display.first_frames == 1


def test_the_newest_picture_is_shown_at_once_when_none_is_to_wait_any_more(
    display: Display, film: list[AssembledFrame]
) -> None:
    display.decoder.set_hold(3600)
    for frame in film[:5]:
        display.decoder.push(frame)
    display.wait_for_decoded(5)
    assert display.shown == []
    display.decoder.set_hold(0)
    display.wait_for(shown=1)
    assert MovingBlock().number_in(display.shown[0]) == 4
    assert display.decoder.frames_dropped == 4


def test_keeping_pictures_back_never_fills_the_decoder_s_queue(
    display: Display, film: list[AssembledFrame]
) -> None:
    display.decoder.set_hold(3600)
    display.decoder.push(film[0])
    for number in range(3 * MAX_QUEUED_FRAMES):
        display.wait_for_decoded(number + 1)
        display.decoder.push(film[1])
    display.wait_for(shown=3 * MAX_QUEUED_FRAMES + 1 - MAX_HELD)
    assert display.keyframe_requests == display.decoder.frames_dropped == 0


def test_what_waits_is_not_shown_after_the_camera_was_switched_off(
    display: Display, film: list[AssembledFrame]
) -> None:
    display.decoder.set_hold(3600)
    display.decoder.push(film[0])
    display.decoder.push(film[1])
    display.wait_for_decoded(2)
    display.decoder.pause()
    display.decoder.set_hold(0)
    display.decoder.push(film[2])
    display.wait_for(shown=1)
    assert MovingBlock().number_in(display.shown[0]) == 2
    assert display.decoder.freezes.freeze_count == 0


def test_a_decoder_that_keeps_pictures_back_ends_at_once(
    display: Display, film: list[AssembledFrame]
) -> None:
    display.decoder.set_hold(3600)
    display.decoder.push(film[0])
    display.wait_for_decoded(1)
    display.decoder.close()
    display.decoder.join(10)
    assert not display.decoder.running
    assert display.shown == []


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x00", id="cut off"),
        pytest.param(b"\x50\x01\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + b"\x00" * 50, id="16383x16383"),
        pytest.param(b"\x10\x00\x00\x00\x00\x00" * 20, id="wrong start code"),
    ],
)
def test_a_hostile_keyframe_is_dropped_a_new_one_asked_for_and_shown(
    display: Display, film: list[AssembledFrame], data: bytes
) -> None:
    display.decoder.push(film[0])
    display.wait_for(shown=1)
    display.decoder.push(AssembledFrame(data, 1, True, 0.0))
    display.wait_for(requests=1)
    assert display.decoder.frames_dropped == 1
    display.decoder.push(film[1])
    display.decoder.push(film[0])
    display.decoder.push(film[1])
    display.wait_for(shown=3)
    assert display.decoder.frames_dropped == 2
    assert display.decoder.frames_decoded == 3


def test_a_decoder_that_is_behind_skips_to_the_next_keyframe(
    display: Display, film: list[AssembledFrame]
) -> None:
    hold = threading.Event()

    def be_slow() -> None:
        hold.wait(10)

    display.slot.subscribe(be_slow)
    display.decoder.push(film[0])
    display.wait_for(shown=1)
    for _ in range(MAX_QUEUED_FRAMES):
        display.decoder.push(film[1])
    assert display.keyframe_requests == 0
    display.decoder.push(film[2])
    display.decoder.push(film[3])
    assert display.keyframe_requests == 1
    assert display.decoder.frames_dropped == MAX_QUEUED_FRAMES + 2
    display.decoder.push(film[0])
    hold.set()
    display.wait_for(shown=2)
    assert display.decoder.key_frames_decoded == 2


def test_after_close_nothing_is_taken(display: Display, film: list[AssembledFrame]) -> None:
    display.decoder.close()
    display.decoder.push(film[0])
    assert not display.decoder.running
    assert display.decoder.frames_decoded == 0
