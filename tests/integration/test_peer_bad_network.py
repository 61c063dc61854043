"""Two real peers on a network that loses, swaps and holds back packets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES
from desktop_app.rtc.state import PeerState

from .peer_tools import FRAME_RATE, BadNetwork, Pair, calling, payload_type_of, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktop_app.rtc.counters import InboundCounters


VIDEO_TYPES = (97, 98)
"""The payload types of VP8 and its retransmissions; aiortc gives them out in order, after 96 for Opus."""


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Two people in a call."""
    async with calling() as made:
        made.alice.peer.make_call()
        await made.until_connected()
        await made.until_media()
        yield made


def video_at(pair: Pair) -> InboundCounters:
    """Alice's pictures as Bob gets them."""
    video = pair.bob.counters.inbound_video
    assert video is not None
    return video


def audio_at(pair: Pair) -> InboundCounters:
    """Alice's sound as Bob gets it."""
    audio = pair.bob.counters.inbound_audio
    assert audio is not None
    return audio


async def frames_sent(pair: Pair, count: int) -> None:
    """Wait until Alice has sent so many more pictures."""

    def sent() -> int:
        video = pair.alice.counters.outbound_video
        return 0 if video is None else video.frames_sent

    goal = sent() + count
    await until(lambda: sent() >= goal, 60)


async def test_five_percent_of_loss_and_reordering_is_repaired(pair: Pair) -> None:
    await until(lambda: pair.bob.counters.round_trip_s is not None)
    network = BadNetwork(pair.bob.peer, seed=7)
    network.loss = network.reorder = 0.05
    video_before, audio_before = video_at(pair), audio_at(pair)
    count = 8 * FRAME_RATE
    await frames_sent(pair, count)
    network.loss = network.reorder = 0.0
    await pair.until_media()
    video, audio = video_at(pair), audio_at(pair)

    assert video.packets_missed - video_before.packets_missed > 0.02 * count
    assert video.nack_count > video_before.nack_count
    assert video.packets_lost < video.packets_missed  # repairs came
    assert video.frames_decoded - video_before.frames_decoded >= 0.9 * count
    assert video.total_freezes_duration_s <= 1.5
    outbound = pair.alice.counters.outbound_video
    assert outbound is not None
    assert outbound.retransmitted_packets > 0
    assert 0 <= outbound.remote_loss <= 0.5

    lost = audio.packets_missed - audio_before.packets_missed
    played = audio.total_samples - audio_before.total_samples
    made_up = audio.concealed_samples - audio_before.concealed_samples
    assert lost > 0
    # What the codec brings back from the following packet is not made up; a stall of this machine is.
    assert made_up <= lost * AUDIO_FRAME_SAMPLES + 0.03 * played


async def test_a_keyframe_whose_first_packet_is_lost_comes_again() -> None:
    async with calling() as pair:
        pair.alice.peer.make_call()
        await until(lambda: pair.bob.peer.state is PeerState.CONNECTING)  # so that all of it is seen
        network = BadNetwork(pair.bob.peer)
        dropped: list[bytes] = []

        def first_pictures(data: bytes) -> bool:
            if len(dropped) < 3 and payload_type_of(data) in VIDEO_TYPES:
                dropped.append(data)
                return True
            return False

        network.drop_if = first_pictures
        await until(lambda: len(dropped) == 3 and pair.bob.frames_decoded >= 10)
        assert video_at(pair).pli_count + video_at(pair).nack_count >= 1


async def test_when_retransmissions_are_lost_as_well_a_keyframe_is_asked_for(pair: Pair) -> None:
    network = BadNetwork(pair.bob.peer, seed=3)
    before = video_at(pair)
    lost: set[bytes] = set()

    def every_copy(data: bytes) -> bool:
        # One packet in eight of the stream itself, and all retransmissions.
        if payload_type_of(data) == VIDEO_TYPES[1]:
            return True
        if payload_type_of(data) == VIDEO_TYPES[0] and int.from_bytes(data[2:4], "big") % 8 == 0:
            lost.add(data[2:4])
            return True
        return False

    network.drop_if = every_copy
    await until(lambda: len(lost) >= 3)
    await until(lambda: video_at(pair).pli_count > before.pli_count)
    network.drop_if = lambda _data: False
    await pair.until_media()
    assert video_at(pair).key_frames_decoded > before.key_frames_decoded


async def test_sequence_numbers_wrap_around_under_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    # Senders begin in the lower half; a call of some minutes gets to the end all the same.
    monkeypatch.setattr("desktop_app.rtc.senders.first_sequence_number", lambda: 65_500)
    async with calling() as pair:
        pair.alice.peer.make_call()
        await pair.until_connected()
        await pair.until_media()
        network = BadNetwork(pair.bob.peer, seed=5)
        network.loss = 0.1
        before = video_at(pair)
        await frames_sent(pair, 4 * FRAME_RATE)
        network.loss = 0.0
        await pair.until_media()
        video = video_at(pair)
        assert video.packets_expected > 100
        assert video.nack_count > before.nack_count
        assert video.frames_decoded - before.frames_decoded >= 3 * FRAME_RATE
        assert audio_at(pair).packets_missed >= 1


async def test_after_a_stall_of_the_path_the_sound_is_not_late(pair: Pair) -> None:
    network = BadNetwork(pair.bob.peer)
    held: list[bytes] = []

    def hold(data: bytes) -> bool:
        held.append(data)
        return True

    network.drop_if = hold
    await until(lambda: len(held) >= 75)
    network.drop_if = lambda _data: False
    for data in held:  # a router's queue lets go of everything at once
        network.deliver(data)
    before = audio_at(pair)
    await until(
        lambda: (
            pair.bob.speaker.buffered_s < 0.15
            and audio_at(pair).total_samples > before.total_samples + 48_000
        )
    )
    newest = audio_at(pair)
    await until(lambda: audio_at(pair).delay_count >= newest.delay_count + 25)
    after = audio_at(pair)
    delay_s = (after.total_delay_s - newest.total_delay_s) / (after.delay_count - newest.delay_count)
    assert delay_s < 0.25


async def test_a_receiver_that_hears_nothing_stops_asking(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.rtc.receivers.ASK_AFTER_SILENCE_S", 0.2)
    network = BadNetwork(pair.bob.peer)
    network.drop_if = lambda data: payload_type_of(data) in VIDEO_TYPES
    connection = pair.bob.peer._connection
    assert connection is not None
    receiver = connection._receivers["video"]
    receiver._assembler.give_up()  # type: ignore[attr-defined]
    receiver._schedule_feedback()  # type: ignore[attr-defined]
    await until(lambda: receiver._feedback_timer is None)  # type: ignore[attr-defined]
    network.drop_if = lambda _data: False
    await pair.until_media()
