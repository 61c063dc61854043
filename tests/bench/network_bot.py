"""Our bot as a participant of the network benchmark."""

from __future__ import annotations

import statistics
import time
import wave
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.end2end.processes import BotProcess

from .network_model import Media, OwnFigures, TimedSound, Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .network_media import Samples

SIGNIFICANT_S = 0.5
"""Stats come once a second, for the second before."""


class BotParticipant:
    """Enter it like a BotProcess: it joins at once."""

    kind = "ours"

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        server_url: str,
        prefix: Sequence[str],
        film: Path,
        speech: Path,
        speech_samples: Samples,
        size: str,
    ) -> None:
        self.name = name
        self.media = Media()
        self._speech = speech_samples
        self._recording = folder / f"{name}.wav"
        options = ["--media-times", "--record-audio", str(self._recording), "--size", size]
        self.process = BotProcess(
            folder,
            name,
            server_url,
            "bench",
            *options,
            camera=str(film),
            microphone=str(speech),
            prefix=prefix,
        )
        self._events: list[dict[str, Any]] = []
        self._monotonic_of_wall_s = time.monotonic() - time.time()

    @property
    def pid(self) -> int:
        """Of the bot itself: `ip netns exec` becomes what it starts."""
        return self.process.pid

    async def connected(self, other: str) -> None:
        """Wait for the first picture of anybody."""
        await self.process.wait_for_event("first-frame", kind="video")

    async def begin(self, phase: str) -> None:
        """Everything is in the bot's events."""

    async def end(self, phase: str) -> None:
        """Everything is in the bot's events."""

    async def finish(self) -> None:
        """Leave the room and read what the bot printed and recorded."""
        await self.process.leave()
        self._events = self.process.events()
        spoken: list[tuple[int, float]] = []
        heard: list[tuple[int, float]] = []
        for event in self._events:
            if event.get("event") != "media-times":
                continue
            spoken += [(samples, at_s) for samples, at_s in event["spoken"]]
            heard += [(samples, at_s) for samples, at_s in event["heard"]]
            self.media.captured += [(at_s, counter) for at_s, counter in event["captured"]]
            for pictures in event["shown"].values():
                self.media.shown += [(at_s, counter) for at_s, counter in pictures]
        with wave.open(str(self._recording), "rb") as file:
            recorded = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)
        self.media.heard = TimedSound(recorded, heard)
        rounds = -(-(spoken[-1][0] if spoken else 0) // len(self._speech)) + 1
        self.media.spoken = TimedSound(np.tile(self._speech, rounds), spoken)

    def own_figures(self, window: Window) -> OwnFigures:
        """From the `stats` events of the window."""
        entries: list[dict[str, Any]] = []
        before: dict[str, Any] | None = None
        for event in self._events:
            if event.get("event") != "stats" or not event["users"]:
                continue
            at_s = event["t"] + self._monotonic_of_wall_s
            user = next(iter(event["users"].values()))
            if at_s <= window.begin_s + SIGNIFICANT_S:
                before = user
            elif at_s <= window.end_s + SIGNIFICANT_S:
                entries.append(user)
        if not entries:
            return OwnFigures()
        first, last = before or entries[0], entries[-1]

        def mean(kind: str, key: str) -> float:
            return statistics.fmean(entry[kind][key] for entry in entries)

        def growth(key: str) -> float:
            return float(last["video"][key] - first["video"][key])

        return OwnFigures(
            fps=mean("video", "fps"),
            freezes=int(growth("freeze_count")),
            frozen_s=growth("freeze_s"),
            concealed_pct=mean("audio", "concealed_pct"),
            receiver_audio_ms=mean("audio", "delay_ms"),
            width_px=last["video"]["width"],
            nacks=int(growth("nack")),
            plis=int(growth("pli")),
        )
