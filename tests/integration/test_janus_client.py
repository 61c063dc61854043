"""Our client of Janus's API: with the real one, and with something that only pretends to be Janus."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, web

from desktop_app.server.janus import client, videoroom
from desktop_app.server.janus.address import JanusAddress
from desktop_app.server.janus.client import JanusClient, JanusError, JanusGoneError
from desktop_app.server.janus.nodes import JanusNodes
from desktop_app.server.janus.videoroom import PLUGIN, FeedMid, VideoRoom
from tests.janus import PROGRAM, JanusProcess
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

ROOM = "bridgecall-test"
STRANGE: list[Any] = [
    7,
    [],
    {"janus": 3},
    {"janus": "event", "sender": 7, "plugindata": []},
    {"janus": "event"},
]
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


@asynccontextmanager
async def connected(address: JanusAddress) -> AsyncIterator[tuple[JanusClient, asyncio.Event]]:
    lost = asyncio.Event()
    async with ClientSession() as http:
        janus = JanusClient(address, lost.set)
        await janus.connect(http)
        try:
            yield janus, lost
        finally:
            await janus.close()


def nothing(_kind: str, _event: dict[str, Any]) -> None:
    pass


@pytest.mark.needs_program(PROGRAM)
async def test_rooms_let_nobody_in_who_does_not_know(tmp_path: Path) -> None:
    async with JanusProcess(tmp_path) as process, connected(process.address) as (janus, lost):
        stranger = VideoRoom(await janus.attach(PLUGIN, nothing), "a guess")
        with pytest.raises(JanusError):
            await stranger.create(ROOM)
        rooms = VideoRoom(await janus.attach(PLUGIN, nothing), process.admin_key)
        await rooms.create(ROOM)
        await rooms.create(ROOM)  # another server was faster
        await rooms.allow(ROOM, "token")
        assert await rooms.rooms() == {ROOM: 0}
        handle = await janus.attach(PLUGIN, nothing)
        pin = rooms.pin(ROOM)
        for wrong in ({"pin": "x", "token": "token"}, {"pin": pin, "token": "x"}):
            with pytest.raises(JanusError):
                await videoroom.publish(handle, ROOM, feed="f", sdp=SDP, names=[], **wrong)
        with pytest.raises(JanusError):
            await videoroom.subscribe_first(handle, ROOM, pin="x", sources=[FeedMid("f", "0")])
        with pytest.raises(JanusError) as refused:
            await videoroom.subscribe_first(handle, ROOM, pin=pin, sources=[FeedMid("f", "0")])
        assert refused.value.code == videoroom.NO_SUCH_FEED
        with pytest.raises(JanusError):
            await stranger.destroy(ROOM)
        await rooms.disallow(ROOM, "token")
        await rooms.destroy(ROOM)
        await rooms.destroy(ROOM)
        assert await process.rooms() == []
        await handle.detach()
        assert len(await process.handles()) == 2
        assert not lost.is_set()


@pytest.mark.needs_program(PROGRAM)
@pytest.mark.expected_warnings("desktop_app.server.janus.node: Janus ws://")
async def test_a_node_that_does_not_answer_is_given_up_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "KEEPALIVE_S", 0.1)
    monkeypatch.setattr(client, "REQUEST_S", 0.5)
    async with JanusProcess(tmp_path, api_secret="s") as process:
        wrong = JanusAddress(process.url, process.admin_key, "a guess")
        nodes = JanusNodes([process.address, process.address])
        refused = JanusNodes([wrong])
        await nodes.start()
        await refused.start()
        try:
            await until(lambda: nodes.up == 1)
            assert nodes.by_load() == [process.url]
            os.kill(process.pid, signal.SIGSTOP)
            await until(lambda: nodes.up == 0)
            os.kill(process.pid, signal.SIGCONT)
            await until(lambda: nodes.up == 1)
            assert refused.up == 0
        finally:
            await nodes.close()
            await refused.close()
        assert await process.sessions() == []


@asynccontextmanager
async def pretender(
    answer: Callable[[web.WebSocketResponse, dict[str, Any]], Awaitable[None]],
) -> AsyncIterator[JanusAddress]:
    """Something that lets one create a session and attach, and answers the rest as `answer` does."""

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("janus-protocol",))
        await socket.prepare(request)
        async for message in socket:
            asked = json.loads(message.data)
            if asked["janus"] in ("create", "attach"):
                await socket.send_json(
                    {"janus": "success", "transaction": asked["transaction"], "data": {"id": 7}}
                )
            elif asked["janus"] != "destroy":
                await answer(socket, asked)
            else:
                await socket.send_json({"janus": "success", "transaction": asked["transaction"]})
        return socket

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield JanusAddress(f"ws://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


async def test_an_answer_may_come_before_its_ack_and_strange_ones_do_no_harm() -> None:
    async def answer(socket: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        for strange in STRANGE:
            await socket.send_json(strange)
        transaction = asked["transaction"]
        await socket.send_json(
            {
                "janus": "event",
                "transaction": transaction,
                "plugindata": {"data": {"it": 1}},
                "jsep": {"sdp": 5},
            }
        )
        await socket.send_json({"janus": "ack", "transaction": transaction})

    async with pretender(answer) as address, connected(address) as (janus, lost):
        handle = await janus.attach(PLUGIN, nothing)
        assert (await handle.message({"request": "x"}))[0] == {"it": 1}
        with pytest.raises(JanusError):  # a description that is none
            await videoroom.subscribe_first(handle, ROOM, pin="", sources=[])
        assert await VideoRoom(handle, "").rooms() == {}
        assert not lost.is_set()


@pytest.mark.parametrize("sent", ["silence", "binary", "no json", "end", "forgotten"])
@pytest.mark.expected_warnings("desktop_app.server.janus.client: Janus (sent|has)")
async def test_whatever_goes_wrong_is_told_at_once(sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if sent == "silence":
        monkeypatch.setattr(client, "REQUEST_S", 0.2)

    async def answer(socket: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        match sent:
            case "binary":
                await socket.send_bytes(b"x")
            case "no json":
                await socket.send_str("{" * 5000)
            case "end":
                await socket.close()
            case "forgotten":
                await socket.send_json({"janus": "timeout", "session_id": 7})

    async with pretender(answer) as address, connected(address) as (janus, lost):
        handle = await janus.attach(PLUGIN, nothing)
        with pytest.raises(JanusGoneError):
            await handle.message({"request": "x"})
        assert lost.is_set() == (sent != "silence")


async def test_nobody_there_is_a_sentence() -> None:
    with pytest.raises(JanusGoneError, match="no connection"):
        async with connected(JanusAddress("ws://127.0.0.1:9")):
            pass


async def test_a_handle_that_nobody_waits_for_any_more_is_given_back(tmp_path: Path) -> None:
    async with JanusProcess(tmp_path) as janus, ClientSession() as http:
        client = JanusClient(janus.address, lambda: None)
        await client.connect(http)
        for turns in range(20):
            attaching = asyncio.create_task(client.attach(PLUGIN, lambda _kind, _event: None))
            for _ in range(turns):
                await asyncio.sleep(0)
            attaching.cancel()
            await asyncio.wait([attaching])
            if not attaching.cancelled():
                await attaching.result().detach()
        await client.request("keepalive")  # what came before its answer has come
        async with asyncio.timeout(5):
            while await janus.handles():  # noqa: ASYNC110 - Janus tells nobody
                await asyncio.sleep(0.02)
        assert not client.handles
        await client.close()
