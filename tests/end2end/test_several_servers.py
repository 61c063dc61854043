"""Several server processes behind one Redis: one is killed, and its rooms live on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession

from tests.integration.server_tools import RawClient
from tests.redis_server import RedisServer

from .processes import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_program("redis-server")

ROOM = "a secret room"


class KilledServer(ServerProcess):
    """A server that the test ends with SIGKILL."""

    async def kill_hard(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        await self.wait()


async def user_ids(client: RawClient, user: str) -> list[str]:
    welcome = await client.join(ROOM, user)
    return [each["userId"] for each in welcome["participants"]]


async def test_a_server_is_killed_and_its_people_come_back_by_another(tmp_path: Path) -> None:
    async with (
        RedisServer(password="hunter2") as redis,
        ServerProcess(tmp_path, "--redis", redis.url, name="stays") as stays,
        KilledServer(tmp_path, "--redis", redis.url, name="dies") as dies,
        ClientSession() as http,
    ):
        async with (
            http.ws_connect(stays.url) as a,
            http.ws_connect(dies.url) as b,
            http.ws_connect(dies.url) as c,
            http.ws_connect(stays.url) as d,
        ):
            # The one that dies decides for the room, since its people came first.
            bob, cem, ann, back = RawClient(b), RawClient(c), RawClient(a), RawClient(d)
            assert await user_ids(bob, "bob") == []
            assert await user_ids(cem, "cem") == ["bob"]
            assert await user_ids(ann, "ann") == ["bob", "cem"]
            await dies.kill_hard()
            # At once, under the same name: it is not refused.
            others = await user_ids(back, "bob")
            assert others == ["ann"]
            news = [await ann.receive() for _ in range(3)]
            left = [each["userId"] for each in news if each["type"] == "peer-left"]
            assert sorted(left) == ["bob", "cem"]
            assert news[-1] == {"type": "new-peer", "userId": "bob"}
            await ann.send(type="signal", targetUserId="bob", data="again")
            assert (await back.expect("signal"))["data"] == "again"
        log = "\n".join((*stays.stderr, *dies.stderr))
        assert stays.events("decides for the room now")
        assert "hunter2" not in log
        assert ROOM not in log
        assert ROOM not in "\n".join(await redis.keys())


async def test_a_server_that_stands_still_is_out_and_comes_in_again(tmp_path: Path) -> None:
    async with (
        RedisServer() as redis,
        ServerProcess(tmp_path, "--redis", redis.url, name="goes-on") as goes_on,
        ServerProcess(tmp_path, "--redis", redis.url, name="stands") as stands,
        ClientSession() as http,
        http.ws_connect(goes_on.url) as a,
        http.ws_connect(stands.url) as b,
    ):
        ann, bob = RawClient(a), RawClient(b)
        await user_ids(ann, "ann")
        await user_ids(bob, "bob")
        await ann.expect("new-peer")
        os.kill(stands.pid, signal.SIGSTOP)
        try:
            assert (await ann.expect("peer-left"))["userId"] == "bob"
        finally:
            os.kill(stands.pid, signal.SIGCONT)
        assert (await ann.expect("new-peer"))["userId"] == "bob"
        await ann.send(type="signal", targetUserId="bob", data=1)
        assert (await bob.expect("signal"))["data"] == 1
        await bob.send(type="signal", targetUserId="ann", data=2)
        assert (await ann.expect("signal"))["data"] == 2


async def refused_start(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """The last line of what a server says that ends with status 2."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "desktop_app.server",
        "--port",
        "0",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    _, stderr = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    lines = stderr.decode().strip().splitlines()
    assert not any("Traceback" in line for line in lines)
    return lines[-1]


async def test_redis_that_is_not_there_is_said_in_one_sentence() -> None:
    said = await refused_start("--redis", "redis://:hunter2@127.0.0.1:9/3")
    assert said == "bridgecall-server: Redis at redis://127.0.0.1:9/3 cannot be reached."


async def test_a_wrong_password_is_said_in_one_sentence() -> None:
    async with RedisServer(password="hunter2") as redis:
        wrong = redis.url.replace("hunter2", "hunter3")
        said = await refused_start(environment={"BRIDGECALL_REDIS": wrong})
        assert said.endswith("does not accept the user or the password.")
        assert "hunter3" not in said


def test_an_address_that_is_none_is_not_repeated() -> None:
    said = asyncio.run(refused_start("--redis", "http://:hunter2@host/"))
    assert "the address of Redis must be like" in said
    assert "hunter2" not in said
