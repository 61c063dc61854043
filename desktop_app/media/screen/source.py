"""What can be shared: screens and windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from desktop_app.media.video_source import VideoFormat

ScreenKind: TypeAlias = Literal["screen", "window"]

MAX_TITLE_CHARS = 120


@dataclass(frozen=True, slots=True)
class Preview:
    """A small picture as it was when the list was made."""

    width_px: int
    height_px: int
    rgb: bytes
    """Three bytes a pixel, row by row."""


@dataclass(frozen=True, slots=True)
class ScreenSource:
    """A screen or a window. The id holds as long as it exists."""

    id: str
    title: str
    width_px: int
    height_px: int
    kind: ScreenKind = "screen"
    preview: Preview | None = None


class Grabbed(NamedTuple):
    """Pixels as they are: four bytes each, blue, green, red and one that says nothing."""

    pixels: bytearray
    width_px: int
    height_px: int


class Grabber(Protocol):
    """One screen or window that is being looked at. Belongs to one thread."""

    def grab(self) -> Grabbed | None:
        """What it shows now, with the pointer of the mouse; None while it shows nothing (a minimised window).

        Raises DeviceError when it is gone for good, with the sentence for the person.
        """

    def close(self) -> None:
        """Let go of it; must not raise."""


def screen_format(width_px: int, height_px: int, most: VideoFormat) -> tuple[int, int]:
    """The size at which a screen of this size is sent: its own where that is not too large, the ratio kept, even."""
    scale = min(1.0, most.width_px / width_px, most.height_px / height_px)
    if scale == 1.0:
        return max(16, width_px & ~1), max(16, height_px & ~1)
    return max(16, round(width_px * scale / 2) * 2), max(16, round(height_px * scale / 2) * 2)
