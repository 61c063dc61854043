"""Redis with the configuration of packaging/server."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.packaged import PackagedDaemon, free_ports

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_program("redis-server")

PASSWORD = "a-password_of-a-test"


def ask(connection: socket.socket, *words: str) -> str:
    """One command and its short answer, as the wire has it (redis.io, RESP2)."""
    parts = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    connection.sendall(f"*{len(words)}\r\n{parts}".encode())
    return connection.recv(4096).decode()


def test_without_the_password_nothing_is_told_and_nothing_is_kept_on_a_disk(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    variables = {"REDIS_PASSWORD": PASSWORD, "REDIS_ADDRESS": "127.0.0.1", "REDIS_PORT": str(port)}
    with (
        PackagedDaemon("redis", tmp_path, port, **variables) as redis,
        socket.create_connection(("127.0.0.1", port), 10) as connection,
    ):
        assert ask(connection, "SET", "key", "value").startswith("-NOAUTH")
        assert ask(connection, "AUTH", "guessed").startswith("-WRONGPASS")
        assert ask(connection, "AUTH", PASSWORD) == "+OK\r\n"
        assert ask(connection, "SET", "key", "value") == "+OK\r\n"
        for name, value in (("save", ""), ("appendonly", "no"), ("maxmemory-policy", "noeviction")):
            assert ask(connection, "CONFIG", "GET", name).split("\r\n")[-2] == value
        assert ask(connection, "CONFIG", "GET", "maxmemory").split("\r\n")[-2] == str(256 << 20)
    assert [path.name for path in redis.run_dir.iterdir()] == ["redis.conf"], "something was saved"
