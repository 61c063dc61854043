"""What is proved of the installed programs, each step with real processes; a step that fails says why by raising."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

from linux.proof.installed import (
    DESKTOP_FILE,
    SETTINGS,
    START_LIMIT_S,
    InstalledProcess,
    InstalledServer,
    exec_line,
    window_class,
)
from linux.proof.root import USER
from tests.end2end.patterns import find_patterns, remote_counter
from tests.end2end.processes import AppProcess, BotProcess
from tests.end2end.xvfb import Xvfb, write_png

if TYPE_CHECKING:
    from pathlib import Path

    from linux.proof.root import DebianRoot
    from tests.end2end.patterns import Image

LINK = r"https://\S+/r/\S+#fp=[0-9a-f]{64}\S*"
PATIENCE_S = START_LIMIT_S
SMOKE_LIMIT_S = 300


def shows_remote(image: Image) -> bool:
    """Whether the pattern of somebody else is in the picture, and its frame counter can be read."""
    return remote_counter(image) is not None


async def moves(screen: Xvfb) -> str:
    """Wait until the other's picture has moved on; says from which frame to which."""
    first = remote_counter(await screen.wait_until(shows_remote, timeout=PATIENCE_S))
    assert first is not None

    def went_on(image: Image) -> bool:
        now = remote_counter(image)
        return now is not None and 0 < (now - first) % 65536 < 3000

    second = remote_counter(await screen.wait_until(went_on, timeout=PATIENCE_S))
    return f"the other's frames {first} to {second}"


async def start_from_the_desktop_file(root: DebianRoot, folder: Path) -> str:
    """The Exec line opens the lobby with the camera's picture, and the window has the class that the file tells."""
    command = exec_line(root)
    assert command[0] == "bridgecall", command
    with Xvfb(folder / "screen") as screen:
        window = InstalledProcess(folder, "lobby", root, command, screen.environment, settings=SETTINGS)
        async with window:
            await screen.wait_until(
                lambda image: any(one.mirrored and one.counter for one in find_patterns(image)),
                timeout=PATIENCE_S,
            )
            write_png(folder / "installed-lobby.png", screen.screenshot())
            instance, kind = window_class(screen.display, "Bridgecall")
            wanted = re.search(
                r"^StartupWMClass=(.*)$", (root.folder / DESKTOP_FILE).read_text(), re.MULTILINE
            )
            assert wanted is not None
            assert kind == wanted[1], (instance, kind)
    return f"{' '.join(command)} opened the lobby; WM_CLASS is {instance}, {kind}"


def smoke_test(root: DebianRoot, folder: Path) -> str:
    """`bridgecall --smoke-test` passes; its report is kept."""
    with Xvfb(folder / "smoke-screen") as screen:
        report = f"/home/{USER}/smoke-test.json"
        command = root.command(["bridgecall", "--smoke-test", report], {"DISPLAY": screen.display})
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=SMOKE_LIMIT_S, check=False
        )
    path = root.folder / report.lstrip("/")
    text = path.read_text(encoding="utf-8") if path.exists() else "{}"
    (folder / "smoke-test.json").write_text(text, encoding="utf-8")
    result: dict[str, Any] = json.loads(text)
    if done.returncode or not result.get("ok"):
        raise AssertionError(f"status {done.returncode}: {done.stderr.strip()[-2000:]}\n{text[-2000:]}")
    assert result["frozen"] is True, result
    return ", ".join(f"{step['name']} {step['seconds']} s" for step in result["steps"])


async def window_hosts(root: DebianRoot, folder: Path) -> str:
    """The installed window starts a call, and a bot from source joins it by its link."""
    with Xvfb(folder / "hosting-screen") as screen:
        window = InstalledProcess(
            folder,
            "hosting",
            root,
            ["bridgecall", "--host", "--name", "Ana"],
            screen.environment,
            settings=SETTINGS,
        )
        async with window:
            link = (await window.wait_for_line(LINK, timeout=PATIENCE_S))[0]
            async with BotProcess(folder, "Ben", None, None, "--link", link) as bot:
                await bot.wait_for_event("first-frame", kind="audio", timeout=PATIENCE_S)
                await bot.wait_for_event("first-frame", kind="video", timeout=PATIENCE_S)
                moved = await moves(screen)
                write_png(folder / "installed.png", screen.screenshot())
    return f"the installed window shows {moved}; the bot from source sees and hears it"


async def window_joins(root: DebianRoot, folder: Path) -> str:
    """A window from source hosts; the installed one joins by the Exec line, with the link as a browser passes it on."""
    with Xvfb(folder / "source-screen") as there, Xvfb(folder / "joining-screen") as here:
        host = AppProcess(
            folder, "source", "--host", "--name", "Ben", settings=SETTINGS, environment=there.environment
        )
        async with host:
            link = (await host.wait_for_line(LINK, timeout=PATIENCE_S))[0]
            words = [*exec_line(root, link.replace("https:", "bridgecall:", 1)), "--join", "--name", "Ana"]
            async with InstalledProcess(folder, "joining", root, words, here.environment, settings=SETTINGS):
                sees, is_seen = await moves(here), await moves(there)
    return f"the installed window shows {sees}, the one from source {is_seen}"


async def bots_meet(root: DebianRoot, folder: Path) -> str:
    """A bot of the package and one from source see and hear each other by the server of the package."""
    async with InstalledServer(folder, "server-of-bots", root) as server:
        url = f"ws://127.0.0.1:{server.port}/ws"
        words = ["bridgecall-bot", "--server", url, "--room", "bots", "--name", "Ana"]
        async with (
            BotProcess(folder, "Ben", url, "bots") as source,
            InstalledProcess(folder, "bot", root, words, {}, takes_input=True) as installed,
        ):
            for bot in (source, installed):
                for kind in ("audio", "video"):
                    await bot.wait_for_event("first-frame", kind=kind, timeout=PATIENCE_S)
    return "each sees and hears the other"
