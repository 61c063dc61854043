"""Debian's redis-server on a free port of 127.0.0.1, in a temporary folder, keeping nothing.

async with RedisServer() as redis:
    redis.url
    redis.kill()             # SIGKILL
    await redis.restart()    # the same port, empty
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from redis.asyncio import Redis

if TYPE_CHECKING:
    from types import TracebackType

PROGRAM = shutil.which("redis-server") or "/usr/bin/redis-server"
START_S = 15.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisServer:
    """One redis-server.

    Args:
        password: what clients must give; None for none.
        tls: certificate and key in PEM; it speaks TLS alone then.
        prefix: what to put before the command, such as taskset.
    """

    def __init__(
        self,
        *,
        password: str | None = None,
        tls: tuple[Path, Path] | None = None,
        prefix: tuple[str, ...] = (),
    ) -> None:
        self.port = free_port()
        self._password = password
        self._tls = tls
        self._prefix = prefix
        self._folder = Path(tempfile.mkdtemp(prefix="bridgecall-redis-"))
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """The address, with the password."""
        scheme = "rediss" if self._tls else "redis"
        secret = f":{self._password}@" if self._password else ""
        query = f"?ssl_ca_certs={self._tls[0]}" if self._tls else ""
        return f"{scheme}://{secret}127.0.0.1:{self.port}/0{query}"

    async def __aenter__(self) -> Self:
        """Start it."""
        try:
            await self.restart()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it and remove its folder."""
        await self.stop()

    async def restart(self) -> None:
        """Start it, after the end of the one before; returns when it answers."""
        if self._process is not None:
            await self._process.wait()
        options = ["--bind", "127.0.0.1", "--dir", str(self._folder), "--save", "", "--appendonly", "no"]
        options += ["--daemonize", "no", "--logfile", str(self._folder / "log")]
        if self._tls:
            certificate, key = map(str, self._tls)
            options += ["--port", "0", "--tls-port", str(self.port), "--tls-cert-file", certificate]
            options += ["--tls-key-file", key, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"]
        else:
            options += ["--port", str(self.port)]
        if self._password:
            options += ["--requirepass", self._password]
        self._process = await asyncio.create_subprocess_exec(*self._prefix, PROGRAM, *options)
        async with asyncio.timeout(START_S):
            while not await self._listens():
                if self._process.returncode is not None:
                    log = self._folder / "log"
                    raise AssertionError(f"redis-server ended: {log.read_text() if log.exists() else ''}")
                await asyncio.sleep(0.02)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def keys(self) -> list[str]:
        """Every key that it has."""
        async with Redis.from_url(self.url) as client:
            found = await client.keys("*")
        return sorted(key.decode() if isinstance(key, bytes) else key for key in found)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal: SIGSTOP and SIGCONT let it hang for a while."""
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it without a word."""
        self.signal(signal.SIGKILL)

    async def stop(self) -> None:
        """End it and remove what it left; safe to call twice."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        if self._process is not None:
            await self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
