"""A line on which a shared screen takes the camera's place: whose picture is it that comes?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from desktop_app.media.clock import now_s

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from .picture_switch import PictureWay

LATE_S = 1.0
"""A sender changes over within a picture or two of saying so. Whoever never sends a keyframe is shown after this."""


class OneLine:
    """Shows the pictures of one line as the camera's or as the screen's.

    What the sender says of that takes another way than the pictures do, and mostly the quicker one: the last pictures
    of the camera would flash in the screen's tile, and those of the screen in the camera's. A sender changes over with
    a keyframe, so that nothing is shown from the word to the keyframe.
    """

    def __init__(
        self,
        picture: PictureWay,
        screen: PictureWay,
        on_screen: Callable[[], None],
        clock_s: Callable[[], float] = now_s,
    ) -> None:
        """Calls `on_screen` with each picture of the screen that is shown."""
        self._picture = picture
        self._screen = screen
        self._on_screen = on_screen
        self._clock_s = clock_s
        self._shows_screen = False
        self._held_until_s = -math.inf
        # Of the decoder's thread, read by the loop:
        self._size: tuple[int, int] | None = None
        self._changed_size_s = -math.inf
        """When a keyframe last was of another size than the picture before it."""

    @property
    def shows_screen(self) -> bool:
        """Whether what comes is the screen's."""
        return self._shows_screen

    @shows_screen.setter
    def shows_screen(self, shows_screen: bool) -> None:
        if shows_screen == self._shows_screen:
            return
        self._shows_screen = shows_screen
        at_s = self._clock_s()
        if self._size is not None and at_s - self._changed_size_s > LATE_S:
            self._held_until_s = at_s + LATE_S

    @property
    def _taken(self) -> PictureWay:
        return self._screen if self._shows_screen else self._picture

    @property
    def wants_pictures(self) -> bool:
        """As that of either."""
        return self._taken.wants_pictures

    @property
    def is_steady(self) -> bool:
        """Not a screen."""
        return self._taken.is_steady

    def put(self, frame: av.VideoFrame) -> None:
        """Show it in its place. Called on the decoder's thread."""
        taken = self._taken
        if taken.wants_pictures and self._is_the_others(frame):
            return
        if taken.put_shown(frame) and taken is self._screen:
            self._on_screen()

    def _is_the_others(self, frame: av.VideoFrame) -> bool:
        at_s, before = self._clock_s(), self._size
        self._size = frame.width, frame.height
        if frame.key_frame:
            if before is not None and self._size != before:
                self._changed_size_s = at_s
            self._held_until_s = -math.inf
        return at_s < self._held_until_s
