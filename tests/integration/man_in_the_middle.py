"""Somebody who owns the signaling server: rewrites every description, and has a connection to each side.

What else a browser asks for, such as the guest page, is passed on.
"""

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
        self.honest = False
        """Signals are passed on; to begin to cheat in the middle of a call."""
        self.met: dict[str, dict[str, Any]] = {}
        """What the server last said of each who came, by user id."""
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
                    if frame.type is not aiohttp.WSMsgType.TEXT:
                        continue
                    message = json.loads(frame.data)
                    if message["type"] == "new-peer":
                        self.met[message["userId"]] = message
                    if self.honest or message["type"] != "signal":
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
                if message["type"] == "signal" and not self.honest:
                    self._intercept(user, message["targetUserId"], message["data"])
                else:
                    await server.send_str(frame.data)
            task.cancel()
        return client

    async def pass_on(self, request: web.Request) -> web.Response:
        """A file of the guest page."""
        address = self._server_url.replace("ws:", "http:").removesuffix("/ws") + request.path_qs
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            return web.Response(
                status=answer.status,
                body=await answer.read(),
                content_type=answer.content_type,
            )

    def make_up_a_return(self, cheated: str, believed: str) -> None:
        """Tell somebody that another one has left and come back, in the same call."""
        for message in ({"type": "peer-left", "userId": believed}, self.met[believed]):
            self._send(cheated, message)

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
        self._send(cheated, {"type": "signal", "from": believed, "data": data})

    def _send(self, user: str, message: dict[str, Any]) -> None:
        task = asyncio.create_task(self._clients[user].send_str(json.dumps(message)))
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
    application.router.add_get("/{path:.*}", mallory.pass_on)
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
