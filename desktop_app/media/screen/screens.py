"""Whole screens, by mss: X11 with shared memory, Windows, macOS."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING

import mss
from mss.exception import ScreenShotError

from desktop_app.media.clock import now_s
from desktop_app.media.errors import DeviceError

from .reader import preview_of
from .source import Grabbed, ScreenSource

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

PREFIX = "screen:"
LOOK_S = 3.0
"""So often it is looked whether the screen is still there, and where."""
_FAILURES = (ScreenShotError, OSError, AssertionError)
"""mss asserts that there is an answer, and there is none when the display has gone."""
GONE = "That screen is no longer there."
NO_SCREENS = "This desktop does not let programs see its screens."


def list_screens() -> tuple[ScreenSource, ...]:
    """All screens, with what they show now; blocks for some 20 ms each.

    Raises:
        DeviceError: they cannot be seen.
    """
    _refuse_wayland()
    found: list[ScreenSource] = []
    with _errors(NO_SCREENS), mss.MSS() as taker:
        monitors = taker.monitors[1:]
        for number, monitor in enumerate(monitors, 1):
            shot = taker.grab(monitor)
            grabbed = Grabbed(shot.raw, shot.width, shot.height)
            title = f"Screen {number}" if len(monitors) > 1 else "The whole screen"
            preview = preview_of(grabbed)
            found.append(ScreenSource(f"{PREFIX}{number}", title, shot.width, shot.height, "screen", preview))
    return tuple(found)


class ScreenGrabber:
    """One screen, by its number from 1."""

    def __init__(self, number: int) -> None:
        """Raises DeviceError: it is not there."""
        _refuse_wayland()
        self._number = number
        self._looked_s = now_s()
        with _errors(NO_SCREENS):
            self._taker = mss.MSS(with_cursor=True) if sys.platform == "linux" else mss.MSS()
        try:
            self._monitor = self._look()
        except BaseException:
            self.close()
            raise

    def _look(self) -> dict[str, int]:
        with _errors(GONE), mss.MSS() as fresh:  # one that is open goes by what was there before
            monitors = fresh.monitors
        if not 1 <= self._number < len(monitors):
            raise DeviceError(GONE)
        monitor = monitors[self._number]
        return {side: int(monitor[side]) for side in ("left", "top", "width", "height")}

    def grab(self) -> Grabbed | None:
        """What the screen shows now."""
        if now_s() - self._looked_s > LOOK_S:
            self._looked_s = now_s()
            self._monitor = self._look()
        try:
            shot = self._taker.grab(self._monitor)
        except _FAILURES:
            self._monitor = self._look()  # it has become smaller, or is gone
            return None
        return Grabbed(shot.raw, shot.width, shot.height)

    def close(self) -> None:
        """Close the connection to the display."""
        with contextlib.suppress(*_FAILURES):
            self._taker.close()


@contextlib.contextmanager
def _errors(sentence: str) -> Iterator[None]:
    try:
        yield
    except _FAILURES as error:
        raise DeviceError(sentence) from error


def _refuse_wayland() -> None:
    # What X11 shows of a Wayland desktop's screens is black: better a word than a black picture.
    if sys.platform == "linux" and os.environ.get("WAYLAND_DISPLAY"):
        raise DeviceError(
            "A Wayland desktop does not let Bridgecall see whole screens; windows may be there."
        )
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        raise DeviceError("There is no screen here.")
