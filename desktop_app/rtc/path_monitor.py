"""From what the senders of one connection hear of the far end to one estimate of the path."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .loss_control import LossWindow
from .send_estimate import REMB_FRESH_S, PathEstimate, SendEstimator

if TYPE_CHECKING:
    from collections.abc import Mapping

SENT_WINDOW_S = 1.0
REPAIR, REDUNDANT = "repair", "redundant"
WATCHING_S = 1.5
"""Chromium and our own ends send REMB at least once a second while pictures come."""


@dataclass(slots=True)
class RemoteReport:
    """What the far end says about one of our streams."""

    report_count: int = 0
    """Reception reports so far."""
    fraction_lost: float = 0.0
    """0 to 1, of the newest report."""
    jitter_s: float = 0.0
    round_trip_s: float | None = None
    """Smoothed."""
    newest_round_trip_s: float | None = None
    """Of the newest report that told it."""
    round_trip_count: int = 0
    """How many told it."""
    estimate_kbps: float | None = None
    """REMB: what this and the other streams that it names may take together."""
    estimate_at_s: float = 0.0
    nack_count: int = 0
    pli_count: int = 0
    retransmitted_packets: int = 0


@dataclass(frozen=True, slots=True)
class StreamState:
    """One of our streams at one moment."""

    remote: RemoteReport
    packets_sent: int
    payload_bytes_sent: int
    repaired_bytes: int = 0
    """Sent again."""
    redundant_bytes: int = 0
    """The part of `payload_bytes_sent` that was sent before (RED)."""
    copies: int = 0
    """Earlier frames in each packet (RED)."""


class PathMonitor:
    """One connection's. Pure: the time is passed in; ask a few times a second."""

    def __init__(self) -> None:
        self._estimator = SendEstimator()
        self._losses = LossWindow()
        self._reports: dict[str, int] = {}
        self._round_trips: dict[str, int] = {}
        self._sent: deque[tuple[float, dict[str, int]]] = deque(maxlen=64)

    def update(
        self, now_s: float, streams: Mapping[str, StreamState], measured: PathEstimate | None = None
    ) -> PathEstimate:
        """The estimate at `now_s`.

        Args:
            now_s: any monotonic clock.
            streams: by kind, "audio" and "video".
            measured: what transport-wide feedback tells, which is better than anything that is known here.
        """
        round_trip_s: float | None = None
        for kind, stream in streams.items():
            remote = stream.remote
            if remote.report_count != self._reports.get(kind, 0):
                self._reports[kind] = remote.report_count
                self._losses.add(kind, remote.fraction_lost, stream.packets_sent)
            if remote.round_trip_count != self._round_trips.get(kind, 0):
                self._round_trips[kind] = remote.round_trip_count
                if remote.newest_round_trip_s is not None:
                    # The better of two reports that came together: the other one waited somewhere.
                    round_trip_s = min(remote.newest_round_trip_s, round_trip_s or remote.newest_round_trip_s)
        video = streams.get("video")
        totals = {kind: each.payload_bytes_sent for kind, each in streams.items()}
        totals[REPAIR] = sum(each.repaired_bytes for each in streams.values())
        totals[REDUNDANT] = sum(each.redundant_bytes for each in streams.values())
        sent_kbps = self._sent_kbps(now_s, totals)
        redundant_kbps = sent_kbps.pop(REDUNDANT, 0.0)  # counted with its stream already
        self._estimator.update(
            now_s,
            remb_kbps=self._remb_kbps(now_s, streams, sent_kbps.get("audio", 0.0)),
            fraction_lost=self._losses.take(),
            round_trip_s=round_trip_s,
            sent_kbps=sum(sent_kbps.values()),
            receiver_watches=video is not None
            and video.remote.estimate_kbps is not None
            and now_s - video.remote.estimate_at_s < WATCHING_S,
        )
        repair_kbps = sent_kbps.get(REPAIR, 0.0) + redundant_kbps
        estimate = measured or self._estimator.estimate
        sound_loss = estimate.fraction_lost ** (1 + streams["audio"].copies) if "audio" in streams else 0.0
        return replace(estimate, repair_kbps=repair_kbps, sound_loss=sound_loss)

    def _remb_kbps(self, now_s: float, streams: Mapping[str, StreamState], audio_kbps: float) -> float | None:
        # Sound bears no abs-send-time stamp, so REMB speaks of the pictures alone.
        video = streams.get("video")
        if video is None or video.remote.estimate_kbps is None:
            return None
        if now_s - video.remote.estimate_at_s > REMB_FRESH_S:
            return None
        return video.remote.estimate_kbps + audio_kbps

    def _sent_kbps(self, now_s: float, total_bytes: dict[str, int]) -> dict[str, float]:
        self._sent.append((now_s, total_bytes))
        while len(self._sent) > 2 and now_s - self._sent[1][0] >= SENT_WINDOW_S:
            self._sent.popleft()
        begin_s, begin_bytes = self._sent[0]
        if now_s <= begin_s:
            return {}
        return {
            kind: max(0, count - begin_bytes.get(kind, 0)) * 8 / 1000 / (now_s - begin_s)
            for kind, count in total_bytes.items()
        }
