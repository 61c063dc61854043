"""The part of the table of statistics that is about data channels (webrtc-stats, "data-channel: member")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import units
from .stats_line import Line, Section, make_rows

if TYPE_CHECKING:
    from desktop_app.stats.model import ChannelStats, PeerStats

TITLES = {
    "control": "Data: control",
    "chat": "Data: chat",
    "files": "Data: files",
    "bulk": "Data: contents of files",
    "board": "Data: whiteboard",
    "pointer": "Data: pointers",
}
"""By the channel's label; the table's shape is always the same."""


def _queue(stats: ChannelStats) -> str:
    return f"{units.count(stats.messages_queued)} ({units.byte_size(stats.buffered_bytes)})"


def _dropped(stats: ChannelStats) -> str:
    reasons = ", ".join(f"{number} {reason}" for reason, number in stats.messages_dropped.items())
    return reasons or units.count(0)


_CHANNEL: tuple[Line[ChannelStats, ChannelStats], ...] = (
    Line("State", lambda s: units.word(s.state.capitalize()), "data-channel: state"),
    Line(
        "Bit rate",
        lambda s: units.bit_rate(s.kbps_received),
        "data-channel: rate of bytesReceived",
        lambda s: units.bit_rate(s.kbps_sent),
        "data-channel: rate of bytesSent",
    ),
    Line(
        "Data",
        lambda s: units.byte_size(s.bytes_received),
        "data-channel: bytesReceived",
        lambda s: units.byte_size(s.bytes_sent),
        "data-channel: bytesSent",
    ),
    Line(
        "Messages",
        lambda s: units.count(s.messages_received),
        "data-channel: messagesReceived",
        lambda s: units.count(s.messages_sent),
        "data-channel: messagesSent",
    ),
    Line(
        "Waiting",
        sent=_queue,
        sent_w3c="messages that wait for the channel, and RTCDataChannel.bufferedAmount",
    ),
    Line("Messages dropped", _dropped, "of either direction, and why"),
)


def data_sections(peer: PeerStats | None) -> tuple[Section, ...]:
    """A section for each channel."""
    channels = {each.label: each for each in peer.channels} if peer else {}
    return tuple(
        Section(title, make_rows(_CHANNEL, channels.get(label), channels.get(label)))
        for label, title in TITLES.items()
    )


def kbps_received(peer: PeerStats) -> float | None:
    """All channels together; None before there are any."""
    return sum(each.kbps_received for each in peer.channels) if peer.channels else None


def kbps_sent(peer: PeerStats) -> float | None:
    """All channels together; None before there are any."""
    return sum(each.kbps_sent for each in peer.channels) if peer.channels else None
