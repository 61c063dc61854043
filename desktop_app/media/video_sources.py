"""From the words of a setting or a command line to a source of pictures."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.media.camera import CameraReader, open_camera
from desktop_app.media.media_file import is_file_spec
from desktop_app.media.pattern import PatternReader
from desktop_app.media.source_status import SourceState, StatusListener, StatusReporter
from desktop_app.media.video_file import VideoFileReader
from desktop_app.media.video_thread import ThreadedVideoSource

if TYPE_CHECKING:
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.media.video_source import VideoFormat, VideoSource

logger = logging.getLogger(__name__)


class NoVideoSource:
    """The camera "none": the slot is empty. It has no thread; the status comes on the caller's."""

    def __init__(self, slot: FrameSlot, on_status: StatusListener) -> None:
        self._slot = slot
        self._status = StatusReporter("no camera", on_status)
        self.delivered_fps = 0.0

    @property
    def slot(self) -> FrameSlot:
        """The empty slot."""
        return self._slot

    def limit_rate(self, most_fps: float) -> None:
        """There are no pictures."""

    def start(self) -> None:
        """Clear the slot and say `off`."""
        self._slot.clear()
        self._status.report(SourceState.OFF)

    def stop(self) -> None:
        """Nothing is held."""


def open_video_source(
    spec: str, video_format: VideoFormat, *, slot: FrameSlot, on_status: StatusListener
) -> VideoSource:
    """The source that `spec` names; it opens nothing before `start` and never raises for what is missing.

    "" is the first camera, "test" the test pattern, "none" no camera, digits a camera's number, the path of a file a
    looped video, anything else a camera's name. `on_status` is called on the source's thread.
    """
    if spec == "none":
        return NoVideoSource(slot, on_status)
    if spec == "test":
        return ThreadedVideoSource(
            "test",
            lambda stopping: PatternReader(video_format, stopping),
            video_format,
            slot=slot,
            on_status=on_status,
            can_skip=True,
        )
    if is_file_spec(spec):
        path = Path(spec).expanduser()
        return ThreadedVideoSource(
            path.name,
            lambda stopping: VideoFileReader(path, video_format, stopping),
            video_format,
            slot=slot,
            on_status=on_status,
        )
    label = f'The camera "{spec}"' if spec else "The camera"
    return ThreadedVideoSource(
        spec or "camera",
        lambda stopping: CameraReader(label, lambda: open_camera(spec, video_format), video_format, stopping),
        video_format,
        slot=slot,
        on_status=on_status,
    )
