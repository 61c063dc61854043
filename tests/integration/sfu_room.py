"""A room on a real Janus: three who publish, and one who looks on."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.integration.janus_client import JanusClient
from tests.integration.sfu_media_tools import THUMBNAIL_PX, WIDTH_PX, Sender, Viewer, running, tone_of
from tests.janus import JanusProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TONE_TOLERANCE_HZ = 12.0
LARGE, SMALL = WIDTH_PX, THUMBNAIL_PX[0]


def width_of(kind: str) -> int:
    """Of a kind's pictures."""
    return LARGE if kind == "camera" else SMALL


class Room:
    """Three who publish, and one who looks on."""

    def __init__(self, janus: JanusProcess, client: JanusClient) -> None:
        self.janus = janus
        self.client = client
        self.senders = [Sender(number) for number in range(3)]
        self.viewer = Viewer()

    def shows(self, number: int, width_px: int) -> bool:
        """Whether somebody's newest picture is so wide."""
        return self.viewer.tiles[f"user{number}"].screen.newest_width_px == width_px

    def hears(self, number: int) -> bool:
        """Whether somebody's tone is heard in their own playout."""
        heard_hz = self.viewer.tiles[f"user{number}"].loudest_hz()
        return heard_hz is not None and abs(heard_hz - tone_of(number)) < TONE_TOLERANCE_HZ

    def check_pictures(self) -> None:
        """Nobody's pictures were ever in somebody else's place, and none was smeared."""
        for number in range(len(self.senders)):
            tile = self.viewer.tiles.get(f"user{number}")
            if tile is not None:
                assert tile.screen.numbers <= {number}, (number, tile.screen.seen)


@asynccontextmanager
async def room(folder: Path, **options: Any) -> AsyncIterator[Room]:
    """Everybody publishes; `options` are those of Janus's room."""
    async with AsyncExitStack() as stack:
        janus = await stack.enter_async_context(JanusProcess(folder))
        client = await stack.enter_async_context(JanusClient(janus))
        await client.create_room(**options)
        there = Room(janus, client)
        await stack.enter_async_context(
            running(*(sender.run for sender in there.senders), there.viewer.listen)
        )
        await asyncio.gather(*(sender.publish(client) for sender in there.senders))
        try:
            yield there
        finally:
            there.viewer.subscriber.close()
            for sender in there.senders:
                sender.close()
            await there.viewer.subscriber.wait_closed()
            for sender in there.senders:
                await sender.wait_closed()
            assert there.viewer.subscriber.closed
            assert all(sender.publisher.closed for sender in there.senders)
