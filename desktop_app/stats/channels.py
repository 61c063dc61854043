"""Two snapshots of a participant's data channels make rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .model import ChannelStats

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktop_app.rtc.counters import ChannelCounters

MIN_SECONDS = 0.001


class ChannelStatsCollector:
    """Remembers the last snapshot. Pure: time comes with the snapshots."""

    def __init__(self) -> None:
        self._at_s = 0.0
        self._last: dict[str, ChannelCounters] = {}

    def update(self, at_s: float, counters: Iterable[ChannelCounters]) -> tuple[ChannelStats, ...]:
        """The statistics of each channel; the rates are those since the last call, 0 in the first."""
        seconds = max(MIN_SECONDS, at_s - self._at_s)
        now = {each.label: each for each in counters}
        stats = tuple(_stats(each, self._last.get(label, each), seconds) for label, each in now.items())
        self._at_s, self._last = at_s, now
        return stats


def _stats(now: ChannelCounters, last: ChannelCounters, seconds: float) -> ChannelStats:
    return ChannelStats(
        label=now.label,
        state="open" if now.is_open else "closed",
        bytes_received=now.bytes_received,
        bytes_sent=now.bytes_sent,
        kbps_received=(now.bytes_received - last.bytes_received) * 8 / 1000 / seconds,
        kbps_sent=(now.bytes_sent - last.bytes_sent) * 8 / 1000 / seconds,
        messages_received=now.messages_received,
        messages_sent=now.messages_sent,
        messages_queued=now.queued,
        buffered_bytes=now.buffered_bytes,
        messages_dropped=dict(now.dropped),
    )
