"""A call's sending side, a link of tests/netlab and a far end, in simulated time: what the estimators do together."""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.rtc.loss_control import LossWindow
from desktop_app.rtc.path_monitor import WATCHING_S
from desktop_app.rtc.receive_estimate import ReceiveEstimator
from desktop_app.rtc.send_estimate import REMB_FRESH_S, SendEstimator
from tests.netlab.links import Conditions, Link

if TYPE_CHECKING:
    from collections.abc import Callable

FPS = 30
AUDIO_KBPS = 32.0
HEADERS_BYTES = 58
"""IP, UDP, RTP with extensions, SRTP's tag."""
STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class Moment:
    """What was true at the end of one step."""

    at_s: float
    estimate_kbps: float
    delivered_kbps: float
    """Payload that arrived in the step."""
    queue_ms: float
    """The longest that a packet of the step waited in the bottleneck."""


class PathSimulation:
    """Pictures of `video_kbps` (at most) and sound go over a link; the answers take the same delay back."""

    def __init__(
        self, conditions: Conditions, *, video_kbps: float = 1000.0, remb: bool = True, seed: int = 1
    ) -> None:
        self._random = random.Random(seed)
        self._link = Link(conditions)
        self._back_s = conditions.delay_ms / 1000
        self._max_video_kbps = video_kbps
        self._with_remb = remb
        self._video_kbps = min(video_kbps, 600.0)
        self._now_s = 0.0
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self.estimator = SendEstimator()
        self._receiver = ReceiveEstimator()
        self._losses = LossWindow()
        self._remb: tuple[float, float] | None = None
        self._round_trip_s: float | None = None
        self._sent: list[tuple[float, int]] = []
        self._packets_sent = {"video": 0, "audio": 0}
        self._highest = {"video": 0, "audio": 0}
        self._received = {"video": 0, "audio": 0}
        self._reported = {"video": (0, 0), "audio": (0, 0)}
        self._waits_s = 0.0
        self._newest_wait_s = 0.0
        self._delivered_bytes = 0
        self.moments: list[Moment] = []
        self._at(0.0, self._frame)
        self._at(0.0, self._sound)
        self._at(1.0, lambda: self._report("video"))
        self._at(1.2, lambda: self._report("audio"))
        self._at(STEP_S, self._step)

    def run_until(self, end_s: float, conditions: Conditions | None = None) -> list[Moment]:
        """Go on until `end_s`, with other weather if given; the moments of this stretch."""
        if conditions is not None:
            self._link.conditions = conditions
        begin = len(self.moments)
        while self._events[0][0] < end_s:
            self._now_s, _, event = heapq.heappop(self._events)
            event()
        return self.moments[begin:]

    def show(self, video_kbps: float) -> None:
        """Let the camera see something that takes at most this much: a still wall takes little."""
        self._max_video_kbps = video_kbps
        self._video_kbps = min(self._video_kbps, video_kbps)

    def _at(self, at_s: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at_s, next(self._order), event))

    def _frame(self) -> None:
        size = int(self._video_kbps * 1000 / 8 / FPS * max(0.3, self._random.gauss(1, 0.25)))
        while size > 0 and self._video_kbps > 0:
            self._send("video", min(1200, size))
            size -= 1200
        self._at(self._now_s + 1 / FPS, self._frame)

    def _sound(self) -> None:
        self._send("audio", int(AUDIO_KBPS * 1000 / 8 / 50))
        self._at(self._now_s + 0.02, self._sound)

    def _send(self, kind: str, size: int) -> None:
        self._sent.append((self._now_s, size))
        self._packets_sent[kind] += 1
        number, sent_s = self._packets_sent[kind], self._now_s
        arrival_s = self._link.arrival_s(size + HEADERS_BYTES, sent_s, self._random.random)
        if arrival_s is not None:
            self._at(arrival_s, lambda: self._arrive(kind, size, number, sent_s))

    def _arrive(self, kind: str, size: int, number: int, sent_s: float) -> None:
        self._received[kind] += 1
        self._highest[kind] = max(self._highest[kind], number)
        self._delivered_bytes += size
        self._newest_wait_s = self._now_s - sent_s - self._link.conditions.delay_ms / 1000
        self._waits_s = max(self._waits_s, self._newest_wait_s)
        if kind == "video" and self._with_remb:
            # A loop gets to a packet about a millisecond after it came.
            seen_ms = int((self._now_s + abs(self._random.gauss(0, 0.001))) * 1000)
            stamp = int(sent_s * (1 << 18)) & 0xFFFFFF
            kbps = self._receiver.add(abs_send_time=stamp, arrival_ms=seen_ms, payload_bytes=size)
            if kbps is not None:
                self._at(self._now_s + self._back_s, lambda: self._take_remb(kbps))

    def _take_remb(self, kbps: float) -> None:
        self._remb = (kbps, self._now_s)

    def _report(self, kind: str) -> None:
        highest, received = self._highest[kind], self._received[kind]
        old_highest, old_received = self._reported[kind]
        self._reported[kind] = (highest, received)
        if highest > old_highest:
            lost = max(0.0, 1 - (received - old_received) / (highest - old_highest))
            sent = self._packets_sent[kind]
            round_trip_s = 2 * self._back_s + self._newest_wait_s

            def arrived() -> None:
                self._losses.add(kind, lost, sent)
                self._round_trip_s = round_trip_s

            self._at(self._now_s + self._back_s, arrived)
        self._at(self._now_s + self._random.uniform(0.5, 1.5), lambda: self._report(kind))

    def _step(self) -> None:
        now_s = self._now_s
        self._sent = [each for each in self._sent if now_s - each[0] < 1]
        remb = self._remb
        kbps = self.estimator.update(
            now_s,
            remb_kbps=remb[0] + AUDIO_KBPS if remb is not None and now_s - remb[1] < REMB_FRESH_S else None,
            fraction_lost=self._losses.take(),
            round_trip_s=self._round_trip_s,
            receiver_watches=remb is not None and now_s - remb[1] < WATCHING_S,
            sent_kbps=sum(size for _, size in self._sent) * 8 / 1000 / min(1.0, now_s),
        )
        self._round_trip_s = None
        self._video_kbps = max(0.0, min(self._max_video_kbps, kbps - AUDIO_KBPS))
        delivered_kbps = self._delivered_bytes * 8 / 1000 / STEP_S
        self.moments.append(Moment(now_s, kbps, delivered_kbps, self._waits_s * 1000))
        self._delivered_bytes, self._waits_s = 0, 0.0
        self._at(now_s + STEP_S, self._step)
