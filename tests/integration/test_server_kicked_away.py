"""A real server, alone: who was kicked while away does not come back, and a lost welcome does not use a token up."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from .resume_tools import cut, place
from .rights_tools import Guest, guest
from .server_tools import running_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .server_tools import RunningServer


@asynccontextmanager
async def with_somebody_away() -> AsyncIterator[tuple[RunningServer, Guest, str]]:
    """A server, Ann, who is the host, and the token of Ben, who is away."""
    async with running_server() as server, guest(server) as ann, guest(server) as ben:
        await ann.enter(**place("ann"))
        token = (await ben.enter(**place("ben")))["session"]["token"]
        await ann.next_of("new-peer")
        cut(ben)
        await server.wait_for_gauge("bridgecall_participants_away", 1)
        yield server, ann, token


async def test_who_is_kicked_while_away_does_not_come_back_but_may_ask_anew() -> None:
    async with with_somebody_away() as (server, ann, token):
        await ann.send(type="kick", userId="ben")
        assert (await ann.next_of("peer-left"))["userId"] == "ben"
        async with guest(server) as again:
            said = await again.refused("kicked", **place("ben", resume=token))
            assert said == "The host has removed you from the room."
            await again.refused("kicked", **place("ben", resume=token))
            await again.enter(**place("ben"))  # as anybody may who was not banned
            assert (await ann.next_of("new-peer"))["userId"] == "ben"


async def test_who_is_banned_while_away_stays_out() -> None:
    async with with_somebody_away() as (server, ann, token):
        await ann.send(type="kick", userId="ben", ban=True)
        await ann.next_of("peer-left")
        async with guest(server) as again:
            await again.refused("banned", **place("ben", resume=token))
            await again.refused("kicked", **place("benjamin", resume=token))
            await again.refused("banned", **place("ben"))


async def test_a_kick_that_a_dead_connection_does_not_hear_holds_as_well() -> None:
    """The server may notice after 20 s that the connection is dead; the client is back before that."""
    async with running_server() as server, guest(server) as ann, guest(server) as dead:
        await ann.enter(**place("ann"))
        token = (await dead.enter(**place("ben")))["session"]["token"]
        await ann.send(type="kick", userId="ben")
        assert (await ann.next_of("peer-left"))["userId"] == "ben"
        async with guest(server) as again:
            await again.refused("kicked", **place("ben", resume=token))


async def again_later(server: RunningServer, token: str) -> None:
    async with guest(server) as back:
        await back.refused("kicked", **place("ben", resume=token))


async def test_a_welcome_that_is_lost_on_the_way_does_not_use_the_token_up() -> None:
    async with with_somebody_away() as (server, ann, token):
        for _ in range(3):
            async with guest(server) as unlucky:
                await unlucky.ask(**place("ben", resume=token))
                await server.wait_for_gauge("bridgecall_participants_away", 0)
                cut(unlucky)
                await server.wait_for_gauge("bridgecall_participants_away", 1)
        async with guest(server) as again, guest(server) as late:
            welcome = await again.enter(**place("ben", resume=token))
            assert welcome["resumed"] is True
            await again.send(type="signal", targetUserId="ann", data="here")
            assert (await ann.next_of("signal"))["data"] == "here"
            await late.refused("user-id-taken", **place("ben", resume=token))
            assert (await late.enter(**place("ben", resume=welcome["session"]["token"])))["resumed"] is True
            await ann.send(type="kick", userId="ben")
            await late.next_of("error")
            # Neither the newest token, of which nothing was heard yet, nor the one before.
            await again_later(server, welcome["session"]["token"])
