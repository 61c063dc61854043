"""The jitter buffer of one participant's sound: packets in on the engine loop, 20 ms frames out to the speaker."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ

from . import concealment
from .opus import OpusDecoder
from .reception import sequence_delta, timestamp_delta

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.audio import AudioFrame

    from .concealment import Samples

MAX_BUFFERED_PACKETS = 100
MIN_TARGET_S = 0.030
MAX_TARGET_S = 0.500
HISTORY_SAMPLES = concealment.MAX_LAG + 2 * concealment.OVERLAP
FADE_OUT_S = 0.120
"""Made-up sound is silent after this long: a longer repetition sounds like a machine."""
INACTIVE_S = 5.0
"""A stream without packets for this long is off; its silence is no longer counted as concealment."""
PATIENCE_PULLS = 15
"""300 ms of too much in the buffer, before sound is shortened."""
DELAY_WINDOW_PACKETS = 250
"""About five seconds of 20 ms packets."""


@dataclass(frozen=True, slots=True)
class _Packet:
    sequence_number: int
    payload: bytes
    arrival_s: float


class AudioPlayout:
    """Reorders, decodes, conceals and keeps the delay short. `put` and `pull` may run on different threads."""

    def __init__(self, *, on_first_frame: Callable[[], None] | None = None) -> None:
        self._lock = threading.Lock()
        self._packets: dict[int, _Packet] = {}  # by unwrapped timestamp
        self._decoder = OpusDecoder()
        self._pcm: Samples = np.zeros(0, dtype=np.float32)
        self._history: Samples = np.zeros(HISTORY_SAMPLES, dtype=np.float32)
        self._next_timestamp: int | None = None
        self._newest_timestamp = 0
        self._last_sequence: int | None = None
        self._last_arrival_s = 0.0
        self._playing = False
        self._concealed_run = 0
        self._delays: deque[float] = deque(maxlen=DELAY_WINDOW_PACKETS)
        self._target_s = MIN_TARGET_S
        self._surplus_pulls = 0
        self._on_first_frame = on_first_frame
        self.total_samples = 0
        self.concealed_samples = 0
        self.total_delay_s = 0.0
        self.delay_count = 0
        self.energy = 0.0
        """Sum of squares of what was played, full scale 1."""

    @property
    def target_delay_s(self) -> float:
        """The delay that the buffer aims at."""
        return self._target_s

    def put(self, sequence_number: int, timestamp: int, payload: bytes, arrival_s: float) -> None:
        """Take one Opus packet, in any order; a late or a double one is dropped."""
        with self._lock:
            if self._last_arrival_s and arrival_s - self._last_arrival_s > INACTIVE_S:
                self._reset()
            self._last_arrival_s = arrival_s
            if self._next_timestamp is None:
                self._next_timestamp = self._newest_timestamp = timestamp
            unwrapped = self._newest_timestamp + timestamp_delta(
                timestamp, self._newest_timestamp & 0xFFFFFFFF
            )
            if abs(unwrapped - self._newest_timestamp) > 10 * AUDIO_RATE_HZ:
                self._reset()  # the sender restarted its clock
                self._next_timestamp = self._newest_timestamp = unwrapped = timestamp
            self._newest_timestamp = max(self._newest_timestamp, unwrapped)
            self._delays.append(arrival_s - unwrapped / AUDIO_RATE_HZ)
            self._update_target()
            if unwrapped < self._next_timestamp or len(self._packets) >= MAX_BUFFERED_PACKETS:
                return
            self._packets.setdefault(unwrapped, _Packet(sequence_number, payload, arrival_s))

    def pull(self, now_s: float) -> AudioFrame:
        """The next 20 ms, shape (960,) int16. Silence before the first packet and long after the last."""
        first = False
        with self._lock:
            if not self._playing:
                if not self._ready(now_s):
                    return np.zeros(AUDIO_FRAME_SAMPLES, dtype=np.int16)
                self._playing = first = True
            while len(self._pcm) < AUDIO_FRAME_SAMPLES:
                self._fill(now_s)
            self._shorten_if_late(now_s)
            frame, self._pcm = self._pcm[:AUDIO_FRAME_SAMPLES], self._pcm[AUDIO_FRAME_SAMPLES:]
            self._remember(frame)
            self.total_samples += AUDIO_FRAME_SAMPLES
            self.energy += float(np.dot(frame, frame)) / 32768.0**2
        if first and self._on_first_frame is not None:
            self._on_first_frame()
            self._on_first_frame = None
        return np.clip(frame, -32768, 32767).astype(np.int16)

    def _reset(self) -> None:
        self._packets.clear()
        self._delays.clear()
        self._next_timestamp = None
        self._last_sequence = None
        self._playing = False
        self._concealed_run = 0
        self._pcm = np.zeros(0, dtype=np.float32)

    def _ready(self, now_s: float) -> bool:
        if not self._packets:
            return False
        first = self._packets[min(self._packets)]
        self._next_timestamp = min(self._packets)
        return now_s - first.arrival_s >= self._target_s - AUDIO_FRAME_SAMPLES / AUDIO_RATE_HZ

    def _update_target(self) -> None:
        # A packet's delay over the quickest one of the window is its jitter; all but one in twenty shall be in time.
        if len(self._delays) < 5 or len(self._delays) % 5:
            return
        delays = sorted(self._delays)
        spread_s = delays[int(len(delays) * 0.95)] - delays[0]
        self._target_s = min(MAX_TARGET_S, max(MIN_TARGET_S, spread_s + AUDIO_FRAME_SAMPLES / AUDIO_RATE_HZ))

    def _buffered_s(self) -> float:
        if self._next_timestamp is None:
            return 0.0
        waiting = self._newest_timestamp + AUDIO_FRAME_SAMPLES - self._next_timestamp if self._packets else 0
        return (waiting + len(self._pcm)) / AUDIO_RATE_HZ

    def _fill(self, now_s: float) -> None:
        assert self._next_timestamp is not None
        packet = self._packets.pop(self._next_timestamp, None)
        if packet is not None:
            self._decode(packet, now_s)
            return
        if not self._packets:
            self._conceal(
                now_s, lost=False
            )  # nothing came yet: hold the place, a late packet is still played
            return
        following = min(self._packets)
        successor = self._packets[following]
        gap = following - self._next_timestamp
        if (
            self._last_sequence is not None
            and sequence_delta(successor.sequence_number, self._last_sequence) == 1
        ):
            # Nothing is lost: the sender was silent on purpose (DTX) or changed its clock.
            self._append(np.zeros(min(gap, AUDIO_FRAME_SAMPLES), dtype=np.float32))
            self._next_timestamp += min(gap, AUDIO_FRAME_SAMPLES)
            return
        self._conceal(now_s, lost=True)
        self._next_timestamp += min(gap, AUDIO_FRAME_SAMPLES)

    def _decode(self, packet: _Packet, now_s: float) -> None:
        assert self._next_timestamp is not None
        self.total_delay_s += now_s - packet.arrival_s + len(self._pcm) / AUDIO_RATE_HZ
        self.delay_count += 1
        self._last_sequence = packet.sequence_number
        samples = self._decoder.decode(packet.payload)
        if len(samples) == 0:
            self._conceal(now_s, lost=True)
            self._next_timestamp += AUDIO_FRAME_SAMPLES
            return
        self._next_timestamp += len(samples)
        if self._concealed_run and len(samples) >= concealment.OVERLAP:
            # Come back from made-up sound: fade over instead of jumping.
            made_up = concealment.extrapolate(self._recent(), concealment.OVERLAP) * self._concealment_gain()
            head = concealment.cross_fade(made_up.astype(np.float32), samples[: concealment.OVERLAP])
            samples = np.concatenate((head, samples[concealment.OVERLAP :]))
            self._concealed_run = 0
        self._append(samples)

    def _conceal(self, now_s: float, *, lost: bool) -> None:
        inactive = not lost and now_s - self._last_arrival_s > INACTIVE_S
        gain_before = self._concealment_gain()
        self._concealed_run += AUDIO_FRAME_SAMPLES
        gain_after = self._concealment_gain()
        if inactive or gain_before == 0.0:
            samples = np.zeros(AUDIO_FRAME_SAMPLES, dtype=np.float32)
        else:
            ramp = np.linspace(gain_before, gain_after, AUDIO_FRAME_SAMPLES, dtype=np.float32)
            # The history holds the faded past: undo its gain so that the fade is linear over the whole run.
            source = self._recent() / max(gain_before, 0.05)
            samples = concealment.extrapolate(source, AUDIO_FRAME_SAMPLES) * ramp
        if not inactive:
            self.concealed_samples += AUDIO_FRAME_SAMPLES
        self._append(samples.astype(np.float32))

    def _concealment_gain(self) -> float:
        return max(0.0, 1.0 - self._concealed_run / (FADE_OUT_S * AUDIO_RATE_HZ))

    def _shorten_if_late(self, now_s: float) -> None:
        surplus = self._buffered_s() > self._target_s + 1.5 * AUDIO_FRAME_SAMPLES / AUDIO_RATE_HZ
        self._surplus_pulls = self._surplus_pulls + 1 if surplus else 0
        # Not at the first sign: a burst is no lasting delay. Then one pitch period a frame until it is gone.
        if self._surplus_pulls > PATIENCE_PULLS and self._next_timestamp in self._packets:
            self._fill(now_s)  # two frames to cut one period from; at least one whole frame stays
            if len(self._pcm) >= AUDIO_FRAME_SAMPLES + concealment.MAX_LAG:
                self._pcm = concealment.shorten(self._pcm)

    def _recent(self) -> Samples:
        return np.concatenate((self._history, self._pcm))[-HISTORY_SAMPLES:]

    def _append(self, samples: Samples) -> None:
        self._pcm = np.concatenate((self._pcm, samples))

    def _remember(self, frame: Samples) -> None:
        self._history = np.concatenate((self._history, frame))[-HISTORY_SAMPLES:]
