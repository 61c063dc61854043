"""Where decoded pictures go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import av


class PictureSink(Protocol):
    """What a decoder needs of a FrameSlot."""

    @property
    def wants_pictures(self) -> bool:
        """False: that there was a picture is enough, whatever is on it, so that none needs to be decoded."""

    @property
    def is_steady(self) -> bool:
        """False: pictures come when something changes (a screen), so that a gap between them is no freeze."""

    def put(self, frame: av.VideoFrame) -> None:
        """Show this picture now. Called on the decoder's thread; the picture is not changed afterwards."""
