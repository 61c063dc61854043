"""Which devices are used and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.media.video_source import VideoFormat

if TYPE_CHECKING:
    from desktop_app.quality.planner import Mode

DEFAULT_FORMAT = VideoFormat(640, 480, 30)


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """Devices are named as media's factories take them: "" is the default device, "none" is none."""

    camera: str = ""
    video_format: VideoFormat = DEFAULT_FORMAT
    microphone: str = ""
    speaker: str = ""
    echo_cancellation: bool = True
    noise_suppression: bool = True
    automatic_gain: bool = True
    dtx: bool = False
    """Send next to nothing during silence (discontinuous transmission, RFC 7587 3.1.3)."""
    quality: Mode = "automatic"
    recording: str | None = None
    """A WAV file for what the speaker plays (the bot's --record-audio)."""
