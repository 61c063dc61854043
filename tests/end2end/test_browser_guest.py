"""A guest in a real Chromium with our own media path: what each side sees and hears of the other."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from .chromium import chromium_page, collect_complaints, inbound_stats
from .guest_tools import wait_connected, wait_media_flows
from .processes import AppProcess, BotProcess, ServerProcess
from .test_application import SETTINGS
from .xvfb import Xvfb

if TYPE_CHECKING:
    from pathlib import Path

    from .patterns import Image

PATIENCE_S = 40.0


def heard_and_seen(entry: dict[str, Any]) -> bool:
    """One of the bot's stats in which the guest's picture moves and the beep is heard."""
    return any(
        user["video"]["fps"] > 5 and user["audio"]["level"] > 0.001 and user["rtt_ms"] is not None
        for user in entry["users"].values()
    )


def shows_green_camera(image: Image) -> bool:
    """A good part of the screen is the green of Chromium's fake camera."""
    red, green, blue = (image[..., channel] for channel in range(3))
    return bool(((green > 120) & (red < 90) & (blue < 90)).mean() > 0.15)


@pytest.mark.parametrize("bot_first", [True, False], ids=["bot-offers", "guest-offers"])
async def test_a_bot_and_a_guest_see_and_hear_each_other(tmp_path: Path, bot_first: bool) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServerProcess(tmp_path))
        bot = BotProcess(tmp_path, "bot", server.url, "room")
        page = await stack.enter_async_context(chromium_page())
        complaints = collect_complaints(page)
        guest_url = f"http://localhost:{server.port}/r/room?name=Guest&join=1"
        if bot_first:
            await stack.enter_async_context(bot)
            await bot.wait_for_event("joined")
            await page.goto(guest_url)
        else:
            await page.goto(guest_url)
            await server.wait_for_event("joined")
            await stack.enter_async_context(bot)
        await wait_connected(page, "bot")
        await wait_media_flows(page, "bot")
        reports = await inbound_stats(page, "bot")
        assert reports["video"]["frameWidth"] == 640
        assert reports["audio"]["totalAudioEnergy"] > 0.001
        stats = await bot.wait_for_event("stats", where=heard_and_seen, timeout=PATIENCE_S)
        guest = next(iter(stats["users"].values()))
        assert guest["video"]["width"] > 0
        assert guest["loss_pct"] == 0
        assert not complaints
        # Closed by the person: the bot sees the guest go.
        await page.close()
        await bot.wait_for_event("participant", state="left")


async def test_the_window_hosts_and_a_guest_joins_by_its_link(tmp_path: Path) -> None:
    with Xvfb(tmp_path / "screen") as screen:
        async with AppProcess(
            tmp_path, "ann", "--host", "--name", "Ann", settings=SETTINGS, environment=screen.environment
        ) as ann:
            link = (await ann.wait_for_line(r"(https://\S+/r/\S+)#fp=[0-9a-f]{64}\S*")).group(0)
            page_url, _, fragment = link.partition("#")
            async with chromium_page() as page:
                await page.goto(f"{page_url}?name=Guest&join=1#{fragment}")
                await wait_connected(page, "Ann")
                await wait_media_flows(page, "Ann")
                # The guest's picture (Chromium's green fake camera) is on the window's screen: most of it is
                # neither the dark surface nor our own pattern.
                await screen.wait_until(shows_green_camera)
                await ann.wait_for_log("peer .* connecting -> connected")
                await page.close()
            await ann.wait_for_log("peer .* -> closed")
