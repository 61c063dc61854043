"""Two snapshots of a channel make rates."""

from __future__ import annotations

from typing import Any

from desktop_app.rtc.counters import ChannelCounters
from desktop_app.stats.channels import ChannelStatsCollector


def counted(label: str = "chat", **values: Any) -> ChannelCounters:
    """Counters that are 0 where nothing is said."""
    zeros = {
        "is_open": True,
        "bytes_sent": 0,
        "bytes_received": 0,
        "messages_sent": 0,
        "messages_received": 0,
        "queued": 0,
        "buffered_bytes": 0,
        "dropped": {},
    }
    return ChannelCounters(label, **{**zeros, **values})


def test_rates_are_those_since_the_last_snapshot() -> None:
    collector = ChannelStatsCollector()
    [first] = collector.update(100.0, [counted(bytes_sent=5000, messages_sent=3)])
    assert (first.kbps_sent, first.bytes_sent, first.messages_sent, first.state) == (0.0, 5000, 3, "open")
    chat, board = collector.update(
        102.0,
        [counted(bytes_sent=15_000, bytes_received=1000, queued=4, dropped={"flood": 2}), counted("board")],
    )
    assert (chat.kbps_sent, chat.kbps_received) == (40.0, 4.0)
    assert (chat.messages_queued, chat.messages_dropped) == (4, {"flood": 2})
    assert (board.label, board.kbps_sent) == ("board", 0.0)


def test_a_channel_that_is_not_open_says_so_and_a_snapshot_in_the_same_moment_divides_by_nothing() -> None:
    collector = ChannelStatsCollector()
    collector.update(100.0, [counted()])
    [chat] = collector.update(100.0, [counted(is_open=False, bytes_sent=1)])
    assert chat.state == "closed"
    assert chat.kbps_sent > 0
