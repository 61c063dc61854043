"""The jitter buffer of one participant's sound: packets in on the engine loop, 20 ms frames out to the speaker."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ

from . import concealment
from .opus import DTX_BYTES, OpusDecoder
from .playout_sound import FADE_OUT_S, PlayoutSound
from .playout_target import PlayoutTarget
from .reception import sequence_delta, timestamp_delta

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop_app.media.audio import AudioFrame

    from .red import Copy

MAX_BUFFERED_PACKETS = 100
MAX_BUFFERED_S = 2.0
"""So many packets of 20 ms; what is older than this when a packet comes is dropped."""
REMEMBERED_PACKETS = 64
"""To know what a copy brings back."""
INACTIVE_S = 5.0
"""A stream without packets for this long is off; its silence is no longer counted as concealment."""
SURPLUS_S = AUDIO_FRAME_S + 0.004
"""The speaker takes whole frames, so the time in hand changes by a frame: this much above the target is too much,"""
PATIENCE_PULLS = 15
"""and after 300 ms no burst but a lasting delay."""
UNHEARD_S, UNHEARD_PULLS = 0.080, 150
"""So much too much, for three seconds at most, waits for a pause between words, where nothing is heard of a change;"""
STRETCH_EVERY_PULLS = 4
"""beyond that one pitch period (2.5 to 15 ms) in 80 ms is hardly noticed,"""
HURRY_SHORTER_S = 0.160
HURRY_LONGER_S = 0.010
"""and so far from the target one in each frame is the lesser evil."""
USELESS_SAMPLES = 360
"""A rest of a frame is sound that waits and helps nobody: packets are decoded no later for it."""
SKIP_S = 0.400
"""After a stall that left more than this, what waits is dropped: nobody wants to hear half a second late."""
MAX_GAP_S = 1.0
"""A larger step of the timestamps is a change of the sender's clock, not sound that is missing."""
STALE_PACKETS = 5
"""So many packets in a row from the past: the sender set its clock back."""


@dataclass(frozen=True, slots=True)
class _Packet:
    sequence_number: int
    payload: bytes
    arrival_s: float
    is_copy: bool = False


class AudioPlayout:
    """Reorders, decodes, conceals and keeps the delay short. `put` and `pull` may run on different threads."""

    def __init__(self, *, on_first_frame: Callable[[], None] | None = None) -> None:
        self._lock = threading.Lock()
        self._packets: dict[int, _Packet] = {}  # by unwrapped timestamp
        self._decoder = OpusDecoder()
        self._sound = PlayoutSound(self._decoder)
        self._target = PlayoutTarget()
        self._next_timestamp: int | None = None
        self._newest_timestamp = 0
        self._heard: dict[int, None] = {}
        """The newest sequence numbers that came, as packets or as copies; the oldest first."""
        self._last_sequence: int | None = None
        self._last_arrival_s: float | None = None
        self._dtx = False
        self._stale_run = 0
        self._playing = False
        self._held = 0
        """Samples that were made up while nothing had come, and that the media time has not moved on by."""
        self._surplus_pulls = 0
        self._pulls_since_stretch = 0
        self._spoken: tuple[int, float] | None = None
        self._on_first_frame = on_first_frame
        self.total_samples = 0
        self.concealed_samples = 0
        self.recovered_samples = 0
        """Lost sound that came back from a copy in a later packet; not counted as concealed."""
        self.total_delay_s = 0.0
        self.delay_count = 0
        self.energy = 0.0
        """Sum of squares of what was played, full scale 1."""

    @property
    def target_delay_s(self) -> float:
        """The least that a frame is played later than the quickest packet comes."""
        return self._target.target_s

    @property
    def minimum_s(self) -> float:
        """The target is never below it: sound that waits for its picture (lip_sync.py)."""
        return self._target.minimum_s

    @minimum_s.setter
    def minimum_s(self, minimum_s: float) -> None:
        self._target.minimum_s = minimum_s

    def at_speaker(self) -> tuple[int, float] | None:
        """The RTP timestamp (32 bits) of the newest sample of which is known when it began to play, and when (s)."""
        with self._lock:
            return self._spoken if self._playing else None

    @property
    def last_arrival_s(self) -> float | None:
        """When the newest packet came; None before the first one."""
        return self._last_arrival_s

    @property
    def is_playing(self) -> bool:
        """Whether sound of the source is being played; False before the first of it, and after `restart`."""
        return self._playing

    @property
    def buffered_s(self) -> float:
        """The sound that waits."""
        with self._lock:
            return self._buffered_s()

    def restart(self) -> None:
        """What follows comes from another source."""
        with self._lock:
            self._reset()

    def put(
        self,
        sequence_number: int,
        timestamp: int,
        payload: bytes,
        arrival_s: float,
        copies: Sequence[Copy] = (),
    ) -> None:
        """Take one Opus packet, in any order, with the copies of earlier ones; a late or a double one is dropped."""
        with self._lock:
            if self._last_arrival_s is not None and arrival_s - self._last_arrival_s > INACTIVE_S:
                self._reset()
            self._last_arrival_s = arrival_s
            unwrapped = self._unwrap(timestamp)
            self._newest_timestamp = max(self._newest_timestamp, unwrapped)
            self._target.add(sequence_number, arrival_s, arrival_s - unwrapped / AUDIO_RATE_HZ)
            self._insert(unwrapped, _Packet(sequence_number, payload, arrival_s))
            self._note_copies(sequence_number, unwrapped, payload, arrival_s, copies)

    def pull(self, now_s: float) -> AudioFrame:
        """The next 20 ms, shape (960,) int16. Silence before the first packet and long after the last."""
        first = False
        with self._lock:
            if not self._playing:
                if not self._ready(now_s):
                    return np.zeros(AUDIO_FRAME_SAMPLES, dtype=np.int16)
                self._playing = first = True
            self._skip_if_very_late()
            while len(self._sound) < AUDIO_FRAME_SAMPLES:
                self._fill(now_s)
            self._keep_to_target(now_s)
            if not self._held and self._next_timestamp is not None:
                self._spoken = ((self._next_timestamp - len(self._sound)) & 0xFFFFFFFF, now_s)
            frame = self._sound.take(AUDIO_FRAME_SAMPLES)
            self.total_samples += AUDIO_FRAME_SAMPLES
            self.energy += float(np.dot(frame, frame)) / 32768.0**2
        if first and self._on_first_frame is not None:
            self._on_first_frame()
            self._on_first_frame = None
        return np.clip(frame, -32768, 32767).astype(np.int16)

    def _reset(self) -> None:
        self._packets.clear()
        self._heard.clear()
        self._target.clear()
        self._sound.clear()
        self._next_timestamp = None
        self._last_sequence = None
        self._playing = self._dtx = False
        self._held = self._surplus_pulls = self._stale_run = 0

    # --- what comes in --------------------------------------------------------------------------

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

    def _insert(self, timestamp: int, packet: _Packet) -> None:
        assert self._next_timestamp is not None
        if self._playing and timestamp < self._next_timestamp:
            return
        there = self._packets.get(timestamp)
        if there is None or (there.is_copy and not packet.is_copy):
            self._packets[timestamp] = packet
        oldest_wanted = max(self._packets) - MAX_BUFFERED_S * AUDIO_RATE_HZ
        while len(self._packets) > MAX_BUFFERED_PACKETS or min(self._packets) < oldest_wanted:
            del self._packets[min(self._packets)]

    def _note_copies(
        self,
        sequence_number: int,
        timestamp: int,
        payload: bytes,
        arrival_s: float,
        copies: Sequence[Copy],
    ) -> None:
        # What comes back this way is played when the playout is that far behind: the target has to know of it.
        for place, copy in enumerate(reversed(copies), start=1):
            if len(copy.payload) <= DTX_BYTES:
                break  # from before a silence: too late for anything
            number = (sequence_number - place) & 0xFFFF
            if self._is_missing(number):
                self._remember(number)
                self._note_repair(number, timestamp - copy.age, arrival_s)
                self._insert(timestamp - copy.age, _Packet(number, copy.payload, arrival_s, is_copy=True))
        before = (sequence_number - 1) & 0xFFFF
        if self._is_missing(before) and self._decoder.can_recover(payload):
            self._note_repair(before, timestamp - AUDIO_FRAME_SAMPLES, arrival_s)
        self._remember(sequence_number)

    def _note_repair(self, sequence_number: int, timestamp: int, arrival_s: float) -> None:
        self._target.add_repair(sequence_number, arrival_s, arrival_s - timestamp / AUDIO_RATE_HZ)

    def _is_missing(self, sequence_number: int) -> bool:
        """Whether it did not come; what was sent before the first one that came is not missed."""
        if not self._heard or sequence_number in self._heard:
            return False
        return sequence_delta(sequence_number, next(iter(self._heard))) > 0

    def _remember(self, sequence_number: int) -> None:
        self._heard[sequence_number] = None
        if len(self._heard) > REMEMBERED_PACKETS:
            del self._heard[next(iter(self._heard))]

    # --- media time -----------------------------------------------------------------------------

    def _ready(self, now_s: float) -> bool:
        if not self._packets:
            return False
        self._next_timestamp = min(self._packets)
        return self._filled_up(now_s)

    def _filled_up(self, now_s: float) -> bool:
        return self._in_hand_s(now_s, min(self._packets)) >= self._target.target_s

    def _in_hand_s(self, now_s: float, timestamp: int) -> float:
        """How much later than the quickest packet the frame `timestamp` may come to be decoded at `now_s`."""
        return now_s - timestamp / AUDIO_RATE_HZ - self._target.quickest_s

    def _buffered_s(self) -> float:
        waiting = max(self._packets) + AUDIO_FRAME_SAMPLES - min(self._packets) if self._packets else 0
        return (waiting + len(self._sound)) / AUDIO_RATE_HZ

    def _skip_if_very_late(self) -> None:
        if self._buffered_s() <= self._target.target_s + SKIP_S:
            return
        drop_through = max(self._packets) - int(self._target.target_s * AUDIO_RATE_HZ)
        self._drop_before(drop_through + 1)
        self._jump(min(self._packets))

    def _drop_before(self, timestamp: int) -> None:
        for old in [each for each in self._packets if each < timestamp]:
            del self._packets[old]

    def _jump(self, timestamp: int) -> None:
        # Go on at another place of the media time.
        self._next_timestamp = timestamp
        self._held = 0
        self._sound.jump()

    def _advance(self, samples: int) -> None:
        assert self._next_timestamp is not None
        self._next_timestamp += samples
        self._drop_before(self._next_timestamp)

    # --- sound ----------------------------------------------------------------------------------

    def _fill(self, now_s: float) -> None:
        assert self._next_timestamp is not None
        fell_silent = self._held >= FADE_OUT_S * AUDIO_RATE_HZ
        if not self._packets or (fell_silent and not self._filled_up(now_s)):
            # Nothing came yet: hold the place, a late packet is still played. After an outage the buffer fills up
            # again first, or the next bit of jitter would make another hole.
            self._held += AUDIO_FRAME_SAMPLES
            self._fill_in(AUDIO_FRAME_SAMPLES, now_s, lost=not self._dtx)
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
        if self._held:
            # What was made up while waiting stands for what, as is known now, never comes.
            step = min(gap, self._held)
            self._held -= step
            self._advance(step)
            return
        step = min(gap, AUDIO_FRAME_SAMPLES)
        successor = self._packets[following]
        # Where the sequence numbers have no hole nothing is lost: the sender was silent on purpose.
        lost = (
            self._last_sequence is None or sequence_delta(successor.sequence_number, self._last_sequence) != 1
        )
        if lost and step == gap and self._sound.recover(successor.payload, step):
            self.recovered_samples += step
        else:
            self._fill_in(step, now_s, lost=lost)
        self._advance(step)

    def _decode(self, packet: _Packet, now_s: float) -> None:
        waiting_s = len(self._sound) / AUDIO_RATE_HZ
        self._last_sequence = packet.sequence_number
        self._dtx = len(packet.payload) <= DTX_BYTES
        self._held = 0
        samples = self._sound.decode(packet.payload)
        if samples == 0:
            samples = AUDIO_FRAME_SAMPLES
            self._fill_in(samples, now_s, lost=True)
        elif packet.is_copy:
            self.recovered_samples += samples
        if not packet.is_copy:
            self.total_delay_s += now_s - packet.arrival_s + waiting_s
            self.delay_count += 1
        self._advance(samples)

    def _fill_in(self, count: int, now_s: float, *, lost: bool) -> None:
        quiet_for_s = math.inf if self._last_arrival_s is None else now_s - self._last_arrival_s
        if quiet_for_s > INACTIVE_S:
            self._sound.make_up(count)
        elif lost:
            self.concealed_samples += count
            self._sound.make_up(count)
        else:
            self._sound.comfort(count)

    # --- the delay ------------------------------------------------------------------------------

    def _keep_to_target(self, now_s: float) -> None:
        assert self._next_timestamp is not None
        self._pulls_since_stretch += 1
        if self._held:
            return  # what is awaited may be lost: then nothing is late
        # The next frame is decoded when less than a frame waits.
        pulls, rest = divmod(len(self._sound), AUDIO_FRAME_SAMPLES)
        in_hand_s = self._in_hand_s(now_s + pulls * AUDIO_FRAME_S, self._next_timestamp)
        surplus_s = in_hand_s - self._target.target_s
        self._surplus_pulls = self._surplus_pulls + 1 if surplus_s > SURPLUS_S else 0
        if surplus_s < 0:
            if self._may_stretch(hurry=surplus_s < -HURRY_LONGER_S):
                self._sound.lengthen()
        elif self._surplus_pulls > PATIENCE_PULLS:
            is_pause = self._sound.is_pause
            may_wait = surplus_s < UNHEARD_S and self._surplus_pulls < UNHEARD_PULLS
            if (is_pause or not may_wait) and self._may_stretch(
                hurry=is_pause or surplus_s > HURRY_SHORTER_S
            ):
                self._shorten(now_s)
        elif (
            rest >= USELESS_SAMPLES
            and self._pulls_since_stretch > PATIENCE_PULLS
            and (self._sound.is_pause or self._pulls_since_stretch > UNHEARD_PULLS)
        ):
            self._sound.shorten(min(rest, concealment.MAX_LAG))
            self._pulls_since_stretch = 0

    def _shorten(self, now_s: float) -> None:
        needed = AUDIO_FRAME_SAMPLES + concealment.MAX_LAG
        while len(self._sound) < needed and self._next_timestamp in self._packets:
            self._fill(now_s)
        if len(self._sound) >= needed:
            self._sound.shorten()

    def _may_stretch(self, *, hurry: bool) -> bool:
        if not hurry and self._pulls_since_stretch < STRETCH_EVERY_PULLS:
            return False
        self._pulls_since_stretch = 0
        return True
