"""Sound through real audio devices: PulseAudio's virtual microphone and speaker, and the window application."""

from __future__ import annotations

import asyncio
import shutil
import wave
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.pulse import PulseServer, loudest_frequency_hz

from .processes import AppProcess, BotProcess, ServerProcess
from .xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS: dict[str, Any] = {
    "version": 1,
    "camera": "test",
    # A steady tone is noise to a noise suppressor.
    "echo_cancellation": False,
    "noise_suppression": False,
    "automatic_gain": False,
}
SPOKEN_HZ, HEARD_HZ = 700.0, 440.0


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[PulseServer]:
    assert shutil.which("pulseaudio"), "the set-up installs pulseaudio"
    with PulseServer(tmp_path) as server:
        server.load_null_sink("speaker")
        server.load_virtual_microphone("mic")
        server.set_default_sink("speaker")
        server.set_default_source("mic")
        yield server


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Xvfb]:
    with Xvfb(tmp_path / "screen") as xvfb:
        yield xvfb


async def test_a_tone_goes_from_microphone_to_bot_and_from_bot_to_speaker(
    tmp_path: Path, pulse: PulseServer, screen: Xvfb
) -> None:
    recording = tmp_path / "heard.wav"
    pulse.play_tone("mic_feed", SPOKEN_HZ, 120)
    async with (
        ServerProcess(tmp_path) as server,
        BotProcess(tmp_path, "bot", server.url, "room", "--record-audio", str(recording)) as bot,
        AppProcess(
            tmp_path,
            "ann",
            "--join",
            f"http://127.0.0.1:{server.port}/r/room",
            settings=SETTINGS,
            environment={**screen.environment, **pulse.environment},
        ),
    ):
        await bot.wait_for_event("first-frame", kind="audio")
        # The bot hears the microphone ...
        await bot.wait_for_event(
            "stats",
            where=lambda entry: any(user["audio"]["level"] > 0.02 for user in entry["users"].values()),
            skip=2,
        )
        # ... and the speaker plays the bot's tone.
        played = await asyncio.to_thread(pulse.record, "speaker.monitor", 2.0)
        assert loudest_frequency_hz(played) == pytest.approx(HEARD_HZ, abs=3)
        assert await bot.leave() == 0
    with wave.open(str(recording)) as heard:
        samples = np.frombuffer(heard.readframes(heard.getnframes()), dtype=np.int16)
    assert loudest_frequency_hz(samples[-48000:]) == pytest.approx(SPOKEN_HZ, abs=3)
