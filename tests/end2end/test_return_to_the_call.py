"""A window that is killed in a call offers to return to it at its next start, with a click."""

from __future__ import annotations

import json
import os
import signal
import stat
from contextlib import AsyncExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.keyring_in_file import environment

from .processes import BotProcess, ServerProcess
from .watched_app import WatchedApp
from .x11_input import X11Input
from .xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

SETTINGS: dict[str, Any] = {
    "version": 1,
    "camera": "test",
    "microphone": "test",
    "speaker": "none",
    "display_name": "Ann",
    "ice_servers": ["stun:127.0.0.1:9", "turn:127.0.0.1:9,ann,hunter2"],
}
KEY = "Abcdefghijklmnopqrstuv"


@pytest.fixture
async def open_ann(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[WatchedApp]]]:
    """Starts Ann's window, again and again, on one screen and in one home."""
    async with AsyncExitStack() as stack:
        screen = stack.enter_context(Xvfb(tmp_path / "screen", 1280, 800))
        hands = stack.enter_context(closing(X11Input(screen.display)))

        async def start(*arguments: str, settings: dict[str, Any] | None = None) -> WatchedApp:
            keyring = environment(tmp_path / "keyring.json")
            ann = WatchedApp(
                tmp_path,
                "ann",
                *arguments,
                screen=screen,
                hands=hands,
                settings=settings,
                environment=keyring,
            )
            return await stack.enter_async_context(ann)

        yield start


def written(folder: Path) -> dict[Path, str]:
    """Every file of Ann's configuration and state."""
    places = [*(folder / "ann-home" / "config").rglob("*"), *(folder / "ann-home" / "state").rglob("*")]
    return {path: path.read_text(errors="replace") for path in places if path.is_file()}


def calls(folder: Path) -> list[Path]:
    """The calls that are written down."""
    return sorted((folder / "ann-home" / "state" / "calls").glob("*.json"))


async def killed(ann: WatchedApp) -> None:
    os.kill(ann.pid, signal.SIGKILL)
    await ann.wait()


async def test_a_killed_window_returns_to_the_room_of_a_server(
    tmp_path: Path, open_ann: Callable[..., Awaitable[WatchedApp]]
) -> None:
    async with ServerProcess(tmp_path) as server:
        link = f"http://127.0.0.1:{server.port}/r/party#k={KEY}"
        async with BotProcess(tmp_path, "bot", None, None, "--link", link) as bot:
            await bot.wait_for_event("joined")
            ann = await open_ann("--join", link, settings=SETTINGS)
            await ann.sees_connected({"bot"})
            await ann.sees("the call on disk", lambda _view: calls(tmp_path))
            await killed(ann)
            (point,) = calls(tmp_path)
            assert stat.S_IMODE(point.stat().st_mode) == 0o600
            for path, text in written(tmp_path).items():
                assert KEY not in text, path
                assert "hunter2" not in text, path
            ann = await open_ann()
            await ann.click("QPushButton", "Return to the call")
            await ann.sees_connected({"bot"})
            await bot.wait_for_event("participant", state="joined", skip=1)
            assert await ann.stop() == 0
            assert calls(tmp_path) == [], "whoever leaves is not asked to return"
            kept = json.loads((tmp_path / "keyring.json").read_text())
            assert [name for name in kept if "|return " in name] == []
            assert "ann,hunter2" in kept.values()


async def test_a_killed_host_opens_its_room_again(
    tmp_path: Path, open_ann: Callable[..., Awaitable[WatchedApp]]
) -> None:
    ann = await open_ann("--host", settings=SETTINGS)
    link = (await ann.wait_for_line(r"https://\S+/r/\S+#fp=[0-9a-f]{64}\S*")).group(0)
    async with BotProcess(tmp_path, "bot", None, None, "--link", link) as bot:
        await ann.sees_connected({"bot"})
        await ann.sees("the call on disk", lambda _view: calls(tmp_path))
        await killed(ann)
        await bot.wait_for_event("error", code="server-lost")
        ann = await open_ann()
        await ann.click("QPushButton", "Return to the call")
        await bot.wait_for_event("participant", state="joined", skip=1)
        await ann.sees_connected({"bot"})
        assert await ann.stop() == 0
