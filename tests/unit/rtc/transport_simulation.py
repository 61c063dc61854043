"""Two ends that send sound and pictures to each other over two links of tests/netlab, in simulated time.

Everything between camera and network is coarse; the feedback messages are real ones and take the same crowded links.
"""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from desktop_app.rtc.packet_log import PacketLog
from desktop_app.rtc.sent_rates import SentRates
from desktop_app.rtc.transport_estimate import TransportEstimator
from desktop_app.rtc.transport_feedback import FeedbackCollector, parse
from tests.netlab.links import Conditions, Link

if TYPE_CHECKING:
    from collections.abc import Callable

FPS = 30
AUDIO_KBPS = 32.0
HEADERS_BYTES = 62
FEEDBACK_S = 0.05
STEER_S = 0.25
SAMPLE_S = 0.25


@dataclass(frozen=True, slots=True)
class Moment:
    """What was true of one direction at the end of a quarter of a second."""

    at_s: float
    estimate_kbps: float
    sent_kbps: float
    delivered_kbps: float
    queue_ms: float
    """The longest wait in the bottleneck."""
    audio_lost: int
    frames_skipped: int


class End:
    """One participant: what it sends, and what it reports."""

    def __init__(self, simulation: Simulation, link: Link, name: str) -> None:
        self.simulation, self.link, self.name = simulation, link, name
        self.peer: End = self
        self.log, self.estimator, self.collector = PacketLog(), TransportEstimator(), FeedbackCollector()
        self.max_video_kbps = simulation.max_video_kbps
        self.video_kbps = min(600.0, self.max_video_kbps)
        self.rates = SentRates()
        self.queue: list[int] = []
        self.sent_bytes = self.delivered_bytes = self.audio_lost = self.skipped = 0
        self.wait_s = 0.0
        self.moments: list[Moment] = []

    def start(self, offset_s: float) -> None:
        at = self.simulation.at
        at(offset_s, self._frame)
        at(offset_s + 0.003, self._sound)
        at(offset_s + 0.011, self._feedback)
        at(offset_s + 0.1, self._steer)
        at(SAMPLE_S, self._sample)

    def _frame(self) -> None:
        now_s, chance = self.simulation.now_s, self.simulation.random
        self.simulation.at(now_s + 1 / FPS, self._frame)
        if self.queue and self.estimator.is_congested(self.simulation.now_s, self.log.in_flight_bytes):
            self.skipped += 1
            return
        size = int(self.video_kbps * 1000 / 8 / FPS * max(0.3, chance.gauss(1, 0.25)))
        was_empty = not self.queue
        count = max(1, -(-size // 1150))
        self.queue += [size // count] * count
        if was_empty and self.video_kbps > 0:
            self._pump()

    def _pump(self) -> None:
        now_s = self.simulation.now_s
        if not self.queue:
            return
        if self.estimator.is_congested(self.simulation.now_s, self.log.in_flight_bytes):
            self.simulation.at(now_s + 0.005, self._pump)
            return
        size = self.queue.pop(0)
        self._send(size, is_audio=False)
        if self.queue:
            self.simulation.at(now_s + size * 8 / 1000 / max(300.0, 2.5 * self.video_kbps), self._pump)

    def _sound(self) -> None:
        self._send(int(AUDIO_KBPS * 1000 / 8 / 50), is_audio=True)
        self.simulation.at(self.simulation.now_s + 0.02, self._sound)

    def _send(self, size: int, *, is_audio: bool) -> None:
        simulation, now_s = self.simulation, self.simulation.now_s
        number = self.log.add(now_s, size + HEADERS_BYTES)
        self.rates.add(now_s, "audio" if is_audio else "video", size)
        self.sent_bytes += size
        arrival_s = self.link.arrival_s(size + HEADERS_BYTES, now_s, simulation.random.random)
        if arrival_s is None:
            self.audio_lost += is_audio
            return
        self.wait_s = max(self.wait_s, arrival_s - now_s - self.link.conditions.delay_ms / 1000)

        def arrive() -> None:
            self.delivered_bytes += size
            seen_s = simulation.now_s + abs(simulation.random.gauss(0, 0.001))
            self.peer.collector.add(number, 1000.0 + seen_s)

        simulation.at(arrival_s, arrive)

    def _feedback(self) -> None:
        simulation = self.simulation
        simulation.at(simulation.now_s + FEEDBACK_S, self._feedback)
        for message in self.collector.take(sender_ssrc=1, media_ssrc=2):
            size = len(message) + HEADERS_BYTES - 16
            arrival_s = self.link.arrival_s(size, simulation.now_s, simulation.random.random)
            if arrival_s is not None:
                simulation.at(arrival_s, partial(self.peer.take, message))

    def take(self, message: bytes) -> None:
        padding = message[-1] if message[0] & 0x20 else 0
        feedback = parse(message[: len(message) - padding])
        now_s = self.simulation.now_s
        results = self.log.take(feedback, now_s)
        if self.estimator.take(now_s, results, is_contiguous=self.log.is_contiguous):
            self._aim()

    def _steer(self) -> None:
        self.simulation.at(self.simulation.now_s + STEER_S, self._steer)
        self.estimator.update(self.simulation.now_s, self.log.oldest_unanswered_s)
        self._aim()

    @property
    def payload_kbps(self) -> float:
        """What the path is thought to carry of sound and pictures."""
        return self.rates.payload_kbps(self.simulation.now_s, self.estimator.kbps)

    def _aim(self) -> None:
        self.video_kbps = max(0.0, min(self.max_video_kbps, self.payload_kbps - AUDIO_KBPS))

    def _sample(self) -> None:
        now_s = self.simulation.now_s
        self.moments.append(
            Moment(
                now_s,
                self.payload_kbps,
                self.sent_bytes * 8 / 1000 / SAMPLE_S,
                self.delivered_bytes * 8 / 1000 / SAMPLE_S,
                self.wait_s * 1000,
                self.audio_lost,
                self.skipped,
            )
        )
        self.sent_bytes = self.delivered_bytes = self.audio_lost = self.skipped = 0
        self.wait_s = 0.0
        self.simulation.at(now_s + SAMPLE_S, self._sample)


class Simulation:
    """Both directions have the same weather."""

    def __init__(self, conditions: Conditions, *, video_kbps: float = 1000.0, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.max_video_kbps = video_kbps
        self.now_s = 0.0
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self.ends = [End(self, Link(conditions), name) for name in "ab"]
        self.ends[0].peer, self.ends[1].peer = self.ends[1], self.ends[0]
        for number, end in enumerate(self.ends):
            end.start(0.007 * number)

    def at(self, at_s: float, event: Callable[[], None]) -> None:
        """Call `event` then."""
        heapq.heappush(self._events, (at_s, next(self._order), event))

    def run_until(self, end_s: float, conditions: Conditions | None = None) -> list[Moment]:
        """Go on until `end_s`, with other weather if given; the first end's moments of this stretch."""
        if conditions is not None:
            for end in self.ends:
                end.link.conditions = conditions
        begin = len(self.ends[0].moments)
        while self._events[0][0] < end_s:
            self.now_s, _, event = heapq.heappop(self._events)
            event()
        return self.ends[0].moments[begin:]
