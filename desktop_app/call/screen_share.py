"""Our shared screen: one source at a time, encoded for those who take it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from desktop_app.media.errors import DeviceError
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.media.screen.open import open_screen
from desktop_app.media.source_status import SourceState
from desktop_app.quality.assignment import Encoding
from desktop_app.quality.screen import screen_step
from desktop_app.rtc.video_encoder import VideoEncoder

from .events import LocalScreenChanged

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desktop_app.media.screen.capture import ScreenCapture
    from desktop_app.media.source_status import SourceStatus
    from desktop_app.rtc.encoded_feed import EncodedFeed

    from .events import CallEvent

logger = logging.getLogger(__name__)

FIRST_PICTURE_S = 5.0


class ScreenShare:
    """Lives on the engine loop; screens are opened and closed on a worker thread."""

    def __init__(
        self,
        emit: Callable[[CallEvent], None],
        on_error: Callable[[BaseException], None],
        on_worker: Callable[[Callable[[], None]], Awaitable[None]],
    ) -> None:
        self._emit = emit
        self._on_worker = on_worker
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._capture: ScreenCapture | None = None
        self._begun: asyncio.Future[None] | None = None
        self.slot = FrameSlot()
        self.encoders = {
            encoding: VideoEncoder(
                self.slot,
                on_error=on_error,
                joins_in=encoding is Encoding.LOW,
                screen=True,
                on_keyframe_request=self._refresh,
            )
            for encoding in (Encoding.HIGH, Encoding.LOW)
        }
        self.shown = False
        """Whether a screen is shared."""

    async def share(self, spec: str | None) -> None:
        """Show this screen, window, pattern or file, in place of another one; None shows none.

        Raises:
            DeviceError: it cannot be shown.
        """
        async with self._lock:
            await self._close_capture()
            if spec is None:
                self._tell(False)
                return
            begun = self._begun = self._loop.create_future()
            capture = open_screen(
                spec, slot=self.slot, on_status=lambda status: self._from_thread(capture, status)
            )
            self._capture = capture
            capture.start()
            try:
                async with asyncio.timeout(FIRST_PICTURE_S):
                    await begun
            except TimeoutError:
                await self._end("")
                raise DeviceError("Nothing could be seen of that screen or window.") from None
            except BaseException:
                await self._end("")
                raise
            finally:
                self._begun = None
            self._tell(True)

    async def _end(self, message: str) -> None:
        await self._close_capture()
        self._tell(False, message)

    async def _close_capture(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            await self._on_worker(capture.stop)

    def _tell(self, shown: bool, message: str = "") -> None:
        if shown != self.shown:
            self.shown = shown
            self._emit(LocalScreenChanged(shown, message))

    def _refresh(self) -> None:
        if (capture := self._capture) is not None:
            capture.refresh()

    def _from_thread(self, capture: ScreenCapture, status: SourceStatus) -> None:
        try:
            self._loop.call_soon_threadsafe(self._changed, capture, status)
        except RuntimeError:
            logger.debug("a screen's status came after the end of the engine loop")

    def _changed(self, capture: ScreenCapture, status: SourceStatus) -> None:
        if capture is not self._capture:
            return
        begun = self._begun
        if status.state is SourceState.LIVE and begun is not None and not begun.done():
            begun.set_result(None)
        elif status.state is SourceState.FAILED:
            if begun is not None and not begun.done():
                begun.set_exception(DeviceError(status.message))
            elif begun is None:
                self._capture = None
                self._tell(False, status.message)
                self.slot.clear()

    def feed(self, encoding: Encoding) -> EncodedFeed | None:
        """Where the pictures of an encoding are to be had; None for sound alone."""
        encoder = self.encoders.get(encoding)
        return None if encoder is None else encoder.feed

    def set_kbps(self, encoding: Encoding, kbps: float) -> None:
        """The bitrate of one encoding, with the size and frame rate that suit it."""
        step = screen_step(kbps)
        self.encoders[encoding].set_limits(step.width_px, step.height_px, step.frame_rate)
        self.encoders[encoding].set_target_kbps(kbps)

    async def close(self) -> None:
        """Stop for good; the encoders' threads end, too."""
        async with self._lock:
            await self._end("")
        for encoder in self.encoders.values():
            encoder.close()
            await self._on_worker(encoder.join)
