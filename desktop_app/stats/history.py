"""The last two minutes of a call as series that can be drawn. Bounded, no Qt, no clock of its own."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import CallStats, PeerStats

DEFAULT_SPAN_S = 120.0
MAX_SAMPLES = 600
"""A bound that holds whatever the times say; five samples a second fill two minutes."""


class Metric(StrEnum):
    """What can be drawn. "Receive" is from the others to us, "send" from us to them."""

    RECEIVE_KBPS = "receive_kbps"
    SEND_KBPS = "send_kbps"
    RECEIVE_LOSS_PCT = "receive_loss_pct"
    SEND_LOSS_PCT = "send_loss_pct"
    ROUND_TRIP_TIME_MS = "round_trip_time_ms"


_SUMMED = frozenset({Metric.RECEIVE_KBPS, Metric.SEND_KBPS})


@dataclass(frozen=True, slots=True)
class Series:
    """Equally long: seconds before the newest sample (-120 to 0), and values; NaN is a gap."""

    ages_s: tuple[float, ...]
    values: tuple[float, ...]


def _values_of(peer: PeerStats) -> dict[Metric, float]:
    """One participant's second; bit rates add up sound, picture and shared screen, loss is the worst of them."""
    streams_in = (peer.inbound_video, peer.inbound_audio, peer.inbound_screen)
    inbound = [each for each in streams_in if each is not None]
    streams_out = (peer.outbound_video, peer.outbound_audio, peer.outbound_screen)
    outbound = [each for each in streams_out if each is not None]
    values: dict[Metric, float] = {}
    if inbound:
        values[Metric.RECEIVE_KBPS] = sum(each.kbps for each in inbound)
        values[Metric.RECEIVE_LOSS_PCT] = max(each.loss_pct for each in inbound)
    if outbound:
        values[Metric.SEND_KBPS] = sum(each.kbps for each in outbound)
        values[Metric.SEND_LOSS_PCT] = max(each.remote_loss_pct for each in outbound)
    if peer.transport.round_trip_time_ms is not None:
        values[Metric.ROUND_TRIP_TIME_MS] = peer.transport.round_trip_time_ms
    return {metric: value for metric, value in values.items() if math.isfinite(value)}


def _combine(known: list[float], *, summed: bool) -> float:
    """All participants as one figure: the sum of the bit rates, the worst of everything else."""
    if not known:
        return math.nan
    return sum(known) if summed else max(known)


class StatsHistory:
    """Keeps `span_s` seconds of CallStats, reduced to what the graphs show."""

    def __init__(self, span_s: float = DEFAULT_SPAN_S) -> None:
        self._span_s = span_s
        self._samples: deque[tuple[float, bool, dict[str, dict[Metric, float]]]] = deque(maxlen=MAX_SAMPLES)
        """When, whether everybody was sent the same once, and the figures by user id."""

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def span_s(self) -> float:
        """How far back the series reach, in seconds."""
        return self._span_s

    def add(self, stats: CallStats, *, sent_once: bool = False) -> None:
        """Append one second; what is older than the span goes.

        `sent_once`: what was sent to each participant is the same, and travelled once, to an SFU.
        """
        if not math.isfinite(stats.time_s):
            return
        if self._samples and stats.time_s <= self._samples[-1][0]:
            # The system's clock was set back: what is here can no longer be placed before the new sample.
            self._samples.clear()
        self._samples.append(
            (stats.time_s, sent_once, {user_id: _values_of(peer) for user_id, peer in stats.peers.items()})
        )
        while stats.time_s - self._samples[0][0] > self._span_s:
            self._samples.popleft()

    def series(self, metric: Metric, user_id: str | None = None) -> Series:
        """One participant's series, or with None that of all together."""
        if not self._samples:
            return Series((), ())
        newest_s = self._samples[-1][0]
        ages = tuple(time_s - newest_s for time_s, _, _ in self._samples)
        if user_id is None:
            values = tuple(
                _combine(
                    [peer[metric] for peer in peers.values() if metric in peer],
                    summed=metric in _SUMMED and not (sent_once and metric is Metric.SEND_KBPS),
                )
                for _, sent_once, peers in self._samples
            )
        else:
            values = tuple(peers.get(user_id, {}).get(metric, math.nan) for _, _, peers in self._samples)
        return Series(ages, values)

    def clear(self) -> None:
        """Forget everything (a new call)."""
        self._samples.clear()
