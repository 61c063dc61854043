"""The server's side of SFU rooms with the real Janus; the participants are scripts with plain aiortc."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktop_app.server.topology.coordinator import Rules
from tests.janus import PROGRAM, JanusProcess

from .server_tools import ANSWER_S, running_server
from .sfu_tools import participant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from .server_tools import RunningServer

pytestmark = [
    pytest.mark.needs_program(PROGRAM),
    # aiortc's own receiver is given pictures before the first whole one.
    pytest.mark.expected_warnings("^aiortc.rtcrtpreceiver: .* failed to decode VP8 frame"),
]

RULES = Rules(threshold=3, mesh_limit=4, hysteresis_s=0.3, ready_s=8.0)


@asynccontextmanager
async def janus_and_server(folder: Path) -> AsyncIterator[tuple[JanusProcess, RunningServer]]:
    async with (
        JanusProcess(folder) as janus,
        running_server(janus=(janus.address,), rules=RULES) as server,
    ):
        await server.wait_for_gauge("bridgecall_janus_nodes_up", 1)
        yield janus, server


async def wait_for_nothing(janus: JanusProcess, handles: int = 1) -> None:
    """Until Janus has no room, and the server's own handle alone."""
    async with asyncio.timeout(ANSWER_S):
        while await janus.rooms() or len(await janus.handles()) != handles:  # noqa: ASYNC110 - Janus tells nobody
            await asyncio.sleep(0.02)


async def test_a_room_grows_and_shrinks(tmp_path: Path) -> None:
    async with janus_and_server(tmp_path) as (janus, server):
        async with AsyncExitStack() as stack:
            ann, bob = [await stack.enter_async_context(participant(server, "r", u)) for u in ("ann", "bob")]
            assert ann.story == bob.story == [("mesh", "commit", "joined")]
            async with participant(server, "r", "cat") as cat:
                for each in (ann, bob, cat):
                    await each.until_told("sfu", "commit", "participants")
                assert await server.gauge("bridgecall_rooms_sfu") == 1
                frame = await ann.frame("cat", "thumbnail")
                assert frame.width
                assert len(await janus.rooms()) == 1
            for each in (ann, bob):
                await each.until_told("mesh", "commit", "few-participants")
            await wait_for_nothing(janus)
        await wait_for_nothing(janus)
