"""A real server keeps the place of whoever loses the connection."""

from __future__ import annotations

import asyncio

from desktop_app.server.app import HUB

from .resume_tools import connect, cut, join
from .server_tools import RawClient, running_server


async def test_a_lost_connection_is_followed_by_another_one_and_nobody_hears_of_it() -> None:
    async with running_server() as server, server.client() as ann:
        await join(ann, "a")
        ben = await connect(server)
        first = await join(ben, "b")
        assert first["session"]["graceSeconds"] == 30
        assert "resumed" not in first
        assert (await ann.expect("new-peer"))["instance"] == "i-b"
        cut(ben)
        await ben.socket.close()
        await server.wait_for_gauge("bridgecall_participants_away", 1)
        await ann.send(type="signal", targetUserId="b", data="while away")
        await ann.send(type="update-participant", displayName="Ann")
        async with server.client() as again:
            welcome = await join(again, "b", resume=first["session"]["token"], audioMuted=True)
            assert welcome["resumed"] is True
            assert welcome["session"]["token"] != first["session"]["token"]
            assert [one["displayName"] for one in welcome["participants"]] == ["Ann"]
            assert welcome["participants"][0]["instance"] == "i-a"
            assert await again.expect("signal") == {"type": "signal", "from": "a", "data": "while away"}
            # What changed meanwhile is all that the others hear.
            assert (await ann.expect("participant-updated"))["audioMuted"] is True
            await again.send(type="signal", targetUserId="a", data="back")
            assert (await ann.expect("signal"))["data"] == "back"
            assert await server.gauge("bridgecall_resumed_total") == 1
            assert await server.gauge("bridgecall_participants_away") == 0
            await again.send(type="leave-room")
            assert (await ann.expect("peer-left"))["userId"] == "b"  # at once: it was said


async def test_a_second_connection_takes_over_and_an_old_token_is_none() -> None:
    async with running_server() as server, server.client() as ann, server.client() as ben:
        await join(ann, "a")
        token = (await join(ben, "b"))["session"]["token"]
        await ann.expect("new-peer")
        async with server.client() as again, server.client() as thief:
            assert (await join(again, "b", resume=token))["resumed"] is True
            await ben.expect_error("taken-over")
            assert await ben.expect_close() == 1008
            await again.send(type="signal", targetUserId="a", data="here")
            assert (await ann.expect("signal"))["data"] == "here"
            await thief.send(
                type="join-room",
                roomId="r",
                userId="b",
                instance="i-b",
                capabilities=["resume"],
                resume=token,
            )
            await thief.expect_error("user-id-taken")
            await ann.send(type="signal", targetUserId="b", data=1)
            assert (await again.expect("signal"))["data"] == 1


async def test_who_does_not_come_back_has_left_and_a_client_of_old_leaves_at_once() -> None:
    async with running_server(grace_s=0.4) as server, server.client() as ann:
        await join(ann, "a")
        old = await connect(server)
        assert "session" not in await join(old, "o", capabilities=[])
        await ann.expect("new-peer")
        cut(old)
        await old.socket.close()
        assert (await ann.expect("peer-left"))["userId"] == "o"
        ben = await connect(server)
        token = (await join(ben, "b"))["session"]["token"]
        await ann.expect("new-peer")
        cut(ben)
        await ben.socket.close()
        assert (await ann.expect("peer-left"))["userId"] == "b"
        async with server.client() as late:
            assert "resumed" not in await join(late, "b", resume=token)
            assert (await ann.expect("new-peer"))["userId"] == "b"
    assert len(server.app[HUB]._resuming._absences) <= 1


async def test_more_than_may_wait_is_a_leave() -> None:
    async with running_server() as server, server.client() as ann:
        await join(ann, "a")
        ben = await connect(server)
        await join(ben, "b")
        await ann.expect("new-peer")
        cut(ben)
        await ben.socket.close()
        await server.wait_for_gauge("bridgecall_participants_away", 1)
        for number in range(1025):
            await ann.send(type="signal", targetUserId="b", data=number)
        assert (await ann.expect("peer-left"))["userId"] == "b"


async def test_an_unanswered_heartbeat_is_a_gap_too() -> None:
    async with running_server(heartbeat_s=0.2) as server, server.client() as ann:
        await join(ann, "a")
        reader = asyncio.create_task(ann.receive())  # reads pings, too
        ben = await server.http.ws_connect(server.url(), autoping=False)
        token = (await join(RawClient(ben), "b"))["session"]["token"]
        assert (await reader)["type"] == "new-peer"
        reader = asyncio.create_task(ann.receive())
        await server.wait_for_gauge("bridgecall_participants_away", 1)
        async with server.client() as again:
            assert (await join(again, "b", resume=token))["resumed"] is True
            await again.send(type="signal", targetUserId="a", data="back")
            assert (await reader)["data"] == "back"
        await ben.close()


async def test_who_closes_the_connection_on_purpose_has_left_and_nobody_waits() -> None:
    async with running_server() as server, server.client() as ann:
        await join(ann, "a")
        for code in (1000, 1001):  # 1001 is what a browser says for a page that was closed
            ben = await connect(server)
            token = (await join(ben, "b"))["session"]["token"]
            await ann.expect("new-peer")
            await ben.socket.close(code=code)
            assert (await ann.expect("peer-left"))["userId"] == "b"
            async with server.client() as again:
                assert "resumed" not in await join(again, "b", resume=token)
                await ann.expect("new-peer")
                await again.send(type="leave-room")
                await ann.expect("peer-left")
        ben = await connect(server)
        await join(ben, "b")
        await ann.expect("new-peer")
        await ben.socket.close(code=1012)  # such as a proxy that is started again
        await server.wait_for_gauge("bridgecall_participants_away", 1)
