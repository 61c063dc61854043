"""The server as a process of its own: what it prints, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, Fingerprint

from desktop_app.server.tls import FILE_NAME, self_made_certificate

from .server_tools import RawClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

START_S = 30.0


async def _start(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "desktop_app.server", *arguments, stdout=PIPE, stderr=PIPE
    )


async def _listening_port(process: Process) -> int:
    assert process.stderr is not None
    async with asyncio.timeout(START_S):
        async for line in process.stderr:
            entry = json.loads(line)
            if entry["message"] == "listening":
                return int(entry["port"])
    raise AssertionError("the server ended before it listened")


@asynccontextmanager
async def server_process(*arguments: str) -> AsyncIterator[tuple[Process, int]]:
    process = await _start("--host", "127.0.0.1", "--port", "0", *arguments)
    try:
        yield process, await _listening_port(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _refused(*arguments: str) -> str:
    """What a server that cannot start says; it must be one line, and the exit status 2."""
    process = await _start(*arguments)
    stdout, stderr = await asyncio.wait_for(process.communicate(), START_S)
    assert process.returncode == 2
    assert stdout == b""
    return stderr.decode().strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly_and_clients_are_told(number: signal.Signals) -> None:
    async with server_process() as (process, port), ClientSession() as http:
        async with (
            http.ws_connect(f"http://127.0.0.1:{port}/ws") as first,
            http.ws_connect(f"http://127.0.0.1:{port}/") as second,
        ):
            one, two = RawClient(first), RawClient(second)
            await one.join("a secret room", "one")
            await two.join("a secret room", "two")
            await one.expect("new-peer")
            process.send_signal(number)
            for client in (one, two):
                await client.expect_error("server-shutdown")
                assert await client.expect_close() == 1001
        _, stderr = await asyncio.wait_for(process.communicate(), START_S)
        assert process.returncode == 0
        entries = [json.loads(line) for line in stderr.splitlines()]
        assert entries[-1]["message"] == "stopped"
        assert "a secret room" not in stderr.decode()


async def test_it_ends_although_a_client_does_not_answer() -> None:
    async with server_process() as (process, port):
        with socket.create_connection(("127.0.0.1", port)) as silent:
            silent.sendall(
                b"GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            assert silent.recv(1000).startswith(b"HTTP/1.1 101")
            process.terminate()
            assert await asyncio.wait_for(process.wait(), START_S) == 0


async def test_tls_and_ice_servers_from_the_command_line(tmp_path: Path) -> None:
    certificate = self_made_certificate(tmp_path)
    pem = str(tmp_path / FILE_NAME)
    arguments = [
        "--tls-cert",
        pem,
        "--tls-key",
        pem,
        "--ice-server",
        "stun:h",
        "--ice-server",
        "turn:h,u,hunter2",
    ]
    async with server_process(*arguments) as (process, port), ClientSession() as http:
        pinned = Fingerprint(bytes.fromhex(certificate.fingerprint_sha256))
        async with http.ws_connect(f"https://127.0.0.1:{port}/ws", ssl=pinned) as socket_:
            welcome = await RawClient(socket_).join("R", "one")
        assert welcome["iceServers"] == [
            {"urls": ["stun:h"]},
            {"urls": ["turn:h"], "username": "u", "credential": "hunter2"},
        ]
        process.terminate()
        _, stderr = await asyncio.wait_for(process.communicate(), START_S)
        assert b"hunter2" not in stderr


async def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = await _refused("--host", "127.0.0.1", "--port", str(port))
    assert said == (
        f"bridgecall-server: Port {port} is already in use; choose another one or stop the program that has it."
    )


async def test_a_bad_certificate_is_one_sentence(tmp_path: Path) -> None:
    noise = tmp_path / "noise.pem"
    noise.write_text("noise")
    said = await _refused("--port", "0", "--tls-cert", str(noise), "--tls-key", str(noise))
    assert said.startswith("bridgecall-server: ")
    assert said.endswith("PEM format.")
    assert "\n" not in said
    missing = await _refused("--port", "0", "--tls-cert", os.devnull + ".none", "--tls-key", str(noise))
    assert "cannot be read" in missing
    assert "\n" not in missing


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--port", "99999"], "0 to 65535"),
        (["--port", "http"], "0 to 65535"),
        (["--ice-server", "http://h"], "begins with stun:"),
        (["--ice-server", "turn:h"], "user and a secret"),
        (["--tls-cert", "x.pem"], "belong together"),
        (["--janus", "http://h:8188"], "begins with ws://"),
        (["--mesh-limit", "1"], "from 2 to 64"),
        (["--sfu-threshold", "many"], "from 2 to 64"),
    ],
)
async def test_wrong_options_say_why(arguments: list[str], hint: str) -> None:
    assert hint in await _refused(*arguments)
