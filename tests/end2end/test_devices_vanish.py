"""Camera, microphone and speaker go away in mid-call and come back: what the person reads, and the other gets."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.pulse import PulseServer, loudest_frequency_hz
from tests.unit.media.media_files import write_video

from .processes import BotProcess, ServerProcess
from .watched_app import WatchedApp
from .x11_input import X11Input
from .xvfb import Xvfb

if TYPE_CHECKING:
    from pathlib import Path

    from .processes import Event

pytestmark = pytest.mark.needs_program("pulseaudio", "pactl", "parec", "pacat")

SETTINGS: dict[str, Any] = {
    "version": 1,
    "display_name": "Ann",
    "microphone": "headset",
    "speaker": "dock",
    # A steady tone is noise to a noise suppressor.
    "echo_cancellation": False,
    "noise_suppression": False,
    "automatic_gain": False,
}
SPOKEN_HZ, HEARD_HZ = 700.0, 440.0


async def next_stats(bot: BotProcess, where: str, least: float, most: float = float("inf")) -> None:
    """Wait until the bot gets so much of Ann: "level" of her sound, or "fps" of her picture."""

    def is_so(entry: Event) -> bool:
        kind = "audio" if where == "level" else "video"
        return any(least <= user[kind][where] <= most for user in entry["users"].values())

    seen = sum(is_so(entry) for entry in bot.events("stats"))
    await bot.wait_for_event("stats", where=is_so, skip=seen)


async def reads(ann: WatchedApp, sentence: str) -> None:
    """Ann reads this in the window."""
    await ann.sees(sentence, lambda view: view["notice"] == sentence)


async def test_every_device_vanishes_and_returns_in_a_call(tmp_path: Path) -> None:
    film, away = tmp_path / "camera.mp4", tmp_path / "unplugged.mp4"
    write_video(film, frames=40)
    with (
        PulseServer(tmp_path) as pulse,
        Xvfb(tmp_path / "screen", 1280, 800) as screen,
        closing(X11Input(screen.display)) as hands,
    ):
        dock, microphone = pulse.load_null_sink("dock"), pulse.load_virtual_microphone("headset")
        pulse.play_tone("headset_feed", SPOKEN_HZ, 120)
        async with ServerProcess(tmp_path) as server, BotProcess(tmp_path, "bot", server.url, "room") as bot:
            ann = WatchedApp(
                tmp_path,
                "ann",
                "--join",
                f"http://127.0.0.1:{server.port}/r/room",
                screen=screen,
                hands=hands,
                settings={**SETTINGS, "camera": str(film)},
                environment=pulse.environment,
            )
            async with ann:
                await ann.sees_connected({"bot"})
                await next_stats(bot, "level", 0.02)
                await next_stats(bot, "fps", 5)

                film.rename(away)
                await reads(ann, 'The file "camera.mp4" does not exist.')
                await next_stats(bot, "fps", 0, 4)  # a picture that stands still in its place
                away.rename(film)
                await reads(ann, "The camera works again.")
                await next_stats(bot, "fps", 5)

                pulse.unload(microphone)
                await reads(ann, 'The microphone "headset" is not connected.')
                await next_stats(bot, "level", 0, 0.001)
                await next_stats(bot, "fps", 5)  # the rest of the call goes on
                pulse.load_module(
                    "module-remap-source",
                    "source_name=headset",
                    "master=headset_feed.monitor",
                    "source_properties=device.description=headset",
                )
                await reads(ann, "The microphone works again.")
                await next_stats(bot, "level", 0.02)

                pulse.unload(dock)
                await reads(ann, 'The speaker "dock" is not connected.')
                await next_stats(bot, "level", 0.02)
                pulse.load_null_sink("dock")
                await reads(ann, "The speaker works again.")
                played = await asyncio.to_thread(pulse.record, "dock.monitor", 2.0)
                assert loudest_frequency_hz(played) == pytest.approx(HEARD_HZ, abs=3)
                assert not bot.events("participant", state="left")
                assert await bot.leave() == 0
