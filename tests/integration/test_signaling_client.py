"""The signaling client against real WebSocket servers: ours, and such as misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import TYPE_CHECKING

import pytest
from aiohttp import WSMsgType, web

from desktop_app.protocol.messages import (
    NewPeer,
    ParticipantInfo,
    PeerLeft,
    PeerSignal,
    ServerMessage,
)
from desktop_app.server.hosting import HostedServer
from desktop_app.server.tls import ServerCertificate, self_made_certificate
from desktop_app.signaling import client as client_module
from desktop_app.signaling.client import SignalingClient
from desktop_app.signaling.errors import ConnectError
from desktop_app.signaling.machine import SignalingMachine, SignalingState

from .server_tools import running_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

ANSWER_S = 10.0
WELCOME = json.dumps(
    {"type": "welcome", "protocolVersion": 1, "roomId": "r", "userId": "u", "participants": [{"userId": "a"}]}
)


class Member:
    """A client and what it was told."""

    def __init__(self, url: str, user_id: str = "u", *, fingerprint: str | None = None) -> None:
        self.messages: asyncio.Queue[ServerMessage] = asyncio.Queue()
        self.lost: list[str] = []
        self.told_lost = asyncio.Event()
        self.machine = SignalingMachine(ParticipantInfo(user_id), "r")
        self.client = SignalingClient(
            self.machine,
            url,
            fingerprint_sha256=fingerprint,
            on_message=self.messages.put_nowait,
            on_lost=self._lost,
        )

    def _lost(self, reason: str) -> None:
        self.lost.append(reason)
        self.told_lost.set()

    async def next(self) -> ServerMessage:
        """The next message."""
        async with asyncio.timeout(ANSWER_S):
            return await self.messages.get()

    async def __aenter__(self) -> Member:
        await self.client.connect()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.client.close()


@contextlib.asynccontextmanager
async def misbehaving(
    behave: Callable[[web.WebSocketResponse], Awaitable[None]],
) -> AsyncIterator[str]:
    """The address of a server that treats every WebSocket as `behave` does."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await behave(socket)
        return socket

    app = web.Application()
    app.router.add_get("/ws", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/ws"
    finally:
        await runner.cleanup()


async def until_closed(socket: web.WebSocketResponse) -> None:
    """Read until the client goes."""
    async for _frame in socket:
        pass


# --- our own server -----------------------------------------------------------------------------------


async def test_two_clients_meet_talk_and_part() -> None:
    async with running_server() as server:
        url = server.url().replace("http", "ws")
        async with Member(url, "a") as first:
            async with Member(url, "b") as second:
                assert list(second.machine.participants) == ["a"]
                assert await first.next() == NewPeer(ParticipantInfo("b", instance=second.machine.instance))
                first.machine.signal("b", {"type": "offer", "sdp": "x" * 20_000})
                first.client.flush()
                assert await second.next() == PeerSignal("a", {"type": "offer", "sdp": "x" * 20_000})
                for index in range(50):
                    second.machine.signal("a", index)
                    second.client.flush()
                assert [await first.next() for _ in range(50)] == [PeerSignal("b", i) for i in range(50)]
            assert await first.next() == PeerLeft("b")
            assert second.machine.state is SignalingState.CLOSED
        assert first.lost == second.lost == []


async def test_a_taken_user_id_is_refused_in_words_and_leaves_nothing_open() -> None:
    async with running_server() as server:
        url = server.url().replace("http", "ws")
        async with Member(url, "a"):
            member = Member(url, "a")
            with pytest.raises(ConnectError) as raised:
                await member.client.connect()
            assert raised.value.code == "user-id-taken"
            assert str(raised.value).endswith(".")
            assert member.lost == []


async def test_leaving_says_so_and_a_second_time_is_harmless() -> None:
    async with running_server() as server:
        url = server.url().replace("http", "ws")
        async with Member(url, "a") as first:
            second = await Member(url, "b").__aenter__()
            await first.next()
            await second.client.close()
            await second.client.close()
            assert await first.next() == PeerLeft("b")


@pytest.mark.expected_warnings("is over the limit and was not sent")
async def test_what_the_server_would_close_for_is_not_sent() -> None:
    async with running_server() as server:
        url = server.url().replace("http", "ws")
        async with Member(url, "a") as first, Member(url, "b") as second:
            await first.next()
            first.machine.signal("b", "x" * 70_000)
            first.machine.signal("b", "short")
            first.client.flush()
            assert await second.next() == PeerSignal("a", "short")


async def test_a_pinned_certificate_is_the_only_one_that_will_do(tmp_path: Path) -> None:
    certificate = self_made_certificate(tmp_path)
    async with running_tls_server(certificate) as url:
        async with Member(url, fingerprint=certificate.fingerprint_sha256) as member:
            assert member.machine.state is SignalingState.JOINED
        with pytest.raises(ConnectError) as raised:
            await Member(url, fingerprint="00" * 32).client.connect()
        assert raised.value.code == "certificate-mismatch"
        with pytest.raises(ConnectError) as raised:
            await Member(url).client.connect()
        assert raised.value.code == "certificate-self-made"
        with pytest.raises(ConnectError, match="not a secure one"):
            await Member(
                url.replace("wss", "ws"), fingerprint=certificate.fingerprint_sha256
            ).client.connect()


@contextlib.asynccontextmanager
async def running_tls_server(certificate: ServerCertificate) -> AsyncIterator[str]:
    """Our server with a certificate of its own making."""
    hosted = HostedServer()
    port = await hosted.start("127.0.0.1", 0, ssl=certificate.context)
    try:
        yield f"wss://127.0.0.1:{port}/ws"
    finally:
        await hosted.stop()


# --- servers that are none, or bad ones ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ws://127.0.0.1:1/ws", "server-unreachable"),
        ("ws://name.invalid/ws", "server-unreachable"),
        ("ws://256.256.256.256:99999/ws", "server-unreachable"),
        ("not an address", "server-unreachable"),
        ("ws://", "server-unreachable"),
    ],
)
async def test_where_no_server_is_the_person_reads_a_sentence(url: str, code: str) -> None:
    member = Member(url)
    with pytest.raises(ConnectError, match=r"^The server cannot be reached\.$") as raised:
        await member.client.connect()
    assert raised.value.code == code
    assert member.lost == []


async def test_a_port_that_takes_connections_and_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "CONNECT_LIMIT_S", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ConnectError, match="does not answer") as raised,
    ):
        await Member(f"ws://127.0.0.1:{silent.getsockname()[1]}/ws").client.connect()
    assert raised.value.code == "server-unreachable"


async def test_a_server_that_never_welcomes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CONNECT_LIMIT_S", 0.3)
    async with misbehaving(until_closed) as url:
        member = Member(url)
        with pytest.raises(ConnectError, match="does not answer"):
            await member.client.connect()
        assert member.machine.state is SignalingState.CLOSED


async def test_a_web_server_that_is_no_signaling_server_is_named() -> None:
    async with misbehaving(until_closed) as url:
        with pytest.raises(ConnectError, match="HTTP 404") as raised:
            await Member(url + "/elsewhere").client.connect()
        assert raised.value.code == "not-a-server"


async def test_a_server_without_tls_is_told_from_one_with() -> None:
    async with misbehaving(until_closed) as url:
        with pytest.raises(ConnectError) as raised:
            await Member(url.replace("ws:", "wss:")).client.connect()
        assert raised.value.code == "tls-not-spoken"


async def test_a_server_that_closes_at_once_is_refused_in_words() -> None:
    async def close(socket: web.WebSocketResponse) -> None:
        await socket.close()

    async with misbehaving(close) as url:
        with pytest.raises(ConnectError, match="closed the connection"):
            await Member(url).client.connect()


@pytest.mark.expected_warnings("not of the protocol")
async def test_rubbish_before_and_after_the_welcome_is_dropped() -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        for text in ("", "nonsense", "[]", '{"type":"future"}', '{"type":"signal","from":"x","data":1}'):
            await socket.send_str(text)
        await socket.send_bytes(b"\x00\x01")
        await socket.send_str(WELCOME)
        await socket.send_bytes(b"\x00\x01")
        await socket.send_str('{"type":"signal","from":"stranger","data":1}')
        await socket.send_str('{"type":"signal","from":"a","data":2}')
        await until_closed(socket)

    async with misbehaving(talk) as url, Member(url) as member:
        assert await member.next() == PeerSignal("a", 2)
        assert member.messages.empty()


@pytest.mark.expected_warnings("a message of the server could not be handled")
async def test_a_message_that_breaks_its_handler_does_not_end_the_connection() -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str(WELCOME)
        await socket.send_str('{"type":"signal","from":"a","data":"break"}')
        await socket.send_str('{"type":"signal","from":"a","data":"fine"}')
        await until_closed(socket)

    async with misbehaving(talk) as url:
        member = Member(url)
        fine = asyncio.Event()

        def handle(message: ServerMessage) -> None:
            assert isinstance(message, PeerSignal)
            if message.data == "break":
                raise KeyError
            fine.set()

        member.client._on_message = handle
        async with member:
            async with asyncio.timeout(ANSWER_S):
                await fine.wait()
        assert member.lost == []


@pytest.mark.parametrize("how", ["close", "abort", "too large"])
async def test_a_lost_connection_is_told_once(how: str) -> None:
    go = asyncio.Event()

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str(WELCOME)
        await go.wait()
        if how == "close":
            await socket.close()
        elif how == "too large":
            await socket.send_str("x" * (client_module.MAX_WELCOME_BYTES + 1))
        else:
            assert socket._req is not None
            transport = socket._req.transport
            assert transport is not None
            transport.abort()

    async with misbehaving(talk) as url, Member(url) as member:
        go.set()
        async with asyncio.timeout(ANSWER_S):
            await member.told_lost.wait()
        assert member.lost == ["The connection to the server was lost."]
        assert member.machine.state is SignalingState.CLOSED
        member.machine.signal("a", 1)
        member.client.flush()
    assert len(member.lost) == 1


async def test_a_server_that_answers_no_ping_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "HEARTBEAT_S", 0.1)
    gone = asyncio.Event()

    async def talk(socket: web.WebSocketResponse) -> None:
        socket._autoping = False
        await socket.send_str(WELCOME)
        with contextlib.suppress(TimeoutError):
            while True:
                frame = await socket.receive(2)
                if frame.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
                    break
        gone.set()

    async with misbehaving(talk) as url, Member(url) as member:
        async with asyncio.timeout(ANSWER_S):
            await member.told_lost.wait()
            await gone.wait()


async def test_a_server_that_does_not_take_our_leave_holds_up_nobody_for_long() -> None:
    release = asyncio.Event()

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str(WELCOME)
        await release.wait()  # reads nothing, not even the close

    async with misbehaving(talk) as url:
        member = await Member(url).__aenter__()
        async with asyncio.timeout(ANSWER_S):
            await member.client.close()
        release.set()


async def test_a_connect_that_is_cancelled_leaves_nothing_open() -> None:
    joined = asyncio.Event()

    async def talk(socket: web.WebSocketResponse) -> None:
        joined.set()
        await until_closed(socket)

    async with misbehaving(talk) as url:
        member = Member(url)
        connecting = asyncio.create_task(member.client.connect())
        async with asyncio.timeout(ANSWER_S):
            await joined.wait()
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        assert member.client._session is not None
        assert member.client._session.closed
        assert member.lost == []
