"""A real server in this process, and a client that knows nothing but JSON over a WebSocket."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

from desktop_app.server.app import create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANSWER_S = 10.0
"""How long a test waits for what must come."""


class RawClient:
    """Sends and receives JSON objects; joins with the two fields of the basic protocol."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        await self.socket.send_str(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        """The next message."""
        message = await self.socket.receive(ANSWER_S)
        assert message.type is WSMsgType.TEXT, message
        parsed = json.loads(message.data)
        assert isinstance(parsed, dict)
        return parsed

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next message, which must be of this type."""
        message = await self.receive()
        assert message["type"] == kind, message
        return message

    async def expect_error(self, code: str) -> None:
        """The next message must be this refusal, with a sentence."""
        message = await self.expect("error")
        assert message["code"] == code, message
        assert message["message"].endswith(".")

    async def expect_close(self) -> int:
        """The close code that the server sent."""
        message = await self.socket.receive(ANSWER_S)
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR), message
        code = self.socket.close_code
        assert code is not None
        return code

    async def join(self, room: str, user: str) -> dict[str, Any]:
        await self.send(type="join-room", roomId=room, userId=user)
        return await self.expect("welcome")


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server and a client session to talk to it with."""

    app: web.Application
    port: int
    http: ClientSession

    def url(self, path: str = "/ws") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @asynccontextmanager
    async def client(self, path: str = "/ws") -> AsyncIterator[RawClient]:
        async with self.http.ws_connect(self.url(path), max_msg_size=0) as socket:
            yield RawClient(socket)

    async def gauge(self, name: str) -> float:
        """One value of /metrics."""
        async with self.http.get(self.url("/metrics")) as response:
            text = await response.text()
        values = [line.rpartition(" ")[2] for line in text.splitlines() if line.rpartition(" ")[0] == name]
        assert len(values) == 1, (name, text)
        return float(values[0])

    async def wait_for_gauge(self, name: str, value: float) -> None:
        """Wait until one value of /metrics is `value`."""
        async with asyncio.timeout(ANSWER_S):
            while True:
                if await self.gauge(name) == value:
                    return
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running_server(**options: Any) -> AsyncIterator[RunningServer]:
    """A server on a free port; `options` are those of `create_app`."""
    app = create_app(**options)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with ClientSession() as http:
            yield RunningServer(app, int(runner.addresses[0][1]), http)
    finally:
        await runner.cleanup()
