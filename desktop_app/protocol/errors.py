"""What a refused message is answered with."""

from __future__ import annotations

from enum import StrEnum

from desktop_app.core.errors import BridgecallError


class ErrorCode(StrEnum):
    """The `code` of an `error` message."""

    BAD_JSON = "bad-json"
    BINARY_FRAME = "binary-frame"
    BAD_MESSAGE = "bad-message"
    UNKNOWN_TYPE = "unknown-type"
    MISSING_FIELD = "missing-field"
    BAD_FIELD = "bad-field"
    FIELD_TOO_LONG = "field-too-long"
    FRAME_TOO_LARGE = "frame-too-large"
    NOT_JOINED = "not-joined"
    ALREADY_JOINED = "already-joined"
    USER_ID_TAKEN = "user-id-taken"
    UNKNOWN_TARGET = "unknown-target"
    ROOM_FULL = "room-full"
    SLOW_READER = "slow-reader"
    SERVER_SHUTDOWN = "server-shutdown"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    TAKEN_OVER = "taken-over"
    """Another connection has the place of this one (docs/recovery.md)."""
    # Of docs/rights.md:
    WRONG_LINK = "wrong-link"
    PASSWORD_REQUIRED = "password-required"
    WRONG_PASSWORD = "wrong-password"
    TOO_MANY_ATTEMPTS = "too-many-attempts"
    ROOM_LOCKED = "room-locked"
    REFUSED = "refused"
    BANNED = "banned"
    KICKED = "kicked"
    NOT_HOST = "not-host"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    TOO_FAST = "too-fast"
    BAD_ORIGIN = "bad-origin"


class ProtocolError(BridgecallError):
    """A message that breaks the protocol; the other end is told `code` and the text."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
