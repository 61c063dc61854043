"""One participant's counters, whichever ways their sound and picture have come and ours have gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from desktop_app.rtc.counters import InboundCounters, OutboundCounters, PeerCounters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .voice_switch import Heard

C = TypeVar("C", InboundCounters, OutboundCounters)

MAX_REMEMBERED = 16
"""Connections, so that a call in which they are made again and again does not grow."""

_NOT_SUMS = {
    "codec",
    "jitter_ms",
    "width_px",
    "height_px",
    "remote_loss",
    "remote_jitter_ms",
    "estimate_kbps",
}


def _sum(total: C | None, now: C, before: C | None) -> C:
    """`total` with what `now` has more than `before`; what is no sum is that of `now`."""
    changes = {}
    for name in now.__dataclass_fields__:
        if name not in _NOT_SUMS:
            grown = getattr(now, name) - (0 if before is None else getattr(before, name))
            changes[name] = (0 if total is None else getattr(total, name)) + grown
    return replace(now, **changes)


class Tally:
    """Sums up over connections. What was sent and received goes on growing when media moves to another one."""

    def __init__(self) -> None:
        self._before: dict[int, PeerCounters] = {}
        self._total: PeerCounters | None = None
        self._serial: int | None = None

    def update(self, ways: Sequence[PeerCounters], heard: Heard, frames_shown: int) -> PeerCounters | None:
        """The sums of now.

        Args:
            ways: of each connection there is; what is no sum is that of the last one that has it.
            heard: what was played.
            frames_shown: in the tile.
        """
        total = self._total
        for now in ways:
            total = self._add(total, now)
        # What a connection that brings nothing for a while has counted before is not new when it does so again.
        for now in ways:
            self._before.pop(now.connection, None)
            self._before[now.connection] = now
        while len(self._before) > MAX_REMEMBERED:
            del self._before[next(iter(self._before))]
        self._total = total
        if total is None or not ways:
            return None
        video, audio = total.inbound_video, total.inbound_audio
        return replace(
            total,
            # While two ways bring the same picture and sound, what counts is what is seen and heard of it.
            inbound_video=None if video is None else replace(video, frames_decoded=frames_shown),
            inbound_audio=None
            if audio is None
            else replace(
                audio,
                total_samples=heard.total_samples,
                concealed_samples=heard.concealed_samples,
                energy=heard.energy,
                total_delay_s=heard.total_delay_s,
                delay_count=heard.delay_count,
            ),
        )

    def begin(self, ways: Sequence[PeerCounters]) -> None:
        """What was counted so far, before the participant came, has nothing to do with them."""
        self._before = {now.connection: now for now in ways}

    def _add(self, total: PeerCounters | None, now: PeerCounters) -> PeerCounters:
        before = self._before.get(now.connection)
        if self._serial is None:
            self._serial = now.connection
        sums = _NONE if total is None else total
        old = _NONE if before is None else before
        return replace(
            now,
            connection=self._serial,
            transport_bytes_sent=sums.transport_bytes_sent
            + _grown(now.transport_bytes_sent, old.transport_bytes_sent),
            transport_bytes_received=sums.transport_bytes_received
            + _grown(now.transport_bytes_received, old.transport_bytes_received),
            inbound_video=_stream(sums.inbound_video, now.inbound_video, old.inbound_video),
            inbound_audio=_stream(sums.inbound_audio, now.inbound_audio, old.inbound_audio),
            outbound_video=_stream(sums.outbound_video, now.outbound_video, old.outbound_video),
            outbound_audio=_stream(sums.outbound_audio, now.outbound_audio, old.outbound_audio),
        )


_NONE = PeerCounters(0, 0.0, None, None, None, 0, 0, None, None, None, None)


def _grown(now: int, before: int) -> int:
    return now - before if now >= before else now  # it counts from the beginning again


def _stream(total: C | None, now: C | None, before: C | None) -> C | None:
    if now is None:
        return total
    if before is not None and _bytes(now) < _bytes(before):
        before = None  # it counts from the beginning again
    return _sum(total, now, before)


def _bytes(counters: InboundCounters | OutboundCounters) -> int:
    return counters.bytes_received if isinstance(counters, InboundCounters) else counters.bytes_sent
