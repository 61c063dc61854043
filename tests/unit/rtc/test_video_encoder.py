"""The camera's encoder thread: what it encodes, for whom, how large and how often."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktop_app.media.frame_slot import FrameSlot
from desktop_app.rtc.video_encoder import VideoEncoder

from .test_native_codecs import pictures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import av

    from desktop_app.rtc.encoded_feed import EncodedFrame, Subscription


@asynccontextmanager
async def encoder_of(slot: FrameSlot, *, joins_in: bool = False) -> AsyncIterator[VideoEncoder]:
    errors: list[BaseException] = []
    encoder = VideoEncoder(slot, on_error=errors.append, joins_in=joins_in)
    try:
        yield encoder
    finally:
        encoder.close()
        await asyncio.to_thread(encoder.join)
        assert not errors
        assert not encoder.running


async def encode_one(slot: FrameSlot, subscription: Subscription, frame: av.VideoFrame) -> EncodedFrame:
    slot.put(frame)
    async with asyncio.timeout(10):
        return await subscription.next()


def size_of(encoded: EncodedFrame) -> tuple[int, int]:
    """Width and height from the header of a VP8 keyframe (RFC 6386 9.1), behind the 4 byte payload descriptor."""
    data = encoded.payloads[0][4:]
    assert data[3:6] == b"\x9d\x01\x2a"
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF


async def test_it_encodes_only_while_somebody_wants_it() -> None:
    slot = FrameSlot()
    async with encoder_of(slot) as encoder:
        first, second, third = pictures(3)
        slot.put(first)
        assert not encoder.running
        subscription = encoder.feed.subscribe()
        encoded = await encode_one(slot, subscription, second)
        assert encoded.keyframe
        subscription.close()
        count = encoder.counters.frames_encoded
        slot.put(third)
        again = encoder.feed.subscribe()
        assert encoder.counters.frames_encoded == count
        again.close()


async def test_the_thread_and_the_codec_end_with_the_last_reader_and_begin_again_with_a_keyframe() -> None:
    slot = FrameSlot()
    async with encoder_of(slot) as encoder:
        frames = pictures(4)
        subscription = encoder.feed.subscribe()
        assert (await encode_one(slot, subscription, frames[0])).keyframe
        assert not (await encode_one(slot, subscription, frames[1])).keyframe
        subscription.close()
        await asyncio.to_thread(encoder.join)
        assert not encoder.running
        assert encoder._encoder is None
        slot.put(frames[2])
        assert not encoder.running
        again = encoder.feed.subscribe()
        encoded = await encode_one(slot, again, frames[3])
        assert encoded.keyframe
        assert encoded.picture_id is not None
        again.close()


async def test_an_encoder_that_joins_in_leaves_the_picture_alone_that_others_have_sent() -> None:
    slot = FrameSlot()
    async with encoder_of(slot, joins_in=True) as encoder:
        frames = pictures(2)
        slot.put(frames[0])
        subscription = encoder.feed.subscribe()
        encoded = await encode_one(slot, subscription, frames[1])
        assert (encoded.keyframe, encoded.timestamp) == (True, 3000)
        subscription.close()


async def test_limits_scale_the_picture_with_its_aspect_kept() -> None:
    slot = FrameSlot()
    async with encoder_of(slot) as encoder:
        frames = pictures(3, 640, 480)
        subscription = encoder.feed.subscribe()
        assert size_of(await encode_one(slot, subscription, frames[0])) == (640, 480)
        encoder.set_limits(320, 320, 30)
        smaller = await encode_one(slot, subscription, frames[1])
        assert smaller.keyframe
        assert size_of(smaller) == (320, 240)
        assert (encoder.counters.width_px, encoder.counters.height_px) == (320, 240)
        subscription.close()


async def test_a_lower_rate_leaves_out_every_second_picture() -> None:
    slot = FrameSlot()
    async with encoder_of(slot) as encoder:
        encoder.set_limits(640, 480, 15)
        frames = pictures(20)
        subscription = encoder.feed.subscribe()
        timestamps = []
        for index in range(0, 20, 2):
            encoded = await encode_one(slot, subscription, frames[index])
            timestamps.append(encoded.timestamp)
            slot.put(frames[index + 1])
        assert timestamps == [index * 3000 for index in range(0, 20, 2)]
        subscription.close()


async def test_a_pause_ends_with_a_keyframe() -> None:
    slot = FrameSlot()
    async with encoder_of(slot) as encoder:
        frames = pictures(60)
        subscription = encoder.feed.subscribe()
        await encode_one(slot, subscription, frames[0])
        assert not (await encode_one(slot, subscription, frames[1])).keyframe
        encoder.set_paused(True)
        slot.put(frames[2])
        encoder.set_paused(False)
        # Keyframes are 300 ms apart at least: the one for the end of the pause comes when that time is over.
        keyframes = [(await encode_one(slot, subscription, frames[3])).keyframe]
        for frame in frames[4:]:
            await asyncio.sleep(0.02)
            keyframes.append((await encode_one(slot, subscription, frame)).keyframe)
            if keyframes[-1]:
                break
        assert keyframes[-1]
        subscription.close()


async def test_an_older_picture_is_not_encoded_after_a_newer_one() -> None:
    slot = FrameSlot()
    async with encoder_of(slot) as encoder:
        frames = pictures(3)
        subscription = encoder.feed.subscribe()
        await encode_one(slot, subscription, frames[1])
        slot.put(frames[0])
        assert (await encode_one(slot, subscription, frames[2])).timestamp == 6000
        subscription.close()
