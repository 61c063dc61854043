"""A client that knows the six basic messages and nothing of us: plain aiortc over a WebSocket."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack

from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiortc import MediaStreamTrack


class Foreigner:
    """Says join-room, signal and leave-room; understands new-peer, signal and peer-left."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, user_id: str) -> None:
        self._socket = socket
        self.user_id = user_id
        self.pc = RTCPeerConnection()
        self.frames: dict[str, int] = {"audio": 0, "video": 0}
        self.news = asyncio.Condition()
        self.messages: list[dict[str, Any]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.pc.on("track", self._take_track)

    def add_media(self) -> None:
        self.pc.addTrack(AudioStreamTrack())
        self.pc.addTrack(VideoStreamTrack())

    def _take_track(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.create_task(self._count(track)))

    async def _count(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                await track.recv()
            except MediaStreamError:
                return
            async with self.news:
                self.frames[track.kind] += 1
                self.news.notify_all()

    async def send(self, message: dict[str, Any]) -> None:
        await self._socket.send_str(json.dumps(message))

    async def listen(self) -> None:
        async for frame in self._socket:
            message = json.loads(frame.data)
            self.messages.append(message)
            if message["type"] == "signal" and message["data"].get("type") == "offer":
                await self.pc.setRemoteDescription(RTCSessionDescription(message["data"]["sdp"], "offer"))
                await self.pc.setLocalDescription(await self.pc.createAnswer())
                local = self.pc.localDescription
                await self.signal(message["from"], {"type": local.type, "sdp": local.sdp})
            elif message["type"] == "signal" and message["data"].get("type") == "answer":
                await self.pc.setRemoteDescription(RTCSessionDescription(message["data"]["sdp"], "answer"))
            async with self.news:
                self.news.notify_all()

    async def signal(self, user_id: str, data: dict[str, Any]) -> None:
        await self.send({"type": "signal", "targetUserId": user_id, "data": data})

    async def offer_to(self, user_id: str) -> None:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        local = self.pc.localDescription
        await self.signal(user_id, {"type": local.type, "sdp": local.sdp})

    async def wait_for_frames(self, count: int) -> None:
        async with asyncio.timeout(30), self.news:
            await self.news.wait_for(lambda: min(self.frames.values()) >= count)


@asynccontextmanager
async def foreigner(url: str, user_id: str) -> AsyncIterator[Foreigner]:
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        client = Foreigner(socket, user_id)
        client.add_media()
        await client.send({"type": "join-room", "roomId": "room", "userId": user_id})
        listening = asyncio.create_task(client.listen())
        try:
            yield client
        finally:
            await client.pc.close()
            await asyncio.gather(*client._tasks)
            await client.send({"type": "leave-room"})
            listening.cancel()
            await asyncio.wait([listening])


async def bot_sees(bot: BotProcess, user: str) -> None:
    for kind in ("video", "audio"):
        await bot.wait_for_event("first-frame", user=user, kind=kind)


@pytest.mark.parametrize("path", ["/", "/ws"])
async def test_a_foreign_newcomer_is_offered_to_and_talks_with_a_bot(tmp_path: Path, path: str) -> None:
    async with ServerProcess(tmp_path) as server, BotProcess(tmp_path, "alice", server.url, "room") as alice:
        await alice.wait_for_event("joined")
        async with foreigner(server.url.removesuffix("/ws") + path, "stranger") as client:
            await client.wait_for_frames(10)
            await bot_sees(alice, "stranger")
        await alice.wait_for_event("peer", user="stranger", state="closed")
        assert not alice.events("error")


async def test_a_foreign_client_who_was_there_before_may_offer(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, foreigner(server.url, "stranger") as client:
        async with BotProcess(tmp_path, "bob", server.url, "room") as bob:
            async with asyncio.timeout(30), client.news:
                await client.news.wait_for(
                    lambda: any(m["type"] == "new-peer" and m["userId"] == "bob" for m in client.messages)
                )
            await client.offer_to("bob")
            await client.wait_for_frames(10)
            await bot_sees(bob, "stranger")
        async with asyncio.timeout(30), client.news:
            await client.news.wait_for(lambda: {"type": "peer-left", "userId": "bob"} in client.messages)


async def test_a_foreign_client_who_was_there_before_and_waits_is_offered_to(tmp_path: Path) -> None:
    async with (
        ServerProcess(tmp_path) as server,
        foreigner(server.url, "stranger") as client,
        BotProcess(tmp_path, "bob", server.url, "room") as bob,
    ):
        await client.wait_for_frames(10)
        await bot_sees(bob, "stranger")


async def test_a_foreign_newcomer_who_offers_wins_over_the_offer_to_him(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, BotProcess(tmp_path, "alice", server.url, "room") as alice:
        await alice.wait_for_event("joined")
        async with aiohttp.ClientSession() as session, session.ws_connect(server.url) as socket:
            client = Foreigner(socket, "stranger")
            client.add_media()
            await client.send({"type": "join-room", "roomId": "room", "userId": "stranger"})
            # Glare: his offer is sent whatever comes, and the offer to him is ignored.
            while (await socket.receive_json())["type"] != "signal":
                pass
            await client.offer_to("alice")
            while True:
                message = await socket.receive_json()
                if message["type"] == "signal" and message["data"].get("type") == "answer":
                    break
            await client.pc.setRemoteDescription(RTCSessionDescription(message["data"]["sdp"], "answer"))
            await client.wait_for_frames(5)
            await bot_sees(alice, "stranger")
            await client.pc.close()
            await asyncio.gather(*client._tasks)
