"""Windows of an X11 desktop."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.errors import DeviceError

from .reader import preview_of
from .source import MAX_TITLE_CHARS, Grabbed, ScreenSource
from .x11 import X11Display, X11Error

if TYPE_CHECKING:
    from .x11 import Cursor

PREFIX = "window:"
MIN_SIDE_PX = 32
"""Smaller ones are helpers that nobody wants to show."""
MAX_WINDOWS = 60
GONE = "The window that you showed was closed."
_BAD_WINDOW, _BAD_MATCH, _BAD_DRAWABLE = 3, 8, 9


def list_windows() -> tuple[ScreenSource, ...]:
    """The windows that can be seen, the uppermost first; not those of this process.

    Raises:
        DeviceError: there is no such desktop.
    """
    try:
        display = X11Display()
    except X11Error as error:
        raise DeviceError("The windows of this desktop cannot be seen.") from error
    try:
        found = []
        for window in _windows(display)[:MAX_WINDOWS]:
            try:
                source = _source(display, window)
            except X11Error as error:
                if error.code:
                    continue  # it was closed meanwhile
                raise
            if source is not None:
                found.append(source)
        return tuple(found)
    except X11Error as error:
        raise DeviceError("The windows of this desktop cannot be seen.") from error
    finally:
        display.close()


def _windows(display: X11Display) -> tuple[int, ...]:
    # EWMH 1.5: what the window manager looks after. Without one: whatever lies on the screen.
    for name in ("_NET_CLIENT_LIST_STACKING", "_NET_CLIENT_LIST"):
        if managed := display.numbers(display.root, name):
            return managed[::-1]
    return display.children(display.root)[::-1]


def _source(display: X11Display, window: int) -> ScreenSource | None:
    shown, is_popup = display.is_shown(window)
    title = _title(display, window)
    if not shown or is_popup or not title or display.numbers(window, "_NET_WM_PID") == (os.getpid(),):
        return None
    place = display.geometry(window)
    if min(place.width, place.height) < MIN_SIDE_PX or place.depth not in (24, 32):
        return None
    preview = None
    try:
        pixels = display.image(window, place.width, place.height)
        preview = preview_of(Grabbed(pixels, place.width, place.height))
    except X11Error as error:
        if not error.code:
            raise
    return ScreenSource(f"{PREFIX}{window}", title, place.width, place.height, "window", preview)


def _title(display: X11Display, window: int) -> str:
    text = display.property(window, "_NET_WM_NAME").decode("utf-8", "replace")
    text = text or display.property(window, "WM_NAME").decode("latin-1")
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:MAX_TITLE_CHARS]


class WindowGrabber:
    """One window. What lies over it is not seen, where the display can do that (Composite)."""

    def __init__(self, window: int) -> None:
        """Raises DeviceError: it is not there."""
        self._window = window
        try:
            self._display = X11Display()
        except X11Error as error:
            raise DeviceError("The windows of this desktop cannot be seen.") from error
        try:
            self._display.geometry(window)
            self._display.keep_whole(window)
        except X11Error as error:
            self._display.close()
            raise DeviceError(GONE) from error

    def grab(self) -> Grabbed | None:
        """What it shows now; None while it is minimised."""
        display, window = self._display, self._window
        try:
            place = display.geometry(window)
            if not display.is_shown(window)[0]:
                return None
            pixels = display.image(window, place.width, place.height)
            grabbed = Grabbed(pixels, place.width, place.height)
            cursor = display.cursor()
            if cursor is not None:
                x, y = display.place_on_screen(window)
                draw_cursor(grabbed, cursor, x, y)
        except X11Error as error:
            if error.code == _BAD_MATCH:
                return None  # it was minimised, or made smaller, between two requests
            if error.code in (_BAD_WINDOW, _BAD_DRAWABLE):
                raise DeviceError(GONE) from error
            raise DeviceError("The window can no longer be seen.") from error
        return grabbed

    def close(self) -> None:
        """Let go of it."""
        self._display.close()


def draw_cursor(grabbed: Grabbed, cursor: Cursor, x_px: int, y_px: int) -> None:
    """Draw the pointer into the pixels of a window whose corner is at this place of the screen."""
    left, top = cursor.x - x_px, cursor.y - y_px
    begin_x, begin_y = max(0, left), max(0, top)
    end_x = min(grabbed.width_px, left + cursor.width)
    end_y = min(grabbed.height_px, top + cursor.height)
    if begin_x >= end_x or begin_y >= end_y:
        return
    image = np.frombuffer(grabbed.pixels, dtype=np.uint8).reshape(grabbed.height_px, grabbed.width_px, 4)
    drawn = np.frombuffer(cursor.pixels, dtype=np.uint8).reshape(cursor.height, cursor.width, 4)
    over = drawn[begin_y - top : end_y - top, begin_x - left : end_x - left].astype(np.uint16)
    under = image[begin_y:end_y, begin_x:end_x]
    under[...] = np.minimum(255, over + under * (255 - over[..., 3:]) // 255).astype(np.uint8)
