"""The bounds of file transfers, for both directions (docs/data-channels.md)."""

from __future__ import annotations

WINDOW_BYTES = 448 * 1024
"""How far a sender may be ahead of what the receiver says is written: less than 1 MB is sent twice in all after a cut
and a kill. Enough for 60 Mbit/s at 50 ms of round trip, and 15 at 200 ms."""
MAX_UNWRITTEN_BYTES = 1024 * 1024
"""What a receiver takes of a sender that is ahead of it; more than the window, since there may be other windows."""
PROGRESS_BYTES = 64 * 1024
"""How much is written between two messages of progress, at most."""
TICK_S = 0.25
"""Between two messages or events of progress, at most."""
BLOCK_BYTES = 256 * 1024
"""What is read of a source at a time."""
READ_AHEAD_BYTES = 2 * BLOCK_BYTES
MAX_OPEN = 50
"""Transfers with one participant in each direction that are not over."""
MAX_REMEMBERED = 500
"""Transfers that are over and still known, to answer those who did not hear of it."""
MAX_RECORDS = 200
"""Unfinished transfers that are taken up at the start; as many tags fit into one message."""
RECORD_AGE_S = 30 * 24 * 3600.0
"""A beginning that nobody went on with is forgotten (and of an incoming one deleted) at a start after this time."""
MAX_PREVIEW_BYTES = 24 * 1024
