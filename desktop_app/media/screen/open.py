"""From an id or a word of the command line to a capture, and the list of what there is."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.media.errors import DeviceError
from desktop_app.media.media_file import is_file_spec
from desktop_app.media.pattern import PatternReader
from desktop_app.media.video_file import VideoFileReader
from desktop_app.media.video_source import VideoFormat

from . import screens, windows
from .capture import ScreenCapture
from .reader import ScreenReader

if TYPE_CHECKING:
    import threading

    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.media.source_status import StatusListener
    from desktop_app.media.video_thread import PictureReader

    from .source import Grabber, ScreenSource

logger = logging.getLogger(__name__)

MOST = VideoFormat(1280, 720, 15)
"""The largest picture of a screen, and how many a second. Text is legible at this size, where 1080 lines would cost
twice as much; and what matters of a screen moves seldom."""


def list_screens() -> tuple[ScreenSource, ...]:
    """Screens, then windows, with what they show now. Blocks for up to some hundred ms.

    Raises:
        DeviceError: nothing can be seen; why, in a sentence.
    """
    found: tuple[ScreenSource, ...] = ()
    problem: DeviceError | None = None
    try:
        found = screens.list_screens()
    except DeviceError as error:
        problem = error
        logger.info("no screens: %s", error)
    if sys.platform == "linux":
        try:
            found += windows.list_windows()
        except DeviceError as error:
            problem = problem or error
            logger.info("no windows: %s", error)
    if not found and problem is not None:
        raise problem
    return found


def open_screen(spec: str, *, slot: FrameSlot, on_status: StatusListener) -> ScreenCapture:
    """The capture that `spec` names; it opens nothing before `start`, and tells of what is missing by `on_status`.

    An id of `list_screens`, "test" for the test pattern, or the path of a film or picture.
    """

    def reader(stopping: threading.Event) -> PictureReader:
        if spec == "test":
            return PatternReader(MOST, stopping)
        if is_file_spec(spec) and not spec.startswith((screens.PREFIX, windows.PREFIX)):
            return VideoFileReader(Path(spec).expanduser(), MOST, stopping)
        return ScreenReader(_grabber(spec), MOST, stopping)

    return ScreenCapture(spec, reader, slot=slot, on_status=on_status)


def _grabber(spec: str) -> Grabber:
    kind, _, number = spec.partition(":")
    if number.isdecimal() and len(number) <= 10:
        if f"{kind}:" == screens.PREFIX:
            return screens.ScreenGrabber(int(number))
        if f"{kind}:" == windows.PREFIX:
            return windows.WindowGrabber(int(number))
    raise DeviceError("There is no such screen or window.")
