"""The wire protocol against a real server, spoken by a client that knows only the six basic messages."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import WSMsgType

from desktop_app.protocol import limits
from desktop_app.protocol.messages import IceServer

from .server_tools import running_server


@pytest.mark.parametrize("path", ["/", "/ws"])
async def test_two_clients_of_the_basic_protocol(path: str) -> None:
    async with running_server() as server, server.client(path) as one, server.client(path) as two:
        await one.send(type="join-room", roomId="R", userId="one")
        await one.expect("welcome")
        await two.send(type="join-room", roomId="R", userId="two")
        await two.expect("welcome")
        assert await one.receive() == {"type": "new-peer", "userId": "two"}

        offer = {"sdp": "v=0\r\n", "nested": [1, 1.5, None, True, {"ü": "😀"}]}
        await one.send(type="signal", targetUserId="two", data=offer)
        assert await two.receive() == {"type": "signal", "from": "one", "data": offer}
        await two.send(type="signal", targetUserId="one", data="answer")
        assert await one.receive() == {"type": "signal", "from": "two", "data": "answer"}

        await two.send(type="leave-room")
        assert await one.receive() == {"type": "peer-left", "userId": "two"}
        await two.send(type="join-room", roomId="R", userId="two")
        assert await one.receive() == {"type": "new-peer", "userId": "two"}


async def test_a_client_of_root_and_one_of_ws_meet() -> None:
    async with running_server() as server, server.client("/") as one, server.client("/ws") as two:
        await one.join("R", "one")
        await two.join("R", "two")
        await one.expect("new-peer")


async def test_a_lost_connection_is_a_peer_left_and_empty_rooms_go() -> None:
    async with running_server() as server, server.client() as one:
        await one.join("R", "one")
        async with server.client() as two:
            await two.join("R", "two")
            await one.expect("new-peer")
            assert await server.gauge("bridgecall_participants") == 2
        assert await one.receive() == {"type": "peer-left", "userId": "two"}
        await one.send(type="leave-room")
        await server.wait_for_gauge("bridgecall_rooms", 0)


async def test_a_silent_client_is_dropped_by_the_heartbeat() -> None:
    async with running_server(heartbeat_s=0.4) as server, server.client() as one:
        await one.join("R", "one")
        async with server.http.ws_connect(server.url(), autoping=False) as dead:
            await dead.send_str('{"type":"join-room","roomId":"R","userId":"dead"}')
            await one.expect("new-peer")
            # It is connected and reads, but it never answers a ping; the other one goes on.
            assert await one.receive() == {"type": "peer-left", "userId": "dead"}
            await one.send(type="update-participant", audioMuted=True)
        async with server.client() as late:
            welcome = await late.join("R", "late")
            assert [item["userId"] for item in welcome["participants"]] == ["one"]


async def test_welcome_and_states() -> None:
    turn = IceServer(urls=("turn:h",), username="u", credential="s")
    stun = IceServer(urls=("stun:h",))
    async with (
        running_server(ice_servers=(stun, turn)) as server,
        server.client() as one,
        server.client() as two,
    ):
        await one.send(type="join-room", roomId="R", userId="one", displayName="Ann", audioMuted=True)
        assert (await one.expect("welcome"))["participants"] == []
        welcome = await two.join("R", "two")
        assert welcome == {
            "type": "welcome",
            "protocolVersion": limits.PROTOCOL_VERSION,
            "roomId": "R",
            "userId": "two",
            "participants": [
                {"userId": "one", "displayName": "Ann", "audioMuted": True, "videoMuted": False}
            ],
            "iceServers": [{"urls": ["stun:h"]}, {"urls": ["turn:h"], "username": "u", "credential": "s"}],
            "limits": {"frameBytes": 65536, "idChars": 128, "nameChars": 80, "participants": 8},
            "topology": {"epoch": 0, "mode": "mesh", "phase": "commit", "reason": "joined", "meshLimit": 8},
            "room": {"host": "one", "locked": False, "lobby": False, "password": False},
        }
        await one.expect("new-peer")
        await two.send(type="update-participant", displayName="Bob", videoMuted=True)
        assert await one.receive() == {
            "type": "participant-updated",
            "userId": "two",
            "displayName": "Bob",
            "audioMuted": False,
            "videoMuted": True,
        }


async def test_new_peer_comes_before_the_newcomers_first_signal() -> None:
    async with running_server() as server, server.client() as one:
        await one.join("R", "one")
        for number in range(20):
            async with server.client() as two:
                # Both leave in one go, without waiting for the welcome.
                await two.send(type="join-room", roomId="R", userId="two")
                await two.send(type="signal", targetUserId="one", data=number)
                assert await one.receive() == {"type": "new-peer", "userId": "two"}
                assert await one.receive() == {"type": "signal", "from": "two", "data": number}
            assert await one.receive() == {"type": "peer-left", "userId": "two"}


LONG = "x" * 129
REFUSALS: list[tuple[str, str]] = [
    ("not json", "bad-json"),
    ("", "bad-json"),
    ('{"type":"signal","targetUserId":"two","data":NaN}', "bad-json"),
    ("[1]", "bad-message"),
    ("[" * 5000 + "]" * 5000, "bad-json"),
    ('{"type":"signal","targetUserId":"two","data":' + "[" * 500 + "]" * 500 + "}", "bad-message"),
    ('{"type":"dance"}', "unknown-type"),
    ('{"type":7}', "bad-field"),
    ("{}", "missing-field"),
    ('{"type":"signal","targetUserId":"two"}', "missing-field"),
    ('{"type":"signal","data":1}', "missing-field"),
    ('{"type":"signal","targetUserId":7,"data":1}', "bad-field"),
    (json.dumps({"type": "signal", "targetUserId": LONG, "data": 1}), "field-too-long"),
    ('{"type":"signal","targetUserId":"nobody","data":1}', "unknown-target"),
    ('{"type":"signal","targetUserId":"one","data":1}', "unknown-target"),
    ('{"type":"signal","targetUserId":"elsewhere","data":1}', "unknown-target"),
    ('{"type":"join-room","roomId":"R","userId":"one"}', "already-joined"),
    ('{"type":"join-room","roomId":"other","userId":"one"}', "already-joined"),
    ('{"type":"update-participant","audioMuted":"yes"}', "bad-field"),
    (json.dumps({"type": "update-participant", "displayName": "x" * 81}), "field-too-long"),
]


@pytest.mark.parametrize(("text", "code"), REFUSALS)
async def test_refused_with_an_error_and_the_connection_stays(text: str, code: str) -> None:
    async with (
        running_server() as server,
        server.client() as one,
        server.client() as two,
        server.client() as elsewhere,
    ):
        await one.join("R", "one")
        await two.join("R", "two")
        await one.expect("new-peer")
        await elsewhere.join("other", "elsewhere")
        await one.socket.send_str(text)
        await one.expect_error(code)
        await one.send(type="signal", targetUserId="two", data="still here")
        assert await two.receive() == {"type": "signal", "from": "one", "data": "still here"}
        assert await server.gauge(f'bridgecall_refusals_total{{code="{code}"}}') == 1


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "signal", "targetUserId": "one", "data": 1}, "not-joined"),
        ({"type": "leave-room"}, "not-joined"),
        ({"type": "update-participant", "audioMuted": True}, "not-joined"),
        ({"type": "join-room", "roomId": "R", "userId": "one"}, "user-id-taken"),
        ({"type": "join-room", "roomId": "R"}, "missing-field"),
        ({"type": "join-room", "userId": "u"}, "missing-field"),
        ({"type": "join-room", "roomId": "R", "userId": ""}, "bad-field"),
        ({"type": "join-room", "roomId": "R", "userId": {}}, "bad-field"),
        ({"type": "join-room", "roomId": LONG, "userId": "u"}, "field-too-long"),
        ({"type": "join-room", "roomId": "R", "userId": LONG}, "field-too-long"),
        ({"type": "join-room", "roomId": "R", "userId": "u", "displayName": "x" * 81}, "field-too-long"),
    ],
)
async def test_a_stranger_is_refused_and_may_still_join(message: dict[str, Any], code: str) -> None:
    async with running_server() as server, server.client() as one, server.client() as stranger:
        await one.join("R", "one")
        await stranger.send(**message)
        await stranger.expect_error(code)
        await stranger.join("R", "stranger")
        assert await one.receive() == {"type": "new-peer", "userId": "stranger"}


async def test_nobody_sends_under_another_name() -> None:
    async with running_server() as server, server.client() as one, server.client() as two:
        await one.join("R", "one")
        await two.join("R", "two")
        await one.expect("new-peer")
        await two.socket.send_str(
            '{"type":"signal","from":"one","userId":"one","targetUserId":"one","data":{"from":"one"}}'
        )
        assert await one.receive() == {"type": "signal", "from": "two", "data": {"from": "one"}}


async def test_a_full_room_refuses_and_takes_the_next_after_a_leave() -> None:
    async with running_server() as server, server.http, asyncio.timeout(30):
        sockets = [await server.http.ws_connect(server.url()) for _ in range(limits.MAX_PARTICIPANTS)]
        for number, socket in enumerate(sockets):
            await socket.send_json({"type": "join-room", "roomId": "R", "userId": f"u{number}"})
            assert (await socket.receive_json())["type"] == "welcome"
        async with server.client() as late:
            await late.send(type="join-room", roomId="R", userId="late")
            await late.expect_error("room-full")
            await sockets[0].close()
            await server.wait_for_gauge("bridgecall_participants", limits.MAX_PARTICIPANTS - 1)
            welcome = await late.join("R", "late")
            assert len(welcome["participants"]) == limits.MAX_PARTICIPANTS - 1


async def test_binary_frames_are_refused() -> None:
    async with running_server() as server, server.client() as one:
        await one.join("R", "one")
        await one.socket.send_bytes(b'{"type":"leave-room"}')
        await one.expect_error("binary-frame")
        await one.socket.send_bytes(b"")
        await one.expect_error("binary-frame")
        assert await server.gauge("bridgecall_participants") == 1


def signal_of_bytes(size: int, filler: str = "x") -> str:
    """A signal to "two" whose frame has exactly `size` bytes."""
    frame = json.dumps({"type": "signal", "targetUserId": "two", "data": ""})
    room = size - len(frame)
    width = len(filler.encode())
    text = filler * (room // width) + "x" * (room % width)
    frame = json.dumps({"type": "signal", "targetUserId": "two", "data": text}, ensure_ascii=False)
    assert len(frame.encode()) == size
    return frame


@pytest.mark.parametrize("filler", ["x", "é", "漢"])
async def test_a_frame_of_64_kib_passes_and_one_byte_more_closes_with_1009(filler: str) -> None:
    async with running_server() as server, server.client() as one, server.client() as two:
        await one.join("R", "one")
        await two.join("R", "two")
        await one.expect("new-peer")
        await one.socket.send_str(signal_of_bytes(limits.MAX_FRAME_BYTES, filler))
        relayed = await two.expect("signal")
        assert relayed["from"] == "one"
        await one.socket.send_str(signal_of_bytes(limits.MAX_FRAME_BYTES + 1, filler))
        await one.expect_error("frame-too-large")
        assert await one.expect_close() == 1009
        # The others only see that somebody left.
        assert await two.receive() == {"type": "peer-left", "userId": "one"}
        async with server.client() as three:
            await three.join("R", "three")
            assert await two.receive() == {"type": "new-peer", "userId": "three"}


@pytest.mark.parametrize("size", [200_000, 300_000, 5_000_000])
@pytest.mark.parametrize("binary", [False, True])
async def test_huge_frames_close_with_1009_or_a_reset_and_hurt_nobody(size: int, binary: bool) -> None:
    async with running_server() as server, server.client() as two:
        await two.join("R", "two")
        async with server.client() as one:
            await one.join("R", "one")
            await two.expect("new-peer")
            payload = b"x" * size
            try:
                await (one.socket.send_bytes(payload) if binary else one.socket.send_str(payload.decode()))
            except ConnectionError:
                pass  # the server refused at the frame's header, before we had sent it all
            else:
                message = await one.socket.receive(10)
                if message.type is WSMsgType.TEXT:
                    assert json.loads(message.data)["code"] == "frame-too-large"
                    message = await one.socket.receive(10)
                assert one.socket.close_code in (1009, 1006), message
            assert await two.receive() == {"type": "peer-left", "userId": "one"}
        await two.send(type="signal", targetUserId="one", data=1)
        await two.expect_error("unknown-target")


async def test_numbers_that_grow_past_the_limit_are_refused_not_relayed() -> None:
    async with running_server() as server, server.client() as one, server.client() as two:
        await one.join("R", "one")
        await two.join("R", "two")
        await one.expect("new-peer")
        numbers = ",".join(["1e15"] * 10_000)
        await one.socket.send_str('{"type":"signal","targetUserId":"two","data":[' + numbers + "]}")
        await one.expect_error("frame-too-large")
        await one.send(type="signal", targetUserId="two", data="small")
        assert (await two.expect("signal"))["data"] == "small"


async def test_text_that_is_not_utf8_ends_that_connection_alone() -> None:
    async with running_server() as server, server.client() as one, server.client() as two:
        await one.join("R", "one")
        await two.join("R", "two")
        await one.expect("new-peer")
        await one.socket.send_frame(b"\xff\xfe", WSMsgType.TEXT)
        assert await one.expect_close() == 1007
        assert await two.receive() == {"type": "peer-left", "userId": "one"}


async def test_more_connections_than_allowed_get_503() -> None:
    async with running_server(max_connections=1) as server, server.client() as one:
        await one.join("R", "one")
        async with server.http.get(
            server.url(),
            headers={
                "Upgrade": "websocket",
                "Connection": "Upgrade",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            },
        ) as response:
            assert response.status == 503
        await one.send(type="leave-room")
        await server.wait_for_gauge("bridgecall_participants", 0)
