"""What holds for the playout whatever comes, and for an hour: no codec, and every frame says which one it is."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ
from desktop_app.rtc import audio_playout
from desktop_app.rtc.audio_playout import (
    MAX_BUFFERED_PACKETS,
    MAX_BUFFERED_S,
    REMEMBERED_PACKETS,
    SKIP_S,
    SURPLUS_S,
    UNHEARD_PULLS,
    USELESS_SAMPLES,
    AudioPlayout,
)
from desktop_app.rtc.opus import MAX_PACKET_SAMPLES, OpusDecoder
from desktop_app.rtc.playout_target import MAX_PACKETS, MAX_TARGET_S, MIN_TARGET_S
from desktop_app.rtc.red import Copy

from .playout_simulation import Listener, Packet, tone, with_copies

if TYPE_CHECKING:
    from desktop_app.rtc.concealment import Samples

GRAIN_S = SURPLUS_S + USELESS_SAMPLES / AUDIO_RATE_HZ


class NumberedDecoder(OpusDecoder):
    """Takes the payload for the number of a frame, and notes the order."""

    def __init__(self) -> None:
        super().__init__()
        self.decoded: list[int] = []
        self._frame = tone(AUDIO_FRAME_SAMPLES, 200.0)

    def decode(self, payload: bytes) -> Samples:
        self.decoded.append(int.from_bytes(payload, "big"))
        return self._frame

    def can_recover(self, following: bytes) -> bool:
        return False

    def conceal(self, count: int) -> Samples:
        return self._frame[:count]


@pytest.fixture(autouse=True)
def _numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio_playout, "OpusDecoder", NumberedDecoder)


def numbered(count: int, *, sequence_number: int = 0, timestamp: int = 0) -> list[Packet]:
    """Packets whose payloads are their numbers."""
    return [
        Packet(
            (sequence_number + index) & 0xFFFF,
            (timestamp + index * AUDIO_FRAME_SAMPLES) & 0xFFFFFFFF,
            index.to_bytes(4, "big"),
            index * AUDIO_FRAME_S,
        )
        for index in range(count)
    ]


def decoded_by(playout: AudioPlayout) -> list[int]:
    """The numbers of the frames in the order in which they were played."""
    decoder = playout._decoder
    assert isinstance(decoder, NumberedDecoder)
    return decoder.decoded


# --- clocks that drift apart ------------------------------------------------------------------------


@pytest.mark.parametrize("drift_ppm", [100, -100, 300, -300])
def test_an_hour_of_drifting_clocks_costs_no_sound_and_no_delay(drift_ppm: float) -> None:
    # The hour is played in a tenth of the time with ten times the drift, which is the harder task: even the five
    # seconds that the target looks back upon drift by up to 15 ms.
    quicker = 10
    count = round(3600 / AUDIO_FRAME_S / quicker)
    interval_s = AUDIO_FRAME_S * (1 - drift_ppm * quicker * 1e-6)
    arrivals = [(index * interval_s, packet) for index, packet in enumerate(numbered(count))]
    listener = Listener()
    listener.listen(arrivals, count * min(interval_s, AUDIO_FRAME_S))
    playout = listener.playout
    assert playout.concealed_samples == 0
    assert decoded_by(playout) == list(range(len(decoded_by(playout))))
    assert playout.target_delay_s <= MIN_TARGET_S + 0.010
    # A tone has no pause in which nothing would be heard: what is too much is let be for as long as it is little.
    let_be_s = max(0.0, drift_ppm) * quicker * 1e-6 * 2 * UNHEARD_PULLS * AUDIO_FRAME_S
    assert max(listener.delays_s[100:]) <= playout.target_delay_s + GRAIN_S + let_be_s
    assert playout.buffered_s <= 3 * AUDIO_FRAME_S


# --- any network ------------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32 - 1),
    loss=st.floats(0, 0.6),
    burst=st.integers(1, 30),
    jitter_s=st.sampled_from([0.0, 0.005, 0.03, 0.2]),
    doubles=st.floats(0, 0.5),
    copies=st.integers(0, 3),
    sequence_number=st.sampled_from([0, 65_500]),
    timestamp=st.sampled_from([0, 0xFFFFFFFF - 50_000]),
    phase_s=st.floats(0, 0.0199),
)
def test_no_frame_is_played_twice_or_out_of_order_and_the_delay_is_bounded(
    seed: int,
    loss: float,
    burst: int,
    jitter_s: float,
    doubles: float,
    copies: int,
    sequence_number: int,
    timestamp: int,
    phase_s: float,
) -> None:
    generator = random.Random(seed)
    packets = with_copies(numbered(200, sequence_number=sequence_number, timestamp=timestamp), copies)
    arrivals: list[tuple[float, Packet]] = []
    lost_until = 0
    for index, packet in enumerate(packets):
        if generator.random() < loss / burst:
            lost_until = index + burst
        if index < lost_until:
            continue
        for _ in range(1 + (generator.random() < doubles)):
            arrivals.append((packet.sent_s + generator.uniform(0, jitter_s), packet))
    listener = Listener(now_s=phase_s)
    listener.listen(arrivals, 5.0)
    playout = listener.playout
    decoded = decoded_by(playout)
    assert all(before < after for before, after in pairwise(decoded))
    assert all(frame.shape == (AUDIO_FRAME_SAMPLES,) for frame in listener.frames)
    assert playout.buffered_s <= MAX_TARGET_S + SKIP_S + AUDIO_FRAME_S
    assert playout.delay_count <= len(packets)
    assert playout.concealed_samples <= playout.total_samples + AUDIO_FRAME_SAMPLES


hostile_packets = st.tuples(
    st.one_of(st.integers(0, 0xFFFF), st.integers(0, 40)),
    st.one_of(
        st.integers(0, 0xFFFFFFFF),
        st.integers(0, 300_000),
        st.integers(0, 40).map(lambda index: index * AUDIO_FRAME_SAMPLES),
    ),
    st.binary(min_size=1, max_size=20),
    st.lists(st.builds(Copy, st.integers(1, 0x3FFF), st.binary(min_size=1, max_size=20)), max_size=4),
    st.sampled_from([0.0, 0.001, 0.02, 0.3, 6.0]),
    st.integers(0, 4),
)


@given(st.lists(hostile_packets, max_size=150), st.booleans())
def test_whatever_comes_memory_and_delay_are_bounded_and_the_media_time_runs_forward(
    stream: list[tuple[int, int, bytes, list[Copy], float, int]], real_codec: bool
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        if real_codec:
            patched.setattr(audio_playout, "OpusDecoder", OpusDecoder)
        playout = AudioPlayout()
    now_s = 0.0
    for number, timestamp, payload, copies, pause_s, pulls in stream:
        now_s += pause_s
        playout.put(number, timestamp, payload, now_s, copies)
        for _ in range(pulls):
            before = playout._next_timestamp if playout._playing else None
            frame = playout.pull(now_s)
            assert frame.shape == (AUDIO_FRAME_SAMPLES,)
            assert frame.dtype == np.int16
            after = playout._next_timestamp
            assert before is None or (after is not None and after >= before)
        assert (
            playout.buffered_s
            <= MAX_BUFFERED_S + (MAX_PACKET_SAMPLES + 3 * AUDIO_FRAME_SAMPLES) / AUDIO_RATE_HZ
        )
        assert len(playout._packets) <= MAX_BUFFERED_PACKETS
        assert len(playout._heard) <= REMEMBERED_PACKETS
        assert len(playout._target._delays) <= MAX_PACKETS
        assert len(playout._target._repairs) <= MAX_PACKETS
        assert MIN_TARGET_S <= playout.target_delay_s <= MAX_TARGET_S
    assert np.isfinite([playout.energy, playout.total_delay_s]).all()
