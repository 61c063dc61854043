"""Chromium with our guest page as a participant of the network benchmark.

The page is the one that guests get. What differs from a person's visit: the camera and microphone are files, sound
is not processed before it is sent (a bot does not either), and network_probe.js looks on.
"""

from __future__ import annotations

import base64
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.end2end.chromium import CHROMIUM, chromium_page
from tests.end2end.guest_tools import wait_connected, wait_media_flows

from .network_media import RATE_HZ, resampled
from .network_model import Media, OwnFigures, TimedSound, Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AsyncExitStack

    from playwright.async_api import Page

    from tests.end2end.processes import ServerProcess

    from .network_media import Samples

PROBE = Path(__file__).with_name("network_probe.js")
PAGE_SIZE = (640, 520)

# The page asks for what suits a person; here both kinds of participants send the same.
SAME_MEDIA = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = ({ audio, video }) =>
  ask({
    audio: audio && {
      echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1,
    },
    video: video && { frameRate: { ideal: 30 }, resizeMode: "none" },
  });
"""


class ChromiumParticipant:
    """One browser with one page; `join` starts both."""

    kind = "chromium"

    def __init__(self, name: str, page: Page, pid: int) -> None:
        self.name = name
        self.media = Media()
        self._page = page
        self._pid = pid
        self._before: dict[str, Any] = {}
        self._figures: dict[str, OwnFigures] = {}
        self._spoken, self._heard = _Recording(), _Recording()
        self._begin_s = 0.0

    @classmethod
    async def join(
        cls,
        stack: AsyncExitStack,
        folder: Path,
        name: str,
        *,
        server: ServerProcess,
        prefix: Sequence[str],
        film: Path,
        speech: Path,
    ) -> ChromiumParticipant:
        """Start a browser on a host and enter the room; it ends with the stack."""
        script, pid_file = folder / f"{name}.sh", folder / f"{name}.pid"
        command = shlex.join([*prefix, CHROMIUM])
        script.write_text(f'#!/bin/sh\necho $$ > {shlex.quote(str(pid_file))}\nexec {command} "$@"\n')
        script.chmod(0o755)
        origin = f"http://{server.host}:{server.port}"
        page = await stack.enter_async_context(
            chromium_page(
                size=PAGE_SIZE,
                executable=str(script),
                arguments=[
                    f"--use-file-for-fake-video-capture={film}",
                    f"--use-file-for-fake-audio-capture={speech}",
                    f"--unsafely-treat-insecure-origin-as-secure={origin}",
                    "--autoplay-policy=no-user-gesture-required",
                ],
            )
        )
        await page.add_init_script(SAME_MEDIA)
        await page.goto(f"{origin}/r/bench?name={name}&join=1")
        await server.wait_for_event("joined", where=lambda event: name in str(event), timeout=30.0)
        return cls(name, page, int(pid_file.read_text()))

    @property
    def pid(self) -> int:
        """Of the browser process: shell, `ip netns exec` and Chromium are one after the other the same process."""
        return self._pid

    async def connected(self, other: str) -> None:
        """Wait until pictures and sound of `other` flow."""
        await wait_connected(self._page, other)
        await wait_media_flows(self._page, other)
        await self._page.evaluate(PROBE.read_text(encoding="utf-8"))

    async def begin(self, phase: str) -> None:
        """Start the probes."""
        self._before = await self._page.evaluate("window.bridgecallProbe.begin()")
        self._begin_s = time.monotonic()

    async def end(self, phase: str) -> None:
        """Stop them, and take what they saw."""
        length_s = time.monotonic() - self._begin_s
        seen = await self._page.evaluate("window.bridgecallProbe.end()")
        if seen["problems"]:
            raise RuntimeError(f"the probe in the page failed: {seen['problems']}")
        monotonic_of_unix_s = time.monotonic() - time.time()
        for name, target in (("captured", self.media.captured), ("shown", self.media.shown)):
            target.extend((at_ms / 1000 + monotonic_of_unix_s, counter) for at_ms, counter in seen[name])
        self._spoken.add(seen["spoken"])
        self._heard.add(seen["heard"])
        self._figures[phase] = _own_figures(self._before, seen["stats"], length_s)

    async def finish(self) -> None:
        """Close the page and fill `media`."""
        await self._page.close()
        # A chunk of the microphone is there when its last sample was spoken; one of the speaker begins to play.
        self.media.spoken = self._spoken.timed(by_end=True)
        self.media.heard = self._heard.timed(by_end=False)

    def own_figures(self, window: Window) -> OwnFigures:
        """From getStats."""
        return self._figures.get(window.phase, OwnFigures())


class _Recording:
    """Sound as the probe hands it out, piece after piece, at the rate of Chromium's audio device."""

    def __init__(self) -> None:
        self._parts: list[Samples] = []
        self._times: list[tuple[int, int, float]] = []
        self._length = 0
        self._rate_hz = RATE_HZ

    def add(self, piece: dict[str, Any]) -> None:
        """Append one window's sound."""
        samples = np.frombuffer(base64.b64decode(piece["pcm"]), dtype="<i2").astype(np.int16)
        # AudioData's own times are exact, but count from a zero that is not told; the chunk that was read soonest
        # after its time ties them to the clock.
        zero_ms = min((read_ms - at_ms for _, at_ms, read_ms, _, _ in piece["times"]), default=0.0)
        monotonic_of_unix_s = time.monotonic() - time.time()
        for index, at_ms, _read_ms, frames, rate_hz in piece["times"]:
            self._rate_hz = int(rate_hz)
            at_s = (at_ms + zero_ms) / 1000 + monotonic_of_unix_s
            self._times.append((self._length + index, frames, at_s))
        self._parts.append(samples)
        self._length += len(samples)

    def timed(self, *, by_end: bool) -> TimedSound:
        """All of it at 48 kHz; `by_end`: a chunk's time is that of its last sample."""
        samples = np.concatenate(self._parts) if self._parts else np.zeros(0, np.int16)
        scale = RATE_HZ / self._rate_hz
        anchors = [
            (round((index + (frames if by_end else 0)) * scale), at_s) for index, frames, at_s in self._times
        ]
        if self._rate_hz != RATE_HZ and len(samples):
            samples = resampled(samples, self._rate_hz, RATE_HZ)
        return TimedSound(samples, anchors)


def _own_figures(before: dict[str, Any], after: dict[str, Any], length_s: float) -> OwnFigures:
    def growth(kind: str, key: str) -> float:
        return float(after.get(kind, {}).get(key, 0) - before.get(kind, {}).get(key, 0))

    samples, emitted = growth("audio", "totalSamplesReceived"), growth("audio", "jitterBufferEmittedCount")
    return OwnFigures(
        fps=growth("video", "framesDecoded") / length_s,
        freezes=int(growth("video", "freezeCount")),
        frozen_s=growth("video", "totalFreezesDuration"),
        concealed_pct=100 * growth("audio", "concealedSamples") / samples if samples else None,
        receiver_audio_ms=1000 * growth("audio", "jitterBufferDelay") / emitted if emitted else None,
        width_px=after.get("video", {}).get("frameWidth"),
        nacks=int(growth("video", "nackCount")),
        plis=int(growth("video", "pliCount")),
    )
