"""Somebody who owns the signaling server: rewrites every description, and has a connection to each side."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from .peer_tools import Person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Mallory:
    """Stands between two clients and a real server; each of the two takes a connection to Mallory for the other's."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._clients: dict[str, web.WebSocketResponse] = {}
        self._faces: dict[tuple[str, str], Person] = {}
        """By (who is cheated, whom they believe to talk to)."""
        self._sending: set[asyncio.Task[None]] = set()
        self.rewritten = 0
        """Signals that were not passed on."""
        self.url = ""

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One client: what it says to the server and hears of it, but for signals."""
        client = web.WebSocketResponse()
        await client.prepare(request)
        async with aiohttp.ClientSession() as session, session.ws_connect(self._server_url) as server:

            async def down() -> None:
                async for frame in server:
                    if frame.type is aiohttp.WSMsgType.TEXT and json.loads(frame.data)["type"] != "signal":
                        await client.send_str(frame.data)
                await client.close()

            task = asyncio.create_task(down())
            user = ""
            async for frame in client:
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    continue
                message = json.loads(frame.data)
                if message["type"] == "join-room":
                    user = message["userId"]
                    self._clients[user] = client
                if message["type"] == "signal":
                    self._intercept(user, message["targetUserId"], message["data"])
                else:
                    await server.send_str(frame.data)
            task.cancel()
        return client

    def _intercept(self, sender: str, target: str, data: Any) -> None:
        self.rewritten += 1
        face = self._face(sender, target)
        if data.get("type") == "offer" and (target, sender) not in self._faces:
            self._face(target, sender).peer.make_call()
        face.peer.handle_signal(data)

    def _face(self, cheated: str, believed: str) -> Person:
        """Who `cheated` takes for `believed`."""
        face = self._faces.get((cheated, believed))
        if face is None:
            face = self._faces[cheated, believed] = Person(440.0)
            face.connect(cheated, lambda data: self._say(cheated, believed, data))
        return face

    def _say(self, cheated: str, believed: str, data: object) -> None:
        text = json.dumps({"type": "signal", "from": believed, "data": data})
        task = asyncio.create_task(self._clients[cheated].send_str(text))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        """Let go of both."""
        for face in self._faces.values():
            await face.close()


@asynccontextmanager
async def man_in_the_middle(server_url: str) -> AsyncIterator[Mallory]:
    """Mallory on a free port."""
    mallory = Mallory(server_url)
    application = web.Application()
    application.router.add_get("/ws", mallory.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        mallory.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/ws"
        yield mallory
    finally:
        await mallory.close()
        await runner.cleanup()
