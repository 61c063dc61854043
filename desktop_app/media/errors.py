"""What can go wrong with a camera, a microphone, a speaker or a media file, as one sentence."""

from __future__ import annotations

from desktop_app.core.errors import UserFacingError


class DeviceError(UserFacingError):
    """A device or a file that cannot be used now; the text is one sentence for the person."""

    code = "device"
