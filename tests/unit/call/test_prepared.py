"""What is encoded once, and sent again and again."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import av
import pytest

from desktop_app.call.prepared import LOOP_S, Prepared, PreparedSound, PreparedVideo, prepare
from desktop_app.media.clock import AUDIO_FRAME_SAMPLES
from desktop_app.media.video_source import VideoFormat
from desktop_app.rtc.opus import OpusDecoder
from desktop_app.rtc.vp8 import MAX_PICTURE_ID, parse_payload
from tests.waiting import until

if TYPE_CHECKING:
    from desktop_app.rtc.encoded_feed import EncodedFrame


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    """Small and quick pictures."""
    return prepare(VideoFormat(160, 120, 60), kbps=200)


async def some(feed_of: PreparedVideo | PreparedSound, count: int) -> list[EncodedFrame]:
    """The next frames of a feed."""
    subscription = feed_of.feed.subscribe()
    frames = [await subscription.next() for _ in range(count)]
    subscription.close()
    return frames


def data_of(frame: EncodedFrame) -> bytes:
    """What a decoder gets."""
    return b"".join(parse_payload(payload).data for payload in frame.payloads)


async def test_the_pictures_can_be_decoded_from_the_first_one_on(prepared: Prepared) -> None:
    video = PreparedVideo(prepared.camera)
    frames = await some(video, 20)
    assert [frame.keyframe for frame in frames] == [True] + [False] * 19
    codec = av.VideoCodecContext.create("vp8", "r")
    decoded = [picture for frame in frames for picture in codec.decode(av.Packet(data_of(frame)))]
    assert {(picture.width, picture.height) for picture in decoded} == {(160, 120)}
    assert len(decoded) == 20
    ids = [frame.picture_id or 0 for frame in frames]
    assert all((b - a) & MAX_PICTURE_ID == 1 for a, b in itertools.pairwise(ids))
    times = [frame.timestamp for frame in frames]
    assert times == sorted(set(times))
    assert video.counters.frames_encoded >= 20


async def test_a_keyframe_is_there_for_whoever_asks(prepared: Prepared) -> None:
    video = PreparedVideo(prepared.camera)
    first = video.feed.subscribe()
    for _ in range(40):
        await first.next()
    first.restart()
    assert (await first.next()).keyframe
    first.close()


async def test_nothing_is_sent_to_nobody_or_while_muted(prepared: Prepared) -> None:
    video = PreparedVideo(prepared.thumbnail)
    await some(video, 3)
    count = video.counters.frames_encoded
    subscription = video.feed.subscribe()
    video.set_paused(True)
    sound = PreparedSound(prepared, lambda: False)
    await some(sound, 15)  # a while
    assert video.counters.frames_encoded == count
    video.set_paused(False)
    await until(lambda: video.counters.frames_encoded > count)
    subscription.close()


async def test_the_sound_is_a_tone_and_silence_while_muted(prepared: Prepared) -> None:
    muted = False
    sound = PreparedSound(prepared, lambda: muted)
    decoder = OpusDecoder()
    for quiet in (False, True):
        muted = quiet
        frames = await some(sound, 10)
        loudness = [abs(decoder.decode(frame.payloads[0])).max() for frame in frames]
        assert bool(loudness[-1] < 200) is quiet
        steps = [b.timestamp - a.timestamp for a, b in itertools.pairwise(frames)]
        assert set(steps) == {AUDIO_FRAME_SAMPLES}
    assert len(prepared.sound) * 0.02 == pytest.approx(LOOP_S)
