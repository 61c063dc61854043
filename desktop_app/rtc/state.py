"""The states of a peer."""

from __future__ import annotations

from enum import StrEnum


class PeerState(StrEnum):
    """NEW -> CONNECTING -> CONNECTED <-> RECONNECTING; FAILED and CLOSED are ends."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    FAILED = "failed"
    CLOSED = "closed"
