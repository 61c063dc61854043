"""The server is killed and comes back with its memory gone: the room has its host and its doors again."""

from __future__ import annotations

import contextlib
import os
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from .processes import BotProcess, ServerProcess
from .test_bots_rights import refusals
from .test_server_lost import kill_hard

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "open sesame"


async def test_lock_lobby_password_and_host_are_as_they_were(tmp_path: Path) -> None:
    """Somebody comes back before the host, makes the room, and hands it over."""
    server = ServerProcess(tmp_path, name="first")

    def bot(name: str, *more: str) -> BotProcess:
        return BotProcess(tmp_path, name, server.url, "den", *more, camera="none", microphone="none")

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server)
        ann = await stack.enter_async_context(bot("ann"))
        await ann.wait_for_event("joined")  # before Ben, who is not the host then
        ben = await stack.enter_async_context(bot("ben"))
        await ann.wait_for_event("peer", user="ben", state="connected")
        await ann.send({"cmd": "room", "lobby": True, "password": PASSWORD})
        await ben.wait_for_event("room", host="ann", lobby=True, password=True)
        await ann.send({"cmd": "room", "locked": True})
        await ben.wait_for_event("room", host="ann", locked=True, lobby=True, password=True)

        host_pid = ann.pid
        os.kill(host_pid, signal.SIGSTOP)
        try:
            await kill_hard(server)
            server = ServerProcess(tmp_path, name="second", port=server.port)
            async with server:
                known = {each: len(each.events("room")) for each in (ann, ben)}
                await ben.wait_for_event("server-back")
                await ben.wait_for_event("room", host="ben")
                os.kill(host_pid, signal.SIGCONT)
                await ann.wait_for_event("server-back")
                for each in (ann, ben):
                    await each.wait_for_event(
                        "room",
                        skip=sum(is_closed(entry) for entry in each.events("room")[: known[each]]),
                        where=is_closed,
                    )
                    assert each.events("participant", state="left") == []
                async with bot("cem") as cem:
                    assert await cem.wait() == 2
                    assert refusals(cem) == ["password-required"]
                async with bot("dan", "--password", PASSWORD) as dan:
                    assert await dan.wait() == 2
                    assert refusals(dan) == ["room-locked"]
                await ann.send({"cmd": "room", "locked": False})
                async with bot("eve", "--password", PASSWORD) as eve:
                    await eve.wait_for_event("waiting")
                    await ann.wait_for_event("knock", user="eve")
                    assert await eve.leave() == 0
                for each in (ann, ben):
                    assert await each.leave() == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(host_pid, signal.SIGCONT)  # so that it can end


def is_closed(entry: dict[str, object]) -> bool:
    """Whether the room is as its host had it."""
    return entry["host"] == "ann" and all(entry[key] is True for key in ("locked", "lobby", "password"))
