"""Hosts, doors and passwords of a real server, with clients that speak JSON alone."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from .rights_tools import ACCESS, OTHER_ACCESS, Guest, guest
from .server_tools import running_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def guests(count: int, *more: str) -> AsyncIterator[list[Guest]]:
    """So many at one server, and one from each of these other addresses."""
    addresses = ["127.0.0.1"] * count + list(more)
    async with running_server() as server, AsyncExitStack() as stack:
        yield [await stack.enter_async_context(guest(server, address)) for address in addresses]


async def test_the_first_is_host_and_the_place_goes_to_whoever_is_there_longest() -> None:
    async with guests(3) as (ann, bob, cem):
        assert (await ann.enter("ann"))["room"] == {
            "host": "ann",
            "locked": False,
            "lobby": False,
            "password": False,
        }
        await bob.enter("bob")
        assert (await cem.enter("cem"))["room"]["host"] == "ann"
        await bob.send(type="kick", userId="cem")
        await bob.expect("new-peer")
        await bob.expect_error("not-host")
        await ann.send(type="leave-room")
        for each in (bob, cem):
            assert (await each.room())["host"] == "bob"
        await bob.send(type="give-host", userId="cem")
        for each in (bob, cem):
            assert (await each.room())["host"] == "cem"
        await bob.send(type="set-room", locked=True)
        await bob.expect_error("not-host")
        await ann.send(type="set-room", locked=True)
        await ann.next_of("error")


async def test_a_basic_client_hears_nothing_of_hosts() -> None:
    async with guests(3) as (ann, bob, cem):
        await ann.enter("ann")
        await bob.join("r", "bob")
        await cem.enter("cem")
        await bob.expect("new-peer")
        await ann.send(type="set-room", lobby=True)
        await ann.room(lobby=True)
        await ann.send(type="leave-room")
        await bob.expect("peer-left")
        assert (await cem.room(lobby=True))["host"] == "ann"
        assert (await cem.room())["host"] == "bob"
        await cem.send(type="leave-room")
        await bob.expect("peer-left")


async def test_access_and_password_are_those_of_whoever_made_the_room() -> None:
    async with guests(3) as (ann, bob, cem):
        assert (await ann.enter("ann", access=ACCESS, password="sesame"))["room"]["password"] is True
        await bob.refused("wrong-link", "bob", password="sesame")
        await bob.refused("wrong-link", "bob", access=OTHER_ACCESS, password="sesame")
        await bob.refused("password-required", "bob", access=ACCESS)
        assert (await bob.refused("wrong-password", "bob", access=ACCESS, password="Sesame")).endswith(".")
        welcome = await bob.enter("bob", access=ACCESS, password="sesame")
        assert [each["userId"] for each in welcome["participants"]] == ["ann"]

        await ann.send(type="set-room", password="")
        await ann.room(password=False)
        await cem.enter("cem", access=ACCESS)
        await cem.send(type="leave-room")
        await ann.send(type="set-room", password="öffne dich \U0001f600")
        await ann.room(password=True)
        await cem.refused("wrong-password", "cem", access=ACCESS, password="sesame")
        await cem.enter("cem", access=ACCESS, password="öffne dich \U0001f600")

        for each in (ann, bob, cem):
            await each.send(type="leave-room")
        # A new room of the same name has nothing of the old one.
        await cem.socket.close()
        await ann.ask("ann")
        assert (await ann.next_of("welcome"))["room"]["password"] is False


async def test_hashing_delays_whoever_waits_for_it_and_nobody_else() -> None:
    async with guests(3) as (ann, bob, cem):
        await ann.enter("ann", password="sesame")
        # All at once: what follows on the same connection has to wait for the join.
        await bob.ask("bob", password="sesame")
        await bob.send(type="signal", targetUserId="ann", data=1)
        await cem.enter("cem", room="other")
        await bob.expect("welcome")
        await ann.expect("new-peer")
        assert (await ann.expect("signal"))["data"] == 1


async def test_wrong_passwords_run_out_and_are_not_tried_in_parallel() -> None:
    async with guests(21) as (ann, *others):
        await ann.enter("ann", password="sesame")
        await asyncio.gather(
            *(each.ask(f"u{number}", password=f"no{number}") for number, each in enumerate(others))
        )
        codes = [(await each.expect("error"))["code"] for each in others]
        assert codes.count("wrong-password") == 10
        assert codes.count("too-many-attempts") == 10
        sentence = await others[0].refused("too-many-attempts", "bob", password="sesame")
        assert "Try again in" in sentence
        assert "second" in sentence


async def test_a_locked_room_lets_nobody_in() -> None:
    async with guests(2) as (ann, bob):
        await ann.enter("ann")
        await ann.send(type="set-room", locked=True)
        await ann.room(locked=True)
        await bob.refused("room-locked", "bob")
        await ann.send(type="set-room", locked=False)
        await ann.room(locked=False)
        await bob.enter("bob")


async def test_in_the_lobby_the_host_decides() -> None:
    async with guests(4) as (ann, bob, cem, dan):
        await ann.enter("ann")
        await ann.send(type="set-room", lobby=True)
        await ann.room(lobby=True)
        await bob.ask("bob")
        assert await bob.expect("waiting") == {"type": "waiting", "roomId": "r"}
        assert await ann.expect("knock") == {"type": "knock", "userId": "bob", "displayName": "Bob"}
        await bob.send(type="signal", targetUserId="ann", data=1)
        await bob.expect_error("not-joined")
        await cem.ask("cem")
        await cem.expect("waiting")
        await ann.expect("knock")
        await dan.refused("user-id-taken", "cem")

        await ann.send(type="admit", userId="bob")
        assert await ann.expect("knock-ended") == {"type": "knock-ended", "userId": "bob"}
        assert (await bob.expect("welcome"))["room"]["lobby"] is True
        assert (await ann.expect("new-peer"))["userId"] == "bob"

        await ann.send(type="refuse", userId="cem")
        await cem.expect_error("refused")
        assert await ann.expect("knock-ended") == {"type": "knock-ended", "userId": "cem"}

        await cem.ask("cem")
        await cem.expect("waiting")
        await ann.expect("knock")
        await cem.send(type="leave-room")
        assert (await ann.expect("knock-ended"))["userId"] == "cem"
        await cem.ask("cem")
        await cem.expect("waiting")
        await ann.expect("knock")

        # Whoever becomes host hears who waits already.
        await ann.send(type="give-host", userId="bob")
        assert await bob.next_of("knock") == {"type": "knock", "userId": "cem", "displayName": "Cem"}
        await bob.send(type="set-room", lobby=False)
        await cem.expect("welcome")
        assert (await bob.next_of("knock-ended"))["userId"] == "cem"


async def test_who_waits_for_a_room_that_ends_makes_it_anew() -> None:
    async with guests(3) as (ann, bob, cem):
        await ann.enter("ann")
        await ann.send(type="set-room", lobby=True)
        await ann.room(lobby=True)
        for each, name in ((bob, "bob"), (cem, "cem")):
            await each.ask(name)
            await each.expect("waiting")
        await ann.socket.close()
        assert (await bob.expect("welcome"))["room"] == {
            "host": "bob",
            "locked": False,
            "lobby": False,
            "password": False,
        }
        assert (await cem.expect("welcome"))["room"]["host"] == "bob"


async def test_fifty_may_wait() -> None:
    async with guests(52) as (ann, *others):
        await ann.enter("ann")
        await ann.send(type="set-room", lobby=True)
        await ann.room(lobby=True)
        for number, each in enumerate(others):
            await each.ask(f"u{number}")
        kinds = [(await each.receive())["type"] for each in others]
        assert kinds.count("waiting") == 50
        assert kinds[-1] == "error"


async def test_who_is_kicked_is_out_and_may_come_again() -> None:
    async with guests(3) as (ann, bob, cem):
        await ann.enter("ann")
        await bob.enter("bob")
        await cem.enter("cem")
        await ann.send(type="kick", userId="bob")
        await bob.next_of("new-peer")
        await bob.expect_error("kicked")
        assert (await cem.expect("peer-left"))["userId"] == "bob"
        await bob.send(type="signal", targetUserId="ann", data=1)
        await bob.expect_error("not-joined")
        await bob.enter("bob")
        await ann.send(type="kick", userId="nobody")
        await ann.next_of("error")
        await ann.send(type="kick", userId="ann")
        await ann.expect_error("unknown-target")


async def test_who_is_banned_stays_out_by_name_and_by_address() -> None:
    async with guests(1, "127.0.0.2", "127.0.0.2") as (ann, bob, cem):
        await ann.enter("ann")
        await bob.enter("bob")
        await ann.send(type="kick", userId="bob", ban=True)
        await bob.expect_error("kicked")
        await bob.refused("banned", "bob")
        await bob.refused("banned", "robert")
        await cem.refused("banned", "cem")
        await bob.enter("bob", room="another")
        await ann.send(type="leave-room")
        await bob.send(type="leave-room")
        await cem.enter("cem")  # the room is another one now
        await bob.enter("bob")


async def test_whose_address_others_of_the_room_have_is_let_in_by_the_host_alone() -> None:
    """A household or an office behind one address: nobody is locked out, and nobody is back under another name."""
    async with guests(3, "127.0.0.2") as (ann, bob, cem, dan):
        await ann.enter("ann")
        await bob.enter("bob")
        await ann.send(type="kick", userId="bob", ban=True)
        await bob.expect_error("kicked")
        await bob.refused("banned", "bob")
        await bob.ask("robert")
        await bob.expect("waiting")
        assert (await ann.next_of("knock"))["userId"] == "robert"
        await ann.send(type="set-room", locked=False)
        await ann.send(type="refuse", userId="robert")
        await bob.expect_error("refused")
        await cem.ask("cem")
        await cem.expect("waiting")
        await ann.send(type="set-room", password="x")
        await ann.send(type="set-room", password="")
        await ann.send(type="admit", userId="cem")
        assert not (await cem.expect("welcome"))["room"]["lobby"]
        await dan.enter("dan")  # from elsewhere


async def test_muting_is_asked_of_one() -> None:
    async with guests(2) as (ann, bob):
        await ann.enter("ann")
        await bob.enter("bob")
        for kind in ("audio", "video"):
            await ann.send(type="ask-mute", userId="bob", kind=kind)
            assert await bob.expect("mute-asked") == {"type": "mute-asked", "kind": kind}
        await ann.send(type="ask-mute", userId="bob", kind="screen")
        await ann.next_of("error")
        await bob.send(type="ask-mute", userId="ann", kind="audio")
        await bob.expect_error("not-host")


async def test_nothing_is_left_of_rooms_and_doors() -> None:
    async with running_server() as server, guest(server) as ann, guest(server) as bob:
        await ann.enter("ann")
        await ann.send(type="set-room", lobby=True)
        await ann.room(lobby=True)
        await bob.ask("bob")
        await bob.expect("waiting")
        await bob.socket.close()
        await ann.next_of("knock-ended")
        await ann.socket.close()
        await server.wait_for_gauge("bridgecall_rooms", 0)
