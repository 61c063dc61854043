"""The bounds that both ends keep. A peer learns the server's from `welcome`."""

PROTOCOL_VERSION = 1
DEFAULT_PORT = 8080

MAX_FRAME_BYTES = 64 * 1024
"""A WebSocket message longer than this closes the connection with 1009 (RFC 6455 7.4.1)."""

MAX_ID_CHARS = 128
"""roomId, userId and targetUserId, in Unicode code points."""

MAX_NAME_CHARS = 80
"""displayName, in Unicode code points."""

MAX_JSON_DEPTH = 64
"""Nesting of a message; deeper ones are refused before they can exhaust anybody's stack."""

MAX_PARTICIPANTS = 8
"""People in one room: each sends to every other one, and more than this overloads a home connection."""
