"""One Janus: whether it answers, what it carries, and a connection that comes back by itself."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from desktop_app.core.tasks import TaskOwner

from .client import JanusClient, JanusError, JanusGoneError
from .videoroom import PLUGIN, VideoRoom

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import ClientSession

    from .address import JanusAddress
    from .client import Handle, HandleListener

logger = logging.getLogger(__name__)

RECONNECT_S = 0.5
LOOK_S = 5.0
"""Between two questions for what it carries."""
FORGOTTEN_S = 120.0
"""After how long an empty room of ours that we do not use is taken for one whose server has died."""


class JanusNode:
    """Connects and keeps connecting from `start` to `close`; `on_change` is called when it came or went."""

    def __init__(self, address: JanusAddress, on_change: Callable[[JanusNode], None]) -> None:
        self.url = address.url
        self._address = address
        self._on_change = on_change
        self._client: JanusClient | None = None
        self._videoroom: VideoRoom | None = None
        self._lost = asyncio.Event()
        self._tasks = TaskOwner(f"janus {address.url}")
        self._publishers: dict[str, int] = {}
        self._in_use: set[str] = set()
        self._empty_since: dict[str, float] = {}

    @property
    def up(self) -> bool:
        """Whether it is connected now."""
        return self._videoroom is not None

    @property
    def load(self) -> tuple[int, int]:
        """Publishers and rooms, of all servers, as far as known."""
        rooms = self._publishers.keys() | self._in_use
        return sum(self._publishers.values()), len(rooms)

    @property
    def videoroom(self) -> VideoRoom:
        """Its rooms.

        Raises:
            JanusGoneError: it is not connected.
        """
        if self._videoroom is None:
            raise JanusGoneError("the node is not connected")
        return self._videoroom

    def start(self, http: ClientSession) -> None:
        """Begin to connect."""
        self._tasks.spawn(self._run(http), name="run")

    async def close(self) -> None:
        """End the session; safe to call twice."""
        await self._tasks.close()

    async def attach(self, listener: HandleListener) -> Handle:
        """A new handle of the VideoRoom plugin.

        Raises:
            JanusError: Janus refuses or is gone.
        """
        if self._client is None:
            raise JanusGoneError("the node is not connected")
        return await self._client.attach(PLUGIN, listener)

    def use(self, room_id: str) -> None:
        """The room is in use by this server."""
        self._in_use.add(room_id)

    def leave(self, room_id: str) -> None:
        """It is not any more."""
        self._in_use.discard(room_id)
        self._publishers.pop(room_id, None)

    async def _run(self, http: ClientSession) -> None:
        said = False
        while True:
            self._lost.clear()
            client = JanusClient(self._address, self._lost.set)
            try:
                await client.connect(http)
                handle = await client.attach(PLUGIN, lambda _kind, _event: None)
                room = VideoRoom(handle, self._address.admin_key)
                self._publishers = await room.rooms()
            except JanusError as error:
                await client.close()
                if not said:
                    logger.warning("Janus %s cannot be used: %s", self.url, error)
                    said = True
                await asyncio.sleep(RECONNECT_S)
                continue
            except asyncio.CancelledError:
                await client.close()
                raise
            said = False
            try:
                self._client, self._videoroom = client, room
                logger.info("Janus %s is there", self.url)
                self._on_change(self)
                await self._watch(room)
                logger.warning("Janus %s is gone", self.url)
            finally:
                self._client = self._videoroom = None
                self._empty_since.clear()
                self._publishers = {}
                if self._lost.is_set():
                    self._on_change(self)  # first of all: whole rooms wait for it
                await client.close()

    async def _watch(self, room: VideoRoom) -> None:
        """Return when the connection is lost, or nothing comes over it any more."""
        while True:
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._lost.wait()
                return
            except TimeoutError:
                pass
            try:
                self._publishers = await room.rooms()
                await self._sweep(room)
            except JanusError as error:
                logger.warning("Janus %s: %s", self.url, error)

    async def _sweep(self, room: VideoRoom) -> None:
        now = asyncio.get_running_loop().time()
        empty = {name for name, count in self._publishers.items() if not count} - self._in_use
        self._empty_since = {name: self._empty_since.get(name, now) for name in empty}
        for name, since in list(self._empty_since.items()):
            if now - since >= FORGOTTEN_S:
                await room.destroy(name)
