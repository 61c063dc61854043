"""What every source of pictures looks like from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from desktop_app.media.source_status import SourceState, SourceStatus, StatusListener

if TYPE_CHECKING:
    from desktop_app.media.frame_slot import FrameSlot

MIN_SIDE_PX = 16
MAX_SIDE_PX = 4096


@dataclass(frozen=True)
class VideoFormat:
    """The picture that is asked for. Frames have exactly this size with each side rounded down to an even number.

    Raises ValueError for a size or rate that no camera and no codec of ours can have.
    """

    width_px: int
    height_px: int
    frame_rate: float

    def __post_init__(self) -> None:
        for side_px in (self.width_px, self.height_px):
            if not MIN_SIDE_PX <= side_px <= MAX_SIDE_PX:
                raise ValueError(f"a side of {side_px} px is not between {MIN_SIDE_PX} and {MAX_SIDE_PX}")
        if not 1 <= self.frame_rate <= 120:
            raise ValueError(f"{self.frame_rate} pictures a second are not between 1 and 120")

    @property
    def even_width_px(self) -> int:
        """The width of the frames: chroma is sampled at half the resolution, so a side must be even."""
        return self.width_px & ~1

    @property
    def even_height_px(self) -> int:
        """The height of the frames."""
        return self.height_px & ~1


class VideoSource(Protocol):
    """Puts pictures into `slot` from a thread of its own, between `start` and `stop`.

    Frames are yuv420p of exactly the format's (even) size: scaled with the aspect kept, black bars where it differs.
    `pts` counts 1/90000 s of the media clock and grows strictly. While a device or file fails, the slot shows a dark
    picture with the reason, two a second, and the source tries again about once a second until it is stopped.
    """

    @property
    def slot(self) -> FrameSlot:
        """Where the frames go."""

    @property
    def delivered_fps(self) -> float:
        """Pictures of the device really delivered in the last second; a placeholder does not count."""

    def limit_rate(self, most_fps: float) -> None:
        """Make no more pictures a second, where the source is free to; may be called on any thread."""

    def start(self) -> None:
        """Start the thread; harmless when it runs."""

    def stop(self) -> None:
        """Release the device, clear the slot, report `off`. Blocks up to 2 s; harmless when called again."""


__all__ = ["SourceState", "SourceStatus", "StatusListener", "VideoFormat", "VideoSource"]
