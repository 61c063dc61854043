"""Two real application windows in a call, each on a screen of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from .patterns import find_patterns, remote_counter
from .processes import AppProcess, BotProcess, ServerProcess
from .xvfb import Xvfb, write_png

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .patterns import Image

SETTINGS: dict[str, Any] = {"version": 1, "camera": "test", "microphone": "test", "speaker": "none"}


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Xvfb]:
    with Xvfb(tmp_path / "screen") as xvfb:
        yield xvfb


@pytest.fixture
def other_screen(tmp_path: Path) -> Iterator[Xvfb]:
    with Xvfb(tmp_path / "other-screen") as xvfb:
        yield xvfb


def shows_remote(image: Image) -> bool:
    """The other's pattern is there and can be read."""
    return remote_counter(image) is not None


async def moves(screen: Xvfb) -> tuple[int, int]:
    """Two readings of the other's frame counter, the second one later and different."""
    first = remote_counter(await screen.wait_until(shows_remote))
    assert first is not None

    def went_on(image: Image) -> bool:
        now = remote_counter(image)
        return now is not None and 0 < (now - first) % 65536 < 3000

    second = remote_counter(await screen.wait_until(went_on))
    assert second is not None
    return first, second


async def test_two_windows_call_each_other_through_a_hosted_room(
    tmp_path: Path, screen: Xvfb, other_screen: Xvfb
) -> None:
    async with AppProcess(
        tmp_path, "ann", "--host", "--name", "Ann", settings=SETTINGS, environment=screen.environment
    ) as ann:
        link = (await ann.wait_for_line(r"https://\S+/r/\S+#fp=[0-9a-f]{64}\S*")).group(0)
        async with AppProcess(
            tmp_path,
            "ben",
            "--join",
            "--name",
            "Ben",
            link,
            settings=SETTINGS,
            environment=other_screen.environment,
        ) as ben:
            await moves(screen)
            await moves(other_screen)
            for name, display in (("ann", screen), ("ben", other_screen)):
                picture = display.screenshot()
                write_png(tmp_path / f"{name}.png", picture)
                # The own picture is there too, mirrored.
                assert any(each.mirrored for each in find_patterns(picture)), name
            assert await ben.stop() == 0
        # Ben is gone: his picture goes, Ann's stays.
        await screen.wait_until(lambda image: not shows_remote(image))
        assert not [line for line in ann.log if re.search(r"\b(ERROR|CRITICAL)\b", line)]


async def test_the_lobby_shows_the_camera_before_any_call(tmp_path: Path, screen: Xvfb) -> None:
    async with AppProcess(tmp_path, "ann", settings=SETTINGS, environment=screen.environment) as ann:
        await screen.wait_until(lambda image: any(p.mirrored and p.counter for p in find_patterns(image)))
        assert await ann.stop() == 0


async def test_a_window_and_a_bot_in_a_room_of_a_server(tmp_path: Path, screen: Xvfb) -> None:
    async with (
        ServerProcess(tmp_path) as server,
        BotProcess(tmp_path, "bot", server.url, "room") as bot,
        AppProcess(
            tmp_path,
            "ann",
            "--join",
            f"http://127.0.0.1:{server.port}/r/room",
            settings=SETTINGS,
            environment=screen.environment,
        ),
    ):
        await moves(screen)
        await bot.wait_for_event("first-frame", kind="video")
        await bot.wait_for_event("first-frame", kind="audio")


async def test_a_camera_that_is_missing_is_said_and_the_call_goes_on(tmp_path: Path, screen: Xvfb) -> None:
    settings = SETTINGS | {"camera": "no such camera"}
    async with (
        ServerProcess(tmp_path) as server,
        BotProcess(tmp_path, "bot", server.url, "room") as bot,
        AppProcess(
            tmp_path,
            "ann",
            "--join",
            f"http://127.0.0.1:{server.port}/r/room",
            settings=settings,
            environment=screen.environment,
        ) as ann,
    ):
        await moves(screen)
        # The placeholder picture arrives at the bot: a slow, but live stream.
        await bot.wait_for_event("first-frame", kind="video")
        await ann.wait_for_log("camera.*failed")


async def test_without_a_display_it_says_so_and_ends_with_2(tmp_path: Path) -> None:
    ann = AppProcess(tmp_path, "ann")
    await ann.start()
    assert await ann.wait() == 2
    assert len(ann.stderr) == 1
    assert "display" in ann.stderr[0]


async def test_a_screen_that_does_not_answer_is_no_display(tmp_path: Path) -> None:
    ann = AppProcess(tmp_path, "ann", environment={"DISPLAY": ":4711"})
    await ann.start()
    assert await ann.wait() == 2
    assert len(ann.stderr) == 1


async def test_a_broken_settings_file_is_kept_and_the_window_opens(tmp_path: Path, screen: Xvfb) -> None:
    ann = AppProcess(tmp_path, "ann", environment=screen.environment)
    ann.settings_file.parent.mkdir(parents=True)
    ann.settings_file.write_bytes(b"\x00\xff not json")
    blank = screen.screenshot()
    async with ann:
        await screen.wait_until(lambda image: bool(np.any(image != blank)))
        await ann.wait_for_log("Bridgecall .* starts")
        kept = list(ann.settings_file.parent.glob("settings.broken-*.json"))
        assert [each.read_bytes() for each in kept] == [b"\x00\xff not json"]
