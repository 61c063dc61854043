"""What the thumbnail gets of the path to an SFU: after the sound, and before the camera's picture."""

from __future__ import annotations

from .sound import audio_share_kbps

MOST_KBPS, LEAST_KBPS = 150.0, 40.0
"""A picture of 320 x 180 at 15 frames a second gains nothing to see above the first; below the other it falls apart."""
SHARE = 0.25
"""Of what the sound leaves, while the camera's picture is watched, too."""
MAX_WIDTH_PX, MAX_HEIGHT_PX, FRAME_RATE = 320, 180, 15.0


def thumbnail_kbps(path_kbps: float, *, has_camera: bool) -> float:
    """The bitrate of the thumbnail on a path that carries `path_kbps` in all."""
    left = path_kbps - audio_share_kbps(path_kbps)
    return min(MOST_KBPS, max(LEAST_KBPS, SHARE * left if has_camera else left))
