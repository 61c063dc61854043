"""The playout of a sender that sends next to nothing while it is silent (DTX), with the real codec."""

from __future__ import annotations

import numpy as np
import pytest

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES
from desktop_app.rtc.opus import DTX_BYTES, OpusDecoder

from .playout_simulation import (
    PAUSE_FRAMES,
    TALK_FRAMES,
    Listener,
    Packet,
    encode_with_pauses,
    on_time,
    through_network,
    with_copies,
)

ROUND = TALK_FRAMES + PAUSE_FRAMES
ROUNDS = 6
COUNT = ROUNDS * ROUND


@pytest.fixture
async def packets() -> list[Packet]:
    """Fifteen seconds."""
    return await encode_with_pauses(COUNT, 60.0)


def rms(samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    """Of int16's full scale."""
    return float(np.sqrt(np.mean(samples**2)))


def test_silence_is_neither_concealment_nor_delay(packets: list[Packet]) -> None:
    assert len(packets) < 0.75 * COUNT
    listener = Listener()
    listener.listen(on_time(packets), COUNT * AUDIO_FRAME_S)
    assert sum(listener.concealed) == 0
    assert max(listener.delays_s) - min(listener.delays_s) < 0.001


def test_the_first_syllable_after_a_silence_is_whole(packets: list[Packet]) -> None:
    decoder = OpusDecoder()
    direct = [decoder.decode(packet.payload) for packet in packets]
    listener = Listener()
    listener.listen(on_time(packets), COUNT * AUDIO_FRAME_S)
    played = listener.sound
    for number in range(1, ROUNDS):
        begin = next(
            index
            for index, packet in enumerate(packets)
            if packet.timestamp >= number * ROUND * AUDIO_FRAME_SAMPLES
        )
        syllable = np.concatenate(direct[begin : begin + 5])
        place = number * ROUND * AUDIO_FRAME_SAMPLES
        likeness = max(
            np.corrcoef(syllable, played[place + late : place + late + len(syllable)])[0, 1]
            for late in range(0, 3 * AUDIO_FRAME_SAMPLES, 24)
        )
        assert likeness > 0.98


def test_the_room_is_still_heard_in_the_pauses(packets: list[Packet]) -> None:
    listener = Listener()
    listener.listen(on_time(packets), COUNT * AUDIO_FRAME_S)
    for number in range(1, ROUNDS):
        pause = listener.frames[number * ROUND - PAUSE_FRAMES // 2 : number * ROUND]
        assert all(5 < rms(frame) < 200 for frame in pause)


def test_a_sender_that_is_gone_in_a_pause_is_silent_in_the_end(packets: list[Packet]) -> None:
    listener = Listener()
    announced = next(index for index, packet in enumerate(packets) if len(packet.payload) <= DTX_BYTES)
    listener.listen(on_time(packets[: announced + 1]), 10)
    assert sum(listener.concealed) == 0
    assert not np.concatenate(listener.frames[-100:]).any()


@pytest.mark.parametrize("seed", range(3))
def test_pauses_and_loss_together_leave_no_delay(packets: list[Packet], seed: int) -> None:
    listener = Listener()
    listener.listen(through_network(with_copies(packets, 2), seed, loss=0.1), COUNT * AUDIO_FRAME_S)
    assert listener.concealed_share <= 0.03
    assert listener.mean_delay_s <= 0.08
    assert max(listener.delays_s) <= 0.11
