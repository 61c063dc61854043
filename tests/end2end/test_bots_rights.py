"""Bots at the doors of rooms: links, passwords, lobby, and what a host decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.protocol.invite import Invite, new_room_key

from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path


def refusals(bot: BotProcess) -> list[str]:
    return [entry["code"] for entry in bot.events("error")]


async def test_the_host_decides(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server:

        def bot(name: str) -> BotProcess:
            return BotProcess(tmp_path, name, server.url, "den", camera="none", microphone="none")

        async with bot("ann") as ann:
            await ann.wait_for_event("room", host="ann", locked=False, lobby=False, password=False)
            await ann.wait_for_event("joined")
            await ann.send({"cmd": "room", "lobby": True})
            await ann.wait_for_event("room", lobby=True)
            async with bot("bob") as bob, bot("cem") as cem, bot("dan") as dan:
                await ann.wait_for_event("knock", user="bob", name="bob")
                await bob.wait_for_event("waiting")
                await ann.send({"cmd": "admit", "user": "bob"})
                await bob.wait_for_event("joined")
                await ann.wait_for_event("knock-ended", user="bob")
                await ann.wait_for_event("knock", user="cem")
                await ann.send({"cmd": "refuse", "user": "cem"})
                assert await cem.wait() == 2
                assert refusals(cem) == ["refused"]
                await dan.wait_for_event("waiting")
                assert await dan.leave() == 0
                await ann.wait_for_event("knock-ended", user="dan")

                await ann.wait_for_event("peer", user="bob", state="connected")
                await ann.send({"cmd": "ask-mute", "user": "bob", "kind": "audio"})
                await bob.wait_for_event("mute-asked", kind="audio")
                await ann.send({"cmd": "give-host", "user": "bob"})
                await bob.wait_for_event("room", host="bob", lobby=True)
                await ann.wait_for_event("room", host="bob")
                await ann.send({"cmd": "room", "locked": True})
                await ann.wait_for_event("error", code="not-host")
                await bob.send({"cmd": "room", "locked": True, "lobby": False})
                await ann.wait_for_event("room", locked=True, lobby=False)
                async with bot("eve") as eve:
                    assert await eve.wait() == 2
                    assert refusals(eve) == ["room-locked"]
                await bob.send({"cmd": "room", "locked": False})
                await ann.wait_for_event("room", locked=False, lobby=False, host="bob")
                await bob.send({"cmd": "kick", "user": "ann", "ban": True})
                await ann.wait_for_event("error", code="kicked")
                assert await ann.wait() == 0
                async with bot("ann2") as again:  # from the address that Bob has, too: he is asked
                    await again.wait_for_event("waiting")
                    await bob.wait_for_event("knock", user="ann2")
                    await bob.send({"cmd": "refuse", "user": "ann2"})
                    assert await again.wait() == 2
                    assert refusals(again) == ["refused"]
                async with bot("ann") as again:
                    assert await again.wait() == 2
                    assert refusals(again) == ["banned"]
                assert await bob.leave() == 0


async def test_a_link_carries_the_secret_and_a_password_is_asked_for(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, "--verbose") as server:
        key = new_room_key()
        link = Invite("127.0.0.1", server.port, "tea room", False, None, key).link()

        def bot(name: str, link: str, *arguments: str) -> BotProcess:
            options = ("--link", link, "--verbose", *arguments)
            return BotProcess(tmp_path, name, None, None, *options, camera="none", microphone="none")

        async with bot("ann", link, "--password", "opensesame") as ann:
            await ann.wait_for_event("room", host="ann", password=True)
            async with (
                bot("bob", link) as bob,
                bot("cem", link, "--password", "opensimsim") as cem,
                bot("dan", link.partition("#")[0], "--password", "opensesame") as dan,
                bot("eve", link, "--password", "opensesame") as eve,
            ):
                for each, code in (
                    (bob, "password-required"),
                    (cem, "wrong-password"),
                    (dan, "wrong-link"),
                ):
                    assert await each.wait() == 2
                    assert refusals(each) == [code]
                await eve.wait_for_event("joined", participants=["ann"])
                assert await eve.leave() == 0
            assert await ann.leave() == 0
    access = Invite("h", 1, "r", False, None, key).access
    for process in (server, ann, bob, cem, dan, eve):
        for line in (*process.stdout, *process.stderr):
            assert key not in line
            assert access not in line
            assert "opens" not in line
