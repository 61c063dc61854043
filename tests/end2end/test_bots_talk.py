"""Bots that chat, in a room of the real server, each in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path


def talker(folder: Path, server: ServerProcess, name: str, *arguments: str) -> BotProcess:
    """A bot without picture and sound."""
    return BotProcess(folder, name, server.url, "room", *arguments, camera="none", microphone="none")


async def say(bot: BotProcess, **command: object) -> None:
    """Give the command on standard input."""
    await bot.send({"cmd": "say", **command})


async def test_bots_say_hear_and_know_what_was_heard(tmp_path: Path) -> None:
    async with (
        ServerProcess(tmp_path) as server,
        talker(tmp_path, server, "alice", "--say", "hello <b>everybody</b>") as alice,
    ):
        await alice.wait_for_event("joined")
        async with talker(tmp_path, server, "bob") as bob:
            heard = await bob.wait_for_event("chat")
            assert heard["from"] == "alice"
            assert heard["text"] == "hello <b>everybody</b>"
            assert (heard["to"], heard["history"]) == (None, False)
            said = await alice.wait_for_event("said", state="delivered")
            assert (said["id"], said["delivered"], said["recipients"]) == (heard["id"], 1, 1)

            await say(bob, text="only for you", to="alice")
            answer = await alice.wait_for_event("chat", where=lambda event: event["from"] == "bob")
            assert (answer["text"], answer["to"]) == ("only for you", "alice")

            await say(bob, text="x", to="nobody")
            assert (await bob.wait_for_event("error"))["code"] == "chat-unknown-recipient"
            await say(bob, text=5)
            await bob.wait_for_event("error", code="bad-command")
            await say(bob, text="x", to=5)

            async with talker(tmp_path, server, "carol") as carol:
                late = await carol.wait_for_event("chat")
                assert (late["id"], late["from"], late["history"]) == (heard["id"], "alice", True)
                await say(carol, text="to all")
                for bot in (alice, bob):
                    await bot.wait_for_event("chat", text="to all", history=False)
                assert len(carol.events("chat")) == 1
        async with talker(tmp_path, server, "bob") as bob:
            await bob.wait_for_event("said", text="only for you", state="delivered")
            await bob.wait_for_event("chat", text="to all")
            assert len(bob.events("chat")) == 2
