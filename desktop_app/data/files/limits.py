"""The bounds of file transfers, for both directions (docs/data-channels.md)."""

from __future__ import annotations

WINDOW_BYTES = 896 * 1024
"""How far a sender may be ahead of what the receiver says is written; with what the receiver has not said yet, never
1 MB twice after a cut or a kill. At 200 ms of round trip still 35 Mbit/s."""
PROGRESS_BYTES = 128 * 1024
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
