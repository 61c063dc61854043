"""The data channels of a connection, the same at both ends (docs/data-channels.md)."""

from __future__ import annotations

from desktop_app.rtc.channel_spec import ChannelSpec

DEFAULT_CHUNK_BYTES = 16 * 1024
MAX_CHUNK_BYTES = 256 * 1024
OWN_CHUNK_BYTES = 60 * 1024
"""What we take; with its header below 64 KiB, which every SCTP implementation takes (RFC 8841 6.1)."""
MAX_TEXT_BYTES = 64 * 1024
"""Of one JSON message."""
MAX_BULK_QUEUED_BYTES = 128 * 1024
"""What bulk data may have waiting in its channel, so that nothing else waits behind it."""

CONTROL = ChannelSpec("control", 100, priority="high")
CHAT = ChannelSpec("chat", 101, priority="high")
FILES = ChannelSpec("files", 102, priority="medium")
BULK = ChannelSpec("bulk", 103, priority="very-low", binary=True)
BOARD = ChannelSpec("board", 104, priority="low")
POINTER = ChannelSpec("pointer", 105, ordered=False, max_retransmits=0, priority="high")

CHANNELS = (CONTROL, CHAT, FILES, BULK, BOARD, POINTER)
