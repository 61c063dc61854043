"""A running server, in the process of whoever starts it: the command line's, or the window's engine."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from typing import TYPE_CHECKING, Any

from aiohttp import web

from desktop_app.core.errors import UserFacingError

from .app import create_app
from .guard.limits import REQUEST_LIMIT_S, GuardLimits
from .guard.site import Gate, GuardedSite
from .hub import MAX_CONNECTIONS
from .lan import lan_addresses

if TYPE_CHECKING:
    import ssl as ssl_module
    from collections.abc import Sequence

    from desktop_app.protocol.messages import IceServer

    from .janus.address import JanusAddress
    from .shared.address import RedisAddress
    from .topology.coordinator import Rules
    from .turn import TurnServer

__all__ = ["HostedServer", "lan_addresses"]

logger = logging.getLogger(__name__)

_SHUTDOWN_S = 5.0


class HostedServer:
    """A signaling server on the running asyncio loop."""

    def __init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self._port: int | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        if self._port is None:
            raise RuntimeError("the server does not run")
        return self._port

    @property
    def running(self) -> bool:
        """True between `start` and `stop`."""
        return self._port is not None

    async def start(
        self,
        host: str = "0.0.0.0",
        port: int = 0,
        *,
        ssl: ssl_module.SSLContext | None = None,
        ice_servers: Sequence[IceServer | TurnServer] = (),
        max_connections: int = MAX_CONNECTIONS,
        redis: RedisAddress | None = None,
        janus: Sequence[JanusAddress] = (),
        rules: Rules | None = None,
        guard: GuardLimits | None = None,
    ) -> int:
        """Listen on `host` and `port` (0 takes a free one); returns the port.

        Raises:
            UserFacingError: code `cannot-listen`, when the address cannot be had; `redis-unreachable` or
                `redis-refused`, when there is no Redis there for us.
        """
        if self._runner is not None:
            raise RuntimeError("the server runs already")
        app = await asyncio.to_thread(  # it reads the page's files
            create_app,
            ice_servers=tuple(ice_servers),
            max_connections=max_connections,
            redis=redis,
            janus=tuple(janus),
            rules=rules,
            guard=guard,
        )
        # No access log: the addresses contain room names, and who knows one may enter.
        options: dict[str, Any] = {"access_log": None, "keepalive_timeout": REQUEST_LIMIT_S}
        runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=_SHUTDOWN_S, **options)
        gate = Gate(guard or GuardLimits(), max_connections)
        self._runner = runner
        try:
            await runner.setup()
            await GuardedSite(runner, gate, host, port, ssl=ssl, options=options).start()
        except OSError as error:
            await self.stop()
            raise UserFacingError(_listen_problem(error, host, port), code="cannot-listen") from error
        except BaseException:
            await self.stop()
            raise
        self._port = int(runner.addresses[0][1])
        logger.info("listening", extra={"host": host, "port": self._port, "tls": ssl is not None})
        return self._port

    async def stop(self) -> None:
        """Tell every client that the server stops, close, free the port; safe to call twice."""
        runner, port = self._runner, self._port
        self._runner = self._port = None
        if runner is not None:
            await runner.cleanup()
        if port is not None:
            logger.info("stopped", extra={"port": port})


def _listen_problem(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return f"The address {host} is not known on this machine."
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is already in use; choose another one or stop the program that has it."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} is reserved for the system; choose one above 1023."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine does not have the address {host}."
    return f"The server cannot listen on {host} port {port}: {(error.strerror or 'unknown error').lower()}."
