"""How soon the playout's delay is short again: the jitter is over, or a stall has let go of everything at once."""

from __future__ import annotations

import random

import pytest

from desktop_app.media.clock import AUDIO_FRAME_S

from .playout_simulation import Listener, Packet, encode_tone
from .test_audio_playout import STEADY_DELAY_S, lost_frames

COUNT = 1000
END_S = COUNT * AUDIO_FRAME_S


@pytest.fixture(scope="module")
def packets() -> list[Packet]:
    """Twenty seconds of a tone, which has no pause in which nothing would be heard of a change."""
    return encode_tone(COUNT)


def test_the_delay_shrinks_again_when_the_jitter_is_over(packets: list[Packet]) -> None:
    generator = random.Random(3)
    arrivals = [
        (packet.sent_s + (generator.uniform(0, 0.1) if packet.sent_s < 2 else 0), packet)
        for packet in packets
    ]
    listener = Listener()
    listener.listen(arrivals, END_S)
    assert max(listener.delays_s) > 0.06
    assert max(listener.delays_s[-50:]) <= STEADY_DELAY_S


@pytest.mark.parametrize("stall_s", [0.2, 0.3, 0.6, 1.0, 2.0])
def test_after_a_stall_whose_packets_all_come_at_once_the_delay_comes_back_down(
    packets: list[Packet], stall_s: float
) -> None:
    end_s = 2 + stall_s
    arrivals = [
        (max(packet.sent_s, end_s) if packet.sent_s >= 2 else packet.sent_s, packet) for packet in packets
    ]
    listener = Listener()
    listener.listen(arrivals, END_S)
    assert max(listener.delays_s[-50:]) <= STEADY_DELAY_S
    assert lost_frames(listener) == pytest.approx(stall_s / AUDIO_FRAME_S, abs=3)
