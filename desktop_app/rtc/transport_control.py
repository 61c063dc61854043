"""Transport-wide congestion control of one connection: numbers, feedback both ways, and room to send."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from desktop_app.core.tasks import TaskOwner
from desktop_app.media.clock import now_s

from .packet_log import PacketLog
from .probing import Prober, Train
from .send_estimate import PathEstimate
from .sent_rates import PACKET_OVERHEAD_BYTES, SentRates
from .transport_estimate import TransportEstimator
from .transport_feedback import FeedbackCollector, parse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

MIN_INTERVAL_S, MAX_INTERVAL_S = 0.050, 0.150
FEEDBACK_SHARE = 0.05
"""So much of what comes may be spent on telling of it (as in RFC 3550 6.2),"""
MESSAGE_BITS = 900.0
"""with IP, UDP and SRTP."""


WANTED_RATIO = 1.25
"""For headers, repairs, and the room that a step up asks for."""


NARROW_S = 10.0
"""After a queue was seen pictures are paced gently for so long."""


class TransportControl:
    """Lives on the engine loop."""

    def __init__(
        self,
        *,
        send_rtcp: Callable[[bytes], Awaitable[None]],
        our_ssrc: Callable[[], int],
        on_narrower: Callable[[], None],
        wanted_kbps: Callable[[], float],
    ) -> None:
        self._send_rtcp = send_rtcp
        self._our_ssrc = our_ssrc
        self._on_narrower = on_narrower
        self._wanted_kbps = wanted_kbps
        self._loop = asyncio.get_running_loop()
        self._tasks = TaskOwner("transport-feedback")
        self._log = PacketLog()
        self._rates = SentRates()
        self._estimator = TransportEstimator()
        self._prober = Prober()
        self.send_train: Callable[[Train], Awaitable[int]] | None = None
        """Repeats packets as a probe and tells how many; set by whoever has some."""
        self._collector = FeedbackCollector()
        self._media_ssrc = 0
        self._timer: asyncio.TimerHandle | None = None
        self._packets_since_feedback = 0
        self._room = asyncio.Event()
        self._closed = False

    # --- as the receiver ------------------------------------------------------------------------

    def note_arrival(self, number: int, ssrc: int) -> None:
        """A packet with a transport-wide number has come."""
        if self._closed:
            return
        self._media_ssrc = ssrc
        self._packets_since_feedback += 1
        self._collector.add(number, now_s())
        if self._timer is None:
            self._timer = self._loop.call_later(MIN_INTERVAL_S, self._report, MIN_INTERVAL_S)

    def _report(self, interval_s: float) -> None:
        self._timer = None
        if not self._collector:
            return  # the next packet starts the clock again
        for message in self._collector.take(sender_ssrc=self._our_ssrc(), media_ssrc=self._media_ssrc):
            self._tasks.spawn(self._send(message), name="feedback")
        # A packet of a narrow path is a small one; 500 bytes stand for both kinds.
        received_bps = self._packets_since_feedback * 4000 / interval_s
        self._packets_since_feedback = 0
        next_s = MESSAGE_BITS / (FEEDBACK_SHARE * received_bps) if received_bps else MAX_INTERVAL_S
        next_s = min(max(next_s, MIN_INTERVAL_S), MAX_INTERVAL_S)
        self._timer = self._loop.call_later(next_s, self._report, next_s)

    async def _send(self, message: bytes) -> None:
        await self._send_rtcp(message)

    # --- as the sender --------------------------------------------------------------------------

    def number_packet(self, kind: str, payload_bytes: int, train: int = 0) -> int:
        """A packet leaves now: its transport-wide number; `train` is that of a probe."""
        at_s = now_s()
        if not train:
            self._rates.add(at_s, kind, payload_bytes)
        return self._log.add(at_s, payload_bytes + PACKET_OVERHEAD_BYTES, train)

    def _probe(self, at_s: float) -> None:
        if self.send_train is None or self.is_congested or self._closed:
            return
        train = self._prober.due(
            at_s,
            self._estimator.kbps,
            wanted_kbps=WANTED_RATIO * self._wanted_kbps(),
            quiet_since_s=self._estimator.quiet_since_s,
        )
        if train is not None:
            self._tasks.spawn(self._send_train(train), name="probe")

    async def _send_train(self, train: Train) -> None:
        assert self.send_train is not None
        try:
            self._prober.sent(await self.send_train(train))
        except ConnectionError:
            self._prober.sent(0)

    def take_feedback(self, message: bytes) -> None:
        """One RTCP message of the far end. Never raises: it comes from the network."""
        try:
            feedback = parse(message)
        except ValueError as error:
            logger.debug("transport feedback was dropped: %s", error)
            return
        at_s = now_s()
        results = self._log.take(feedback, at_s)
        if not results:
            return  # nothing new: an answer in form alone
        is_narrower = self._estimator.take(at_s, results, is_contiguous=self._log.is_contiguous)
        shown_kbps = self._prober.take(at_s, self._estimator.kbps, results)
        if shown_kbps is not None and not is_narrower:
            self._estimator.prove(shown_kbps)
        if not self.is_congested:
            self._room.set()
        if is_narrower:
            self._on_narrower()

    @property
    def is_congested(self) -> bool:
        """Whether so much is under way that nothing but sound should be added."""
        return self._estimator.feedback_s is not None and self._estimator.is_congested(
            now_s(), self._log.in_flight_bytes
        )

    @property
    def is_narrow(self) -> bool:
        """Whether a queue was seen of late."""
        return now_s() - self._estimator.quiet_since_s < NARROW_S

    async def wait_for_room(self, limit_s: float) -> bool:
        """Wait until the path can take more; False when it could not within the limit."""
        self._room.clear()
        try:
            async with asyncio.timeout(limit_s):
                while self.is_congested and not self._closed:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            return False
        return True

    def update(self, at_s: float) -> PathEstimate | None:
        """What the path carries, None while no feedback tells; to be called a few times a second: it also probes."""
        estimator = self._estimator
        estimator.update(at_s, self._log.oldest_unanswered_s)
        if estimator.feedback_s is None:
            return None
        self._probe(at_s)
        return PathEstimate(
            kbps=self._rates.payload_kbps(at_s, estimator.kbps),
            fraction_lost=estimator.fraction_lost,
            queue_s=estimator.queue_s,
            settled_kbps=self._rates.payload_kbps(at_s, estimator.settled_kbps),
        )

    def close(self) -> None:
        """End the timer and whoever waits."""
        self._closed = True
        self._room.set()
        if self._timer is not None:
            self._timer.cancel()
        self._tasks.cancel()
