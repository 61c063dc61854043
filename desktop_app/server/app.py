"""The aiohttp application: which address does what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from desktop_app.core.paths import resources_dir
from desktop_app.protocol.limits import PROTOCOL_VERSION

from .guard.limits import JOIN_LIMIT_S, GuardLimits
from .hub import MAX_CONNECTIONS, Hub
from .metrics import CONTENT_TYPE
from .pages import Pages, add_security_headers
from .session import HEARTBEAT_S
from .sessions.absences import GRACE_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from desktop_app.protocol.messages import IceServer

    from .janus.address import JanusAddress
    from .shared.address import RedisAddress
    from .topology.coordinator import Rules
    from .turn import TurnServer

HUB = web.AppKey("hub", Hub)


def create_app(
    *,
    ice_servers: tuple[IceServer | TurnServer, ...] = (),
    max_connections: int = MAX_CONNECTIONS,
    heartbeat_s: float = HEARTBEAT_S,
    web_folder: Path | None = None,
    redis: RedisAddress | None = None,
    janus: Sequence[JanusAddress] = (),
    rules: Rules | None = None,
    grace_s: float = GRACE_S,
    guard: GuardLimits | None = None,
    join_limit_s: float = JOIN_LIMIT_S,
) -> web.Application:
    """Build the server.

    Args:
        ice_servers: what every participant is told to use.
        max_connections: open WebSockets; further ones get status 503.
        heartbeat_s: silence before a ping; a client that does not answer in half of it is dropped.
        web_folder: the guest page's files (those of the installation when None).
        redis: by way of which rooms are shared with other servers; it is connected to at the start, which
            raises UserFacingError when that fails.
        janus: the nodes of the SFU.
        rules: when a room has an SFU, and how many may be in it.
        grace_s: how long the place of whoever lost the connection is kept.
        guard: how much one address may do, and which web pages may connect.
        join_limit_s: how long a WebSocket may be in no room.
    """
    hub = Hub(
        ice_servers=ice_servers,
        max_connections=max_connections,
        heartbeat_s=heartbeat_s,
        redis=redis,
        janus=janus,
        rules=rules,
        grace_s=grace_s,
        guard=guard,
        join_limit_s=join_limit_s,
    )
    pages = Pages(web_folder or resources_dir() / "web", [resources_dir() / "safety-words.txt"])

    async def root(request: web.Request) -> web.StreamResponse:
        if _wants_websocket(request):
            return await hub.serve(request)
        return pages.respond("home.html", request)

    async def websocket(request: web.Request) -> web.StreamResponse:
        if _wants_websocket(request):
            return await hub.serve(request)
        return web.Response(
            status=426, headers={hdrs.UPGRADE: "websocket"}, text="This address speaks WebSocket only.\n"
        )

    async def room(request: web.Request) -> web.Response:
        return pages.respond("index.html", request)  # the page reads the room's name from its own address

    async def resource(request: web.Request) -> web.Response:
        return pages.respond(request.match_info["path"], request)

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "protocolVersion": PROTOCOL_VERSION})

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=hub.metrics.text(), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE})

    async def start_up(_app: web.Application) -> None:
        await hub.start()

    async def shut_down(_app: web.Application) -> None:
        await hub.close()

    app = web.Application()
    app[HUB] = hub
    app.router.add_get("/", root)
    app.router.add_get("/ws", websocket)
    app.router.add_get("/r/{room}", room)
    app.router.add_get("/web/{path:.+}", resource)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/metrics", metrics)
    app.on_response_prepare.append(add_security_headers)
    app.on_startup.append(start_up)
    app.on_shutdown.append(shut_down)
    return app


def _wants_websocket(request: web.Request) -> bool:
    return request.headers.get(hdrs.UPGRADE, "").strip().lower() == "websocket"
