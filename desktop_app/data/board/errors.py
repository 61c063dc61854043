"""What a person is told when the whiteboard cannot do it."""

from __future__ import annotations

from desktop_app.core.errors import UserFacingError


class BoardError(UserFacingError):
    """The whiteboard is full, or what should be drawn cannot be sent."""

    code = "board"
