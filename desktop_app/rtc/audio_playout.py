"""The jitter buffer of one participant's sound: packets in on the engine loop, 20 ms frames out to the speaker."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ

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
LOSSY_TARGET_S = 0.045
"""With loss, and copies of lost frames in the packets behind them: a frame more, so that these are there in time."""
LOSSY_FOR_S = 10.0
FADE_AFTER_S = 0.040
"""One or two lost frames keep their loudness,"""
FADE_OUT_S = 0.120
"""Made-up sound is silent after this long: a longer repetition sounds like a machine."""
INACTIVE_S = 5.0
"""A stream without packets for this long is off; its silence is no longer counted as concealment."""
DELAY_WINDOW_PACKETS = 250
"""About five seconds of 20 ms packets."""
SURPLUS_S = 0.5 * AUDIO_FRAME_S
"""So much more than the target may wait behind the frame that is played before sound is shortened,"""
PATIENCE_PULLS = 15
"""and for 300 ms: a burst is no lasting delay."""
SHORTEN_EVERY_PULLS = 4
"""One pitch period (2.5 to 15 ms) in 80 ms goes unnoticed,"""
HURRY_S = 0.120
"""and above this surplus one in each frame is the lesser evil."""
SKIP_S = 0.400
"""After a stall that left more than this, what waits is dropped: nobody wants to hear half a second late."""
MAX_GAP_S = 1.0
"""A larger step of the timestamps is a change of the sender's clock, not sound that is missing."""
DTX_BYTES = 2
"""An Opus packet no longer than this announces that the sender is silent on purpose (RFC 7587 3.1.3)."""
STALE_PACKETS = 5
"""So many packets in a row from the past: the sender set its clock back."""


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
        self._history: Samples = np.zeros(concealment.HISTORY_SAMPLES, dtype=np.float32)
        self._next_timestamp: int | None = None
        self._newest_timestamp = 0
        self._last_sequence: int | None = None
        self._last_arrival_s: float | None = None
        self._dtx = False
        self._stale_run = 0
        self._playing = False
        self._continuation: concealment.Continuation | None = None
        self._concealed_run = 0
        self._held = 0
        """Samples that were made up while nothing had come, and that the media time has not moved on by."""
        self._delays: deque[float] = deque(maxlen=DELAY_WINDOW_PACKETS)
        self._outage_packets = 0
        self._target_s = MIN_TARGET_S
        self.minimum_s = 0.0
        """The target is never below it: sound that waits for its picture (lip_sync.py)."""
        self._spoken: tuple[int, float] | None = None
        self._surplus_pulls = self._shortage_pulls = 0
        self._lossy_until_s = -math.inf
        self._on_first_frame = on_first_frame
        self.total_samples = 0
        self.concealed_samples = 0
        self.recovered_samples = 0
        """Lost sound that came back from the copy in the following packet; not counted as concealed."""
        self.total_delay_s = 0.0
        self.delay_count = 0
        self.energy = 0.0
        """Sum of squares of what was played, full scale 1."""

    @property
    def target_delay_s(self) -> float:
        """The delay that the buffer aims at."""
        return self._target_s

    def at_speaker(self) -> tuple[int, float] | None:
        """The RTP timestamp (32 bits) of the newest sample of which is known when it began to play, and when (s)."""
        with self._lock:
            return self._spoken if self._playing else None

    @property
    def buffered_s(self) -> float:
        """The sound that waits."""
        with self._lock:
            return self._buffered_s()

    def restart(self) -> None:
        """What follows comes from another source."""
        with self._lock:
            self._reset()

    def put(self, sequence_number: int, timestamp: int, payload: bytes, arrival_s: float) -> None:
        """Take one Opus packet, in any order; a late or a double one is dropped."""
        with self._lock:
            if self._last_arrival_s is not None and arrival_s - self._last_arrival_s > INACTIVE_S:
                self._reset()
            self._last_arrival_s = arrival_s
            unwrapped = self._unwrap(timestamp)
            self._newest_timestamp = max(self._newest_timestamp, unwrapped)
            self._note_delay(arrival_s - unwrapped / AUDIO_RATE_HZ)
            assert self._next_timestamp is not None
            if self._playing and unwrapped < self._next_timestamp:
                self._lossy_until_s = -math.inf  # late, not lost: that is jitter, which has its own measure
                return
            self._packets.setdefault(unwrapped, _Packet(sequence_number, payload, arrival_s))
            if len(self._packets) > MAX_BUFFERED_PACKETS:
                del self._packets[min(self._packets)]

    def pull(self, now_s: float) -> AudioFrame:
        """The next 20 ms, shape (960,) int16. Silence before the first packet and long after the last."""
        first = False
        with self._lock:
            if not self._playing:
                if not self._ready(now_s):
                    return np.zeros(AUDIO_FRAME_SAMPLES, dtype=np.int16)
                self._playing = first = True
            self._skip_if_very_late()
            while len(self._pcm) < AUDIO_FRAME_SAMPLES:
                self._fill(now_s)
            self._shorten_if_late(now_s)
            if not self._held and self._next_timestamp is not None:
                self._spoken = ((self._next_timestamp - len(self._pcm)) & 0xFFFFFFFF, now_s)
            self._wait_for_picture()
            frame, self._pcm = self._pcm[:AUDIO_FRAME_SAMPLES], self._pcm[AUDIO_FRAME_SAMPLES:]
            self._history = np.concatenate((self._history, frame))[-concealment.HISTORY_SAMPLES :]
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
        self._playing = self._dtx = False
        self._continuation = None
        self._concealed_run = self._held = 0
        self._surplus_pulls = self._shortage_pulls = self._stale_run = self._outage_packets = 0
        self._pcm = np.zeros(0, dtype=np.float32)

    # --- media time -----------------------------------------------------------------------------

    def _unwrap(self, timestamp: int) -> int:
        newest = self._newest_timestamp
        unwrapped = newest + timestamp_delta(timestamp, newest & 0xFFFFFFFF)
        stale = self._playing and unwrapped < newest - MAX_GAP_S * AUDIO_RATE_HZ
        self._stale_run = self._stale_run + 1 if stale else 0
        if self._stale_run >= STALE_PACKETS or abs(unwrapped - newest) > INACTIVE_S * AUDIO_RATE_HZ:
            self._reset()  # the sender restarted its clock
        if self._next_timestamp is None:
            self._next_timestamp = self._newest_timestamp = unwrapped = timestamp
        return unwrapped

    def _ready(self, now_s: float) -> bool:
        if not self._packets:
            return False
        self._next_timestamp = min(self._packets)
        return self._filled_up(now_s)

    def _filled_up(self, now_s: float) -> bool:
        oldest = self._packets[min(self._packets)]
        return (
            now_s - oldest.arrival_s >= self._target_s - AUDIO_FRAME_S or self._buffered_s() > self._target_s
        )

    def _note_delay(self, delay_s: float) -> None:
        # What an outage held up says nothing about the jitter, and no buffer could cover it. When the delay does
        # not come back, the path is a longer one: begin anew.
        late_s = delay_s - min(self._delays, default=delay_s)
        if late_s > (self._target_s if self._outage_packets else MAX_TARGET_S):
            self._outage_packets += 1
            if self._outage_packets <= MAX_BUFFERED_PACKETS + DELAY_WINDOW_PACKETS:
                return
            self._delays.clear()
        self._outage_packets = 0
        self._delays.append(delay_s)
        self._update_target()

    def _update_target(self) -> None:
        # A packet's delay over the quickest one of the window is its jitter; all but one in twenty shall be in time.
        if len(self._delays) < 5 or len(self._delays) % 5:
            return
        delays = sorted(self._delays)
        spread_s = delays[int(len(delays) * 0.95)] - delays[0]
        lossy = self._last_arrival_s is not None and self._last_arrival_s < self._lossy_until_s
        floor_s = max(LOSSY_TARGET_S if lossy else MIN_TARGET_S, self.minimum_s)
        self._target_s = min(MAX_TARGET_S, max(floor_s, spread_s + AUDIO_FRAME_S))

    def _buffered_s(self) -> float:
        waiting = max(self._packets) + AUDIO_FRAME_SAMPLES - min(self._packets) if self._packets else 0
        return (waiting + len(self._pcm)) / AUDIO_RATE_HZ

    def _skip_if_very_late(self) -> None:
        if self._buffered_s() <= self._target_s + SKIP_S:
            return
        drop_through = max(self._packets) - int(self._target_s * AUDIO_RATE_HZ)
        for timestamp in [each for each in self._packets if each <= drop_through]:
            del self._packets[timestamp]
        self._jump(min(self._packets))

    def _jump(self, timestamp: int) -> None:
        # Go on at another place of the media time; the seam is faded like the end of a concealment.
        self._next_timestamp = timestamp
        self._held = 0
        if self._continuation is None:
            self._continuation = concealment.Continuation(self._recent())

    # --- sound ----------------------------------------------------------------------------------

    def _fill(self, now_s: float) -> None:
        assert self._next_timestamp is not None
        fell_silent = self._held >= FADE_OUT_S * AUDIO_RATE_HZ
        if not self._packets or (fell_silent and not self._filled_up(now_s)):
            # Nothing came yet: hold the place, a late packet is still played. After an outage the buffer fills up
            # again first, or the next bit of jitter would make another hole.
            self._held += AUDIO_FRAME_SAMPLES
            self._conceal(AUDIO_FRAME_SAMPLES, counted=not self._sender_silent(now_s))
            return
        packet = self._packets.pop(self._next_timestamp, None)
        if packet is not None:
            self._decode(packet, now_s)
            return
        following = min(self._packets)
        gap = following - self._next_timestamp
        if gap > MAX_GAP_S * AUDIO_RATE_HZ:
            self._jump(following)
            return
        successor = self._packets[following]
        lost = (
            self._last_sequence is None or sequence_delta(successor.sequence_number, self._last_sequence) != 1
        )
        if lost and self._decoder.can_recover(successor.payload):
            self._lossy_until_s = now_s + LOSSY_FOR_S
            if self._held and gap <= AUDIO_FRAME_SAMPLES and self._buffered_s() < LOSSY_TARGET_S:
                # The copy came too late by less than a frame. Stay that much behind from now on: the packet after
                # a lost one is then there in time.
                self._held = 0
        if self._held:
            # What was made up while waiting stands for what, as is known now, never comes.
            step = min(gap, self._held)
            self._held -= step
            self._next_timestamp += step
            return
        step = min(gap, AUDIO_FRAME_SAMPLES)
        # Where the sequence numbers have no hole nothing is lost: the sender was silent on purpose.
        if not (lost and step == gap and self._recover(successor, step)):
            self._conceal(step, counted=lost)
        self._next_timestamp += step

    def _recover(self, successor: _Packet, count: int) -> bool:
        # RFC 6716 2.1.7: the packet after a lost one may carry a coarse copy of it.
        samples = self._decoder.recover(successor.payload, count)
        if samples is None or len(samples) != count:
            return False
        self.recovered_samples += count
        self._append(self._joined(samples))
        return True

    def _decode(self, packet: _Packet, now_s: float) -> None:
        assert self._next_timestamp is not None
        self.total_delay_s += now_s - packet.arrival_s + len(self._pcm) / AUDIO_RATE_HZ
        self.delay_count += 1
        self._last_sequence = packet.sequence_number
        self._dtx = len(packet.payload) <= DTX_BYTES
        self._held = 0
        samples = self._decoder.decode(packet.payload)
        if len(samples) == 0:
            self._conceal(AUDIO_FRAME_SAMPLES, counted=True)
            self._next_timestamp += AUDIO_FRAME_SAMPLES
            return
        self._next_timestamp += len(samples)
        self._append(self._joined(samples))

    def _joined(self, samples: Samples) -> Samples:
        """Decoded sound after made-up sound: faded over instead of jumping."""
        made_up = self._concealed_run > 0 or self._continuation is not None
        if made_up and len(samples) >= concealment.OVERLAP:
            if self._continuation is None:  # what libopus made up is in the past already, with its fade
                tail = concealment.Continuation(self._recent()).take(concealment.OVERLAP)
            else:
                tail = self._continue(concealment.OVERLAP)
            head = concealment.cross_fade(tail, samples[: concealment.OVERLAP])
            samples = np.concatenate((head, samples[concealment.OVERLAP :]))
        self._continuation = None
        self._concealed_run = 0
        return samples

    def _sender_silent(self, now_s: float) -> bool:
        quiet_for_s = math.inf if self._last_arrival_s is None else now_s - self._last_arrival_s
        return self._dtx or quiet_for_s > INACTIVE_S

    def _conceal(self, count: int, *, counted: bool) -> None:
        if counted:
            self.concealed_samples += count
        self._append(self._make_up(count))

    def _make_up(self, count: int) -> Samples:
        # libopus knows what it decoded last and goes on from there without a seam, at both ends; but once the other
        # way was begun (at a jump of the media time) it has to be gone on with.
        concealed = self._decoder.conceal(count) if self._continuation is None else None
        if concealed is None:
            return self._continue(count)
        gains = self._gains(count)
        self._concealed_run += count
        return (concealed * gains).astype(np.float32)

    def _continue(self, count: int) -> Samples:
        if self._continuation is None:
            self._continuation = concealment.Continuation(self._recent())
        gains = self._gains(count)
        self._concealed_run += count
        made_up: Samples = (self._continuation.take(count) * gains).astype(np.float32)
        return made_up

    def _gains(self, count: int) -> Samples:
        """The fade of the next `count` made-up samples."""
        run = np.arange(self._concealed_run, self._concealed_run + count, dtype=np.float32)
        hold, end = FADE_AFTER_S * AUDIO_RATE_HZ, FADE_OUT_S * AUDIO_RATE_HZ
        gains: Samples = np.clip(1.0 - (run - hold) / (end - hold), 0.0, 1.0)
        return gains

    def _shorten_if_late(self, now_s: float) -> None:
        surplus_s = self._buffered_s() - AUDIO_FRAME_S - self._target_s
        self._surplus_pulls = self._surplus_pulls + 1 if surplus_s > SURPLUS_S else 0
        if self._surplus_pulls <= PATIENCE_PULLS:
            return
        if self._surplus_pulls % SHORTEN_EVERY_PULLS and surplus_s < HURRY_S:
            return
        needed = max(concealment.SHORTEN_SAMPLES, AUDIO_FRAME_SAMPLES + concealment.MAX_LAG)
        while len(self._pcm) < needed and self._next_timestamp in self._packets:
            self._fill(now_s)
        if len(self._pcm) >= needed:
            self._pcm = concealment.shorten(self._pcm)

    def _wait_for_picture(self) -> None:
        # A frame more, made up and not counted as a loss, when even the bursts of the jitter stay below the minimum.
        self._shortage_pulls = self._shortage_pulls + 1 if self._buffered_s() < self.minimum_s else 0
        if self._shortage_pulls > PATIENCE_PULLS:
            self._shortage_pulls = 0
            self._conceal(AUDIO_FRAME_SAMPLES, counted=False)

    def _recent(self) -> Samples:
        return np.concatenate((self._history, self._pcm))[-concealment.HISTORY_SAMPLES :]

    def _append(self, samples: Samples) -> None:
        self._pcm = np.concatenate((self._pcm, samples))
