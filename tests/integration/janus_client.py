"""Just enough of Janus's WebSocket API to publish and subscribe in a VideoRoom, without our server."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING, Any, TypeAlias

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.janus import JanusProcess

Json: TypeAlias = dict[str, Any]
PLUGIN = "janus.plugin.videoroom"
ROOM = "room"
NO_SUCH_FEED = 428
ANSWER_S = 10.0
KEEPALIVE_S = 3.0


class JanusClient:
    """One WebSocket with one session; an async context manager."""

    def __init__(self, janus: JanusProcess) -> None:
        self._janus = janus
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._session_id: int | None = None
        self._socket: ClientWebSocketResponse
        self._tasks: list[asyncio.Task[None]] = []
        self._http = ClientSession()

    async def __aenter__(self) -> JanusClient:
        self._socket = await self._http.ws_connect(self._janus.url, protocols=("janus-protocol",))
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._keep_alive())]
        self._session_id = (await self.ask({"janus": "create"}))["data"]["id"]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self._http.close()

    async def ask(self, message: Json) -> Json:
        """Send a request; its answer, which for a plugin's is the event that follows."""
        transaction = f"t{next(self._numbers)}"
        self._waiting[transaction] = asyncio.get_running_loop().create_future()
        if self._session_id is not None:
            message["session_id"] = self._session_id
        await self._socket.send_json({**message, "transaction": transaction})
        async with asyncio.timeout(ANSWER_S):
            answer = await self._waiting[transaction]
        assert answer["janus"] != "error", answer
        return answer

    async def attach(self) -> JanusHandle:
        """A new handle of the plugin."""
        answer = await self.ask({"janus": "attach", "plugin": PLUGIN})
        return JanusHandle(self, answer["data"]["id"])

    async def create_room(self, **options: Any) -> None:
        """Make the room that everybody meets in."""
        handle = await self.attach()
        body = {"request": "create", "admin_key": self._janus.admin_key, "room": ROOM, "publishers": 100}
        codecs = {"audiocodec": "opus", "videocodec": "vp8", "opus_fec": True, "bitrate": 5_000_000}
        await handle.ask({**body, **codecs, "notify_joining": False, **options})

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                break
            answer = message.json()
            waiting = self._waiting.get(answer.get("transaction", ""))
            if waiting is not None and answer["janus"] != "ack" and not waiting.done():
                waiting.set_result(answer)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_S)
            with contextlib.suppress(ConnectionError):  # it is answered with an acknowledgement alone
                message = {"janus": "keepalive", "session_id": self._session_id, "transaction": "keepalive"}
                await self._socket.send_json(message)


class JanusHandle:
    """One publisher or subscriber."""

    def __init__(self, client: JanusClient, handle_id: int) -> None:
        self._client = client
        self.id = handle_id

    async def ask(self, body: Json, jsep: Json | None = None) -> Json:
        """A request to the plugin; its answer with `jsep` in it."""
        message: Json = {"janus": "message", "handle_id": self.id, "body": body}
        if jsep is not None:
            message["jsep"] = jsep
        answer = await self._client.ask(message)
        while answer["plugindata"]["data"].get("error_code") == NO_SUCH_FEED:
            await asyncio.sleep(
                0.02
            )  # Janus is a moment behind the publisher in finding that it is connected
            answer = await self._client.ask(message)
        assert "error" not in answer["plugindata"]["data"], answer
        return {**answer["plugindata"]["data"], "jsep": answer.get("jsep")}

    async def publish(self, feed: str, sdp: str, tracks: Sequence[tuple[str, str]]) -> str:
        """Enter the room as `feed` and publish; the answer."""
        await self.ask({"request": "join", "ptype": "publisher", "room": ROOM, "id": feed})
        names = [{"mid": mid, "description": kind} for mid, kind in tracks]
        jsep = {"type": "offer", "sdp": sdp}
        data = await self.ask({"request": "publish", "descriptions": names}, jsep)
        return str(data["jsep"]["sdp"])

    async def subscribe(self, streams: Sequence[Json], *, first: bool) -> Json:
        """Subscribe to `streams` of the shape {"feed":F,"mid":M}."""
        if first:
            body: Json = {"request": "join", "ptype": "subscriber", "room": ROOM, "autoupdate": False}
            return await self.ask({**body, "streams": list(streams)})
        return await self.ask({"request": "subscribe", "streams": list(streams)})

    async def detach(self) -> None:
        """End it."""
        await self._client.ask({"janus": "detach", "handle_id": self.id})
