"""A guest in a real Chromium and a bot that may use relays alone, with credentials that the server made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.turn_server import SECRET, TurnServer

from .chromium import chromium_page, collect_complaints
from .guest_tools import wait_connected, wait_media_flows
from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_program("turnserver")


async def test_a_guest_meets_a_bot_behind_a_relay(tmp_path: Path) -> None:
    with TurnServer(tmp_path, rest_api=True) as turn:
        options = ("--turn-server", f"{turn.url()},{SECRET}")
        async with (
            ServerProcess(tmp_path, *options) as server,
            BotProcess(tmp_path, "bot", server.url, "room", "--relay-only", "--size", "320x240") as bot,
            chromium_page(fps=10) as page,
        ):
            await bot.wait_for_event("joined")
            complaints = collect_complaints(page)
            await page.goto(f"http://localhost:{server.port}/r/room?name=Guest&join=1")
            await wait_connected(page, "bot")
            await wait_media_flows(page, "bot")
            said = await bot.wait_for_event(
                "stats", where=lambda event: any(user["candidate_type"] for user in event["users"].values())
            )
            assert [user["candidate_type"] for user in said["users"].values()] == ["relay"]
            assert not complaints
