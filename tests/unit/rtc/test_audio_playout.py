"""The playout buffer with the real codec, on a simulated network and clock."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ
from desktop_app.rtc.audio_playout import (
    INACTIVE_S,
    MAX_BUFFERED_PACKETS,
    SURPLUS_S,
    USELESS_SAMPLES,
    AudioPlayout,
)
from desktop_app.rtc.playout_target import MARGIN_S, MIN_TARGET_S

from .playout_simulation import (
    AMPLITUDE,
    Listener,
    Packet,
    encode_tone,
    on_time,
    through_network,
    with_copies,
)

COUNT = 500
END_S = COUNT * AUDIO_FRAME_S
GRAIN_S = SURPLUS_S + USELESS_SAMPLES / AUDIO_RATE_HZ
"""What the delay may have above the target: whole frames are decoded, and whole frames are pulled."""
STEADY_DELAY_S = MIN_TARGET_S + GRAIN_S
"""What the delay may be on a good network."""
REPAIRED_DELAY_S = AUDIO_FRAME_S + MARGIN_S + GRAIN_S
"""And where lost frames come back from the packet behind them."""


@pytest.fixture(scope="module")
def packets() -> list[Packet]:
    """Ten seconds of a tone; numbers and timestamps wrap on the way."""
    return encode_tone(COUNT, sequence_number=65_400, timestamp=0xFFFFFFFF - 100_000)


def lost_frames(listener: Listener) -> float:
    """Concealed sound, and what came back from the copy in the following packet, in frames."""
    return (sum(listener.concealed) + listener.playout.recovered_samples) / AUDIO_FRAME_SAMPLES


def test_a_clean_network_conceals_nothing_at_a_small_constant_delay(packets: list[Packet]) -> None:
    listener = Listener()
    listener.listen(on_time(packets), END_S)
    assert lost_frames(listener) == 0
    assert max(listener.delays_s) - min(listener.delays_s) < 0.001
    assert max(listener.delays_s) <= STEADY_DELAY_S
    assert listener.playout.total_samples >= (COUNT - 3) * AUDIO_FRAME_SAMPLES
    assert np.abs(np.diff(listener.sound)).max() < AMPLITUDE * 0.06


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.2])
def test_random_loss_is_concealed_frame_for_frame_and_leaves_no_delay(
    packets: list[Packet], loss: float
) -> None:
    generator = random.Random(1)
    arrivals = [arrival for arrival in on_time(packets) if generator.random() >= loss]
    listener = Listener()
    listener.listen(arrivals, END_S)
    assert lost_frames(listener) == pytest.approx(COUNT - len(arrivals), abs=2)
    assert max(listener.delays_s) <= REPAIRED_DELAY_S
    assert np.abs(np.diff(listener.sound)).max() < AMPLITUDE * 0.12  # no click


def test_lost_speech_comes_back_from_the_packets_behind_it() -> None:
    packets = encode_tone(COUNT, syllables=True)
    generator = random.Random(3)
    arrivals = [arrival for arrival in on_time(packets) if generator.random() >= 0.05]
    listener = Listener()
    listener.listen(arrivals, END_S)
    lost = COUNT - len(arrivals)
    assert lost_frames(listener) == pytest.approx(lost, abs=2)
    assert listener.playout.recovered_samples > 0.5 * lost * AUDIO_FRAME_SAMPLES
    assert max(listener.delays_s) <= REPAIRED_DELAY_S


@pytest.fixture(scope="module")
def speech() -> list[Packet]:
    """Thirty seconds."""
    return encode_tone(3 * COUNT, syllables=True)


SEEDS = range(4)


def phase_s(seed: int) -> float:
    """When the speaker asks, after a packet was sent."""
    return 0.001 + seed * 0.0051


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("loss", "copies", "most_concealed", "most_delay_s"), [(0.05, 1, 0.01, 0.060), (0.1, 2, 0.01, 0.080)]
)
def test_copies_bring_nearly_all_lost_speech_back_in_time(
    speech: list[Packet], loss: float, copies: int, most_concealed: float, most_delay_s: float, seed: int
) -> None:
    listener = Listener(now_s=phase_s(seed))
    listener.listen(through_network(with_copies(speech, copies), seed, loss=loss), 3 * END_S)
    assert listener.concealed_share <= most_concealed
    assert listener.mean_delay_s <= most_delay_s
    assert listener.playout.recovered_samples > 0.7 * loss * listener.playout.total_samples


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fifth_lost_is_hardly_heard_with_two_copies(speech: list[Packet], seed: int) -> None:
    listener = Listener(now_s=phase_s(seed))
    listener.listen(through_network(with_copies(speech, 2), seed, loss=0.2), 3 * END_S)
    assert listener.concealed_share <= 0.02
    assert listener.mean_delay_s <= 0.090


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("normal", [False, True])
@pytest.mark.parametrize("copies", [0, 2])
def test_jitter_that_reorders_is_covered_with_little_delay(
    speech: list[Packet], seed: int, normal: bool, copies: int
) -> None:
    arrivals = through_network(with_copies(speech, copies), seed, jitter_s=0.030, normal=normal)
    listener = Listener(now_s=phase_s(seed))
    listener.listen(arrivals, 3 * END_S)
    assert listener.concealed_share <= 0.005
    assert listener.mean_delay_s <= 0.070


@pytest.mark.parametrize("seed", SEEDS)
def test_copies_on_a_clean_network_change_nothing(packets: list[Packet], seed: int) -> None:
    plain, redundant = Listener(now_s=phase_s(seed)), Listener(now_s=phase_s(seed))
    plain.listen(on_time(packets), END_S)
    redundant.listen(on_time(with_copies(packets, 2)), END_S)
    np.testing.assert_array_equal(plain.sound, redundant.sound)
    assert redundant.delays_s == plain.delays_s
    assert lost_frames(redundant) == 0
    assert redundant.mean_delay_s <= 0.040
    assert redundant.playout.target_delay_s == MIN_TARGET_S


def test_a_packet_that_comes_after_its_copy_takes_its_place(packets: list[Packet]) -> None:
    arrivals = on_time(with_copies(packets, 1))
    for index in range(5, COUNT - 1, 7):  # behind the next one, and still in time
        arrivals[index] = (arrivals[index][0] + 0.021, arrivals[index][1])
    listener = Listener(now_s=0.0195)
    listener.listen(arrivals, END_S)
    assert listener.playout.recovered_samples <= 2 * AUDIO_FRAME_SAMPLES  # until the playout is behind enough
    assert sum(listener.concealed) <= 2 * AUDIO_FRAME_SAMPLES


def test_reordering_costs_nothing_but_a_little_delay(packets: list[Packet]) -> None:
    arrivals = on_time(packets)
    for index in range(0, COUNT - 1, 7):  # every seventh packet comes after the one behind it
        arrivals[index] = (arrivals[index][0] + 0.025, arrivals[index][1])
    listener = Listener()
    listener.listen(arrivals, END_S)
    assert lost_frames(listener) <= 2
    assert max(listener.delays_s) <= STEADY_DELAY_S + 0.025


def test_jitter_raises_the_target_and_is_covered(packets: list[Packet]) -> None:
    generator = random.Random(2)
    listener = Listener()
    listener.listen([(packet.sent_s + generator.uniform(0, 0.06), packet) for packet in packets], END_S)
    assert 0.05 <= listener.playout.target_delay_s <= 0.09
    assert sum(listener.concealed[100:]) <= 2 * AUDIO_FRAME_SAMPLES
    assert max(listener.delays_s) <= 0.12


def test_a_minimum_is_grown_to_without_counting_concealment_and_given_back(packets: list[Packet]) -> None:
    listener = Listener()
    listener.listen(on_time(packets), 1.0)
    usual_s = listener.delays_s[-1]
    listener.playout.minimum_s = 0.120
    listener.listen(on_time(packets[50:]), 5.0)
    assert 0.100 <= min(listener.delays_s[-50:]) <= max(listener.delays_s[-50:]) <= 0.150
    assert listener.playout.target_delay_s == pytest.approx(0.120)
    listener.playout.minimum_s = 0.0
    listener.listen(on_time(packets[250:]), END_S)
    assert max(listener.delays_s[-50:]) <= usual_s + AUDIO_FRAME_S
    assert sum(listener.concealed) == 0
    assert np.abs(np.diff(listener.sound)).max() < AMPLITUDE * 0.12  # no click


def test_a_minimum_below_what_the_jitter_needs_changes_nothing(packets: list[Packet]) -> None:
    sounds = []
    for minimum_s in (0.0, 0.050):
        generator = random.Random(2)
        listener = Listener()
        listener.playout.minimum_s = minimum_s
        arrivals = [(packet.sent_s + generator.uniform(0, 0.06), packet) for packet in packets]
        listener.listen(arrivals, END_S)
        sounds.append((sum(listener.concealed[100:]), listener.delays_s[-1]))
    (concealed, delay_s), (concealed_too, delay_too_s) = sounds
    assert concealed_too <= concealed
    assert abs(delay_too_s - delay_s) <= 1.5 * AUDIO_FRAME_S


@pytest.mark.parametrize("first", [0, 0xFFFFFFFF - 100 * AUDIO_FRAME_SAMPLES])
def test_what_is_at_the_speaker_is_told_by_its_timestamp(first: int) -> None:
    listener = Listener()
    assert listener.playout.at_speaker() is None
    packets = encode_tone(200, timestamp=first)
    network_s = 0.1
    listener.listen(on_time(packets, network_s), 4.0)
    spoken = listener.playout.at_speaker()
    assert spoken is not None
    timestamp, at_s = spoken
    assert at_s == pytest.approx(listener.now_s - AUDIO_FRAME_S)
    captured_s = ((timestamp - first) & 0xFFFFFFFF) / 48_000
    # A packet is "sent" here when its first sample was captured; it is played as long after that as it waited.
    assert at_s - captured_s == pytest.approx(network_s + listener.delays_s[-1], abs=0.001)
    listener.listen([], 5.0)
    spoken = listener.playout.at_speaker()
    assert spoken is not None
    assert spoken[1] == pytest.approx(4.1, abs=0.1), "what is made up afterwards was never captured"
    listener.playout.restart()
    assert listener.playout.at_speaker() is None


def test_after_an_outage_the_buffer_fills_up_again_and_only_the_outage_was_concealed(
    packets: list[Packet],
) -> None:
    listener = Listener()
    listener.listen([arrival for arrival in on_time(packets) if not 2 <= arrival[0] < 4], END_S)
    assert lost_frames(listener) == pytest.approx(100, abs=3)
    before, after = listener.delays_s[50], listener.delays_s[-1]
    assert after == pytest.approx(before, abs=0.005)
    assert not any(listener.concealed[-200:])


def test_made_up_sound_fades_out_within_an_outage(packets: list[Packet]) -> None:
    listener = Listener()
    listener.listen([arrival for arrival in on_time(packets) if arrival[0] < 2], 4)
    assert np.abs(listener.frames[103]).max() > AMPLITUDE / 4
    assert np.abs(np.concatenate(listener.frames[112:])).max() == 0
    assert np.abs(np.diff(listener.sound)).max() < AMPLITUDE * 0.06


def test_a_stream_that_is_off_is_no_longer_counted_as_concealed(packets: list[Packet]) -> None:
    listener = Listener()
    listener.listen(on_time(packets[:50]), 20)
    assert lost_frames(listener) == pytest.approx(INACTIVE_S / AUDIO_FRAME_S, abs=3)
    assert not any(listener.concealed[-500:])
    again = encode_tone(100, sequence_number=7, timestamp=99, begin_s=20)
    concealed = lost_frames(listener)
    listener.listen(on_time(again), 22)
    assert lost_frames(listener) == concealed
    assert max(listener.delays_s[-20:]) <= STEADY_DELAY_S


@pytest.mark.parametrize(
    ("timestamp", "most_concealed"),
    [
        pytest.param(4_000_000_000, 1, id="anywhere"),
        pytest.param(400 * AUDIO_FRAME_SAMPLES, 1, id="three seconds on"),
        pytest.param(100 * AUDIO_FRAME_SAMPLES, 8, id="three seconds back"),
        pytest.param(500 * AUDIO_FRAME_SAMPLES, 1, id="exactly five seconds on"),
    ],
)
def test_a_sender_that_sets_its_clock_is_followed(timestamp: int, most_concealed: int) -> None:
    before = encode_tone(250)
    after = encode_tone(250, sequence_number=250, timestamp=timestamp, begin_s=5.0)
    listener = Listener()
    listener.listen(on_time(before) + on_time(after), END_S)
    assert lost_frames(listener) <= most_concealed
    assert max(listener.delays_s[-50:]) <= STEADY_DELAY_S
    assert np.abs(listener.frames[-1]).max() > AMPLITUDE / 2


@pytest.mark.parametrize("silence_s", [0.1, 0.4, 2.0])
def test_a_sender_silent_on_purpose_neither_counts_as_loss_nor_adds_delay(silence_s: float) -> None:
    before = encode_tone(250)
    announced = Packet(250, 250 * AUDIO_FRAME_SAMPLES, before[0].payload[:1], 5.0)
    gap = round(silence_s / AUDIO_FRAME_S)
    after = encode_tone(
        250, sequence_number=251, timestamp=(251 + gap) * AUDIO_FRAME_SAMPLES, begin_s=5.02 + silence_s
    )
    listener = Listener()
    listener.listen([*on_time(before), (5.0, announced), *on_time(after)], END_S + silence_s)
    assert lost_frames(listener) == 0
    assert max(listener.delays_s[-100:]) <= STEADY_DELAY_S
    assert len(listener.delays_s) >= COUNT - 5


def test_clocks_that_drift_apart_leave_the_delay_bounded(packets: list[Packet]) -> None:
    fast, slow = Listener(), Listener()
    fast.listen([(packet.sent_s * 0.999, packet) for packet in packets], END_S * 0.999)
    slow.listen([(packet.sent_s * 1.001, packet) for packet in packets], END_S)
    for listener in (fast, slow):
        assert max(listener.delays_s) <= STEADY_DELAY_S + 0.02
        assert lost_frames(listener) <= 2


def test_packets_that_nobody_pulls_are_bounded_and_the_newest_are_kept(packets: list[Packet]) -> None:
    playout = AudioPlayout()
    for packet in packets:
        playout.put(packet.sequence_number, packet.timestamp, packet.payload, packet.sent_s)
    assert playout.buffered_s <= MAX_BUFFERED_PACKETS * AUDIO_FRAME_S
    playout.pull(END_S)
    assert playout.buffered_s <= STEADY_DELAY_S
    assert playout.total_delay_s / playout.delay_count <= STEADY_DELAY_S + AUDIO_FRAME_S


def test_doubles_are_dropped(packets: list[Packet]) -> None:
    listener = Listener()
    arrivals = on_time(packets)
    listener.listen(arrivals + [(arrival_s + 0.001, packet) for arrival_s, packet in arrivals], END_S)
    assert listener.playout.delay_count <= COUNT
    assert lost_frames(listener) == 0


def test_before_the_first_packet_there_is_silence_that_counts_for_nothing() -> None:
    playout = AudioPlayout()
    assert not playout.pull(1.0).any()
    assert playout.pull(1.02).shape == (AUDIO_FRAME_SAMPLES,)
    assert playout.total_samples == playout.concealed_samples == 0


def test_the_first_frame_is_told_once_and_not_under_the_lock(packets: list[Packet]) -> None:
    told: list[float] = []
    playout = AudioPlayout(on_first_frame=lambda: told.append(playout.buffered_s))
    listener = Listener(playout)
    listener.listen(on_time(packets[:100]), 8)
    assert len(told) == 1
    listener.listen(on_time(encode_tone(50, begin_s=10, timestamp=12345)), 12)
    assert len(told) == 1


def test_the_energy_is_that_of_what_was_played(packets: list[Packet]) -> None:
    listener = Listener()
    listener.listen(on_time(packets), END_S)
    played = np.sum((listener.sound / 32768) ** 2)
    assert listener.playout.energy == pytest.approx(float(played), rel=0.01)


def test_an_announced_new_source_begins_anew(packets: list[Packet]) -> None:
    listener = Listener()
    listener.listen(on_time(packets[:100]), 2)
    listener.playout.restart()
    close_by = encode_tone(100, sequence_number=3, timestamp=packets[90].timestamp, begin_s=2.0)
    listener.listen(on_time(close_by), 4)
    assert lost_frames(listener) == 0
    assert max(listener.delays_s[-50:]) <= STEADY_DELAY_S


def test_payloads_that_cannot_be_decoded_are_concealed(packets: list[Packet]) -> None:
    broken = [
        Packet(packet.sequence_number, packet.timestamp, b"\xff" * 50, packet.sent_s)
        if index % 10 == 5
        else packet
        for index, packet in enumerate(packets)
    ]
    listener = Listener()
    listener.listen(on_time(broken), END_S)
    assert lost_frames(listener) == pytest.approx(COUNT / 10, abs=2)
    assert max(listener.delays_s) <= STEADY_DELAY_S


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF),
            st.one_of(
                st.integers(0, 0xFFFFFFFF),
                st.integers(0, 50_000),
                st.integers(0, 30).map(lambda index: index * AUDIO_FRAME_SAMPLES),
            ),
            st.binary(max_size=20),
            st.floats(0, 6),
            st.integers(0, 3),
        ),
        max_size=40,
    )
)
def test_hostile_streams_never_raise_and_every_pull_is_a_frame(
    stream: list[tuple[int, int, bytes, float, int]],
) -> None:
    playout = AudioPlayout()
    now_s = 0.0
    for number, timestamp, payload, pause_s, pulls in stream:
        now_s += pause_s
        playout.put(number, timestamp, payload, now_s)
        for _ in range(pulls):
            frame = playout.pull(now_s)
            assert frame.shape == (AUDIO_FRAME_SAMPLES,)
            assert frame.dtype == np.int16
        assert playout.buffered_s < 60
    assert np.isfinite(playout.energy)
    assert np.isfinite(playout.total_delay_s)


def test_packets_and_pulls_on_two_threads_do_not_disturb_each_other(packets: list[Packet]) -> None:
    playout = AudioPlayout()
    failures: list[BaseException] = []
    done = threading.Event()

    def speaker() -> None:
        try:
            for index in range(1_000_000):
                if done.is_set():
                    return
                playout.pull(index * AUDIO_FRAME_S / 4)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test is to fail with it
            failures.append(error)

    thread = threading.Thread(target=speaker)
    thread.start()
    for _ in range(4):
        for packet in packets:
            playout.put(packet.sequence_number, packet.timestamp, packet.payload, packet.sent_s)
    done.set()
    thread.join()
    assert not failures
    assert playout.buffered_s <= MAX_BUFFERED_PACKETS * AUDIO_FRAME_S + 1
