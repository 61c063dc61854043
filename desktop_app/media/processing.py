"""Echo cancellation, noise suppression and automatic gain: WebRTC's audio processing, from livekit's package.

livekit is a client for a server product; nothing of it but the processing module is used, and no server is contacted.
tests/bench/audio_processing.py has the comparison that led to it.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.clock import AUDIO_RATE_HZ

if TYPE_CHECKING:
    from livekit import rtc

    from desktop_app.media.audio import AudioFrame

logger = logging.getLogger(__name__)

BLOCK_SAMPLES = AUDIO_RATE_HZ // 100
"""The module works on 10 ms."""
MAX_DELAY_MS = 500


class AudioProcessor:
    """Cleans what the microphone hears, knowing what the speaker plays.

    `process_capture` is called on the microphone's thread, `process_render` on the speaker's; the switches and the
    delay may be set from any thread at any time. The module is loaded (0.15 s) and made (2 ms) on the microphone's
    thread when the first frame needs it, so that making an AudioProcessor costs nothing. Changing a switch makes a new
    module: echo comes back for about a second until it has learned the room again.
    """

    def __init__(self, echo_cancellation: bool, noise_suppression: bool, automatic_gain: bool) -> None:
        self.echo_cancellation = echo_cancellation
        self.noise_suppression = noise_suppression
        self.automatic_gain = automatic_gain
        self.problem = ""
        """One sentence when sound cannot be processed and is passed on as it is, else empty."""
        self._delay_ms = 0
        self._lock = threading.Lock()  # for changes of the three below; the module itself is thread-safe
        self._module: rtc.AudioProcessingModule | None = None
        self._made_for: tuple[bool, bool, bool] | None = None
        self._closed = False

    def set_delay_ms(self, delay_ms: float) -> None:
        """How long after its `process_render` the echo of a frame is captured; a hint, the module measures it too."""
        self._delay_ms = min(max(0, round(delay_ms)), MAX_DELAY_MS)

    def process_capture(self, frame: AudioFrame) -> AudioFrame:
        """The frame as the others shall hear it; the frame itself when all is switched off."""
        module = self._module_of_now()
        if module is None:
            return frame
        cleaned = np.empty_like(frame)
        try:
            module.set_stream_delay_ms(self._delay_ms)
            for start in range(0, len(frame), BLOCK_SAMPLES):
                block = _block(frame[start : start + BLOCK_SAMPLES])
                module.process_stream(block)
                cleaned[start : start + BLOCK_SAMPLES] = np.frombuffer(block.data, dtype=np.int16)
        except Exception:  # whatever the library raises, the sound must go on
            logger.exception("processing a frame failed; sound passes unprocessed from now on")
            self._give_up()
            return frame
        return cleaned

    def process_render(self, frame: AudioFrame) -> None:
        """Take note of a frame that was just handed to the speaker."""
        module = self._module
        if module is None or not self.echo_cancellation:
            return
        try:
            for start in range(0, len(frame), BLOCK_SAMPLES):
                module.process_reverse_stream(_block(frame[start : start + BLOCK_SAMPLES]))
        except Exception:  # whatever the library raises, the sound must go on
            logger.exception("noting a played frame failed; sound passes unprocessed from now on")
            self._give_up()

    def close(self) -> None:
        """Free the module; frames pass unchanged from now on. Safe to call twice."""
        with self._lock:
            self._closed = True
            self._module = None

    def _module_of_now(self) -> rtc.AudioProcessingModule | None:
        wanted = (self.echo_cancellation, self.noise_suppression, self.automatic_gain)
        if wanted == self._made_for or self.problem:
            return self._module
        with self._lock:
            if not self._closed:
                self._made_for = wanted
                self._module = self._make(*wanted) if any(wanted) else None
            return self._module

    def _make(self, echo: bool, noise: bool, gain: bool) -> rtc.AudioProcessingModule | None:
        try:
            from livekit import rtc

            return rtc.AudioProcessingModule(
                echo_cancellation=echo, noise_suppression=noise, high_pass_filter=True, auto_gain_control=gain
            )
        except Exception:  # a library that does not load here must not end the call
            logger.exception("audio processing is not available")
            self.problem = "Echo cancellation does not work on this machine; please use headphones."
            return None

    def _give_up(self) -> None:
        with self._lock:
            self.problem = "Audio processing failed; please use headphones."
            self._module = None


def _block(samples: AudioFrame) -> rtc.AudioFrame:
    from livekit import rtc

    if samples.shape != (BLOCK_SAMPLES,) or samples.dtype != np.int16:
        # The library aborts the process for a block of another size; this is only caught and logged.
        raise ValueError(f"a block of shape {samples.shape} and type {samples.dtype}")
    return rtc.AudioFrame(samples.tobytes(), AUDIO_RATE_HZ, 1, len(samples))
