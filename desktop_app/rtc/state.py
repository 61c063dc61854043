"""The states of a peer."""

from __future__ import annotations

from enum import StrEnum


class PeerState(StrEnum):
    """NEW -> CONNECTING -> CONNECTED <-> UNSTABLE <-> RECONNECTING; FAILED and CLOSED are ends (docs/recovery.md)."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    UNSTABLE = "unstable"
    RECONNECTING = "reconnecting"
    FAILED = "failed"
    CLOSED = "closed"


UP = (PeerState.CONNECTED, PeerState.UNSTABLE, PeerState.RECONNECTING)
"""There is a connection, though nothing may come on it."""
