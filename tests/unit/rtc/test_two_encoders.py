"""Two real encoders of one camera, a sender that moves between them, and a decoder behind it."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import av

from desktop_app.media.frame_slot import FrameSlot
from desktop_app.rtc.feed_track import FeedTrack
from desktop_app.rtc.video_encoder import VideoEncoder
from desktop_app.rtc.vp8 import parse_payload

from .pictures import MovingBlock

if TYPE_CHECKING:
    from desktop_app.rtc.encoded_feed import EncodedFrame

TICKS = 3000
PICTURES_BETWEEN = 8


async def test_a_receiver_sees_every_move_as_a_change_of_size_alone() -> None:
    slot, block = FrameSlot(), MovingBlock()
    errors: list[BaseException] = []
    high = VideoEncoder(slot, on_error=errors.append)
    low = VideoEncoder(slot, on_error=errors.append, joins_in=True)
    low.set_limits(80, 60, 30)
    track = FeedTrack("video", high.feed)
    sent: list[EncodedFrame] = []
    decoder = av.VideoCodecContext.create("vp8", "r")
    widths: list[int] = []

    async def film() -> None:
        for number in itertools.count():
            slot.put(block.frame(number, number * TICKS))
            await asyncio.sleep(0.005)  # a camera's pace, though a fast one's

    async def see_pictures_of(width_px: int, count: int) -> None:
        async with asyncio.timeout(20):
            while widths[-count:] != [width_px] * count:
                frame = await track.recv()
                sent.append(frame)
                data = b"".join(parse_payload(payload).data for payload in frame.payloads)
                widths.extend(picture.width for picture in decoder.decode(av.Packet(data)))

    filming = asyncio.create_task(film())
    try:
        await see_pictures_of(160, PICTURES_BETWEEN)
        assert not low.running
        for _ in range(2):
            track.switch(low.feed)
            await see_pictures_of(80, PICTURES_BETWEEN)
            track.switch(high.feed)
            await see_pictures_of(160, PICTURES_BETWEEN)
        await asyncio.to_thread(low.join)
        assert not low.running, "nobody is left on it"
    finally:
        filming.cancel()
        await asyncio.wait((filming,))
        track.stop()
        for encoder in (high, low):
            encoder.close()
            await asyncio.to_thread(encoder.join)
    assert errors == []
    assert [width for width, _ in itertools.groupby(widths)] == [160, 80, 160, 80, 160]
    assert len(widths) == len(sent), "every frame could be decoded"
    times = [frame.timestamp for frame in sent]
    assert times == sorted(set(times))
    ids = [parse_payload(frame.payloads[0]).picture_id for frame in sent]
    assert None not in ids
    steps = {((after or 0) - (before or 0)) & 0x7FFF for before, after in itertools.pairwise(ids)}
    assert steps == {1}
    assert track.frames_sent == len(sent)
