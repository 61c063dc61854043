"""Everybody's sound as one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from desktop_app.call.mixer import AudioMixer
from desktop_app.media.clock import AUDIO_FRAME_SAMPLES
from desktop_app.rtc.audio_playout import AudioPlayout
from tests.unit.rtc.playout_simulation import encode_tone


class Constant(AudioPlayout):
    """A participant whose every sample is the same."""

    def __init__(self, value: int) -> None:
        super().__init__()
        self._frame = np.full(AUDIO_FRAME_SAMPLES, value, dtype=np.int16)

    def pull(self, now_s: float) -> npt.NDArray[np.int16]:
        """The same frame again."""
        return self._frame


def test_nobody_is_silence() -> None:
    frame = AudioMixer().pull()
    assert frame.shape == (AUDIO_FRAME_SAMPLES,)
    assert frame.dtype == np.int16
    assert not frame.any()


def test_participants_are_added_up_while_they_are_there() -> None:
    mixer = AudioMixer()
    one, two = Constant(1000), Constant(-300)
    mixer.add(one)
    mixer.add(two)
    assert set(mixer.pull()) == {700}
    mixer.remove(one)
    mixer.remove(one)
    assert set(mixer.pull()) == {-300}


def test_too_much_is_clipped_and_does_not_wrap_around() -> None:
    mixer = AudioMixer()
    for _ in range(3):
        mixer.add(Constant(30_000))
    assert set(mixer.pull()) == {32767}
    low = AudioMixer()
    for _ in range(3):
        low.add(Constant(-30_000))
    assert set(low.pull()) == {-32768}


def test_a_sound_of_our_own_is_mixed_in_once_frame_by_frame() -> None:
    mixer = AudioMixer()
    mixer.add(Constant(5))
    mixer.play(np.repeat(np.array([100, 200], dtype=np.int16), AUDIO_FRAME_SAMPLES))
    assert [set(mixer.pull()) for _ in range(3)] == [{105}, {205}, {5}]


def test_the_echo_canceller_sees_exactly_what_is_played() -> None:
    rendered: list[npt.NDArray[np.int16]] = []
    mixer = AudioMixer(rendered.append)
    mixer.add(Constant(7))
    frame = mixer.pull()
    assert len(rendered) == 1
    np.testing.assert_array_equal(rendered[0], frame)


def test_a_real_playout_is_heard() -> None:
    mixer = AudioMixer()
    playout = AudioPlayout()
    mixer.add(playout)
    for packet in encode_tone(10):
        playout.put(packet.sequence_number, packet.timestamp, packet.payload, packet.sent_s)
    frames = [mixer.pull() for _ in range(5)]
    assert np.abs(np.concatenate(frames)).max() > 1000
