"""What can go wrong on the way to a server, as sentences."""

from __future__ import annotations

from desktop_app.core.errors import UserFacingError


class ConnectError(UserFacingError):
    """The server cannot be reached, is not what it should be, or refuses us."""

    code = "connect-failed"
