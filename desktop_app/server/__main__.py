"""`bridgecall-server`: the signaling server on its own."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app import __version__
from desktop_app.core.errors import UserFacingError
from desktop_app.core.log import setup_json_logging
from desktop_app.protocol.ice_url import parse_ice_server
from desktop_app.protocol.limits import DEFAULT_PORT, MAX_PARTICIPANTS

from .collecting import ShortCollections
from .fair_loop import new_event_loop
from .guard.limits import CONNECTIONS_PER_ADDRESS, GuardLimits
from .guard.origin import parse_origin
from .hosting import HostedServer
from .janus.address import JanusAddress, parse_janus
from .open_files import allow_connections
from .shared.address import RedisAddress, parse_redis_url
from .tls import context_from_files
from .topology.coordinator import DEFAULT_THRESHOLD, Rules
from .turn import TurnServer, parse_turn_server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from desktop_app.protocol.messages import IceServer

EXIT_CANNOT_START = 2
MAX_HYSTERESIS_S = 3600
DEFAULT_CONNECTIONS = 5000
"""What one core carries with ease (docs/benchmarks.md); a server in the window takes hub.MAX_CONNECTIONS."""
MAX_PEOPLE = 64


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError("the port must be a number from 0 to 65535")
    return int(text)


def _ice_server(text: str) -> IceServer:
    try:
        return parse_ice_server(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _turn_server(text: str) -> TurnServer:
    try:
        return parse_turn_server(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _redis(text: str) -> RedisAddress:
    try:
        return parse_redis_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _connections(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("the number of connections must be from 1 to 1000000")
    return int(text)


def _origin(text: str) -> str:
    try:
        return parse_origin(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _janus(text: str) -> JanusAddress:
    try:
        return parse_janus(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _people(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 2 <= int(text) <= MAX_PEOPLE:
        raise argparse.ArgumentTypeError(f"the number of participants must be from 2 to {MAX_PEOPLE}")
    return int(text)


def _hysteresis(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MAX_HYSTERESIS_S:
        raise argparse.ArgumentTypeError(f"the number of seconds must be from 0 to {MAX_HYSTERESIS_S}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bridgecall-server", description="Bridgecall's signaling server and browser guest page."
    )
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on (default: all, %(default)s)")
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="port, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain, PEM")
    parser.add_argument(
        "--tls-key", type=Path, metavar="FILE", help="its private key, PEM, without a password"
    )
    parser.add_argument(
        "--ice-server",
        type=_ice_server,
        action="append",
        default=[],
        metavar="URL[,USER,SECRET]",
        help="STUN or TURN server that participants are told to use; may be given several times",
    )
    parser.add_argument(
        "--turn-server",
        type=_turn_server,
        action="append",
        default=[],
        metavar="URL,SECRET",
        help="TURN server with a shared secret (coturn's static-auth-secret): each participant is told "
        "credentials of its own, which expire; may be given several times",
    )
    parser.add_argument(
        "--redis",
        type=_redis,
        default=os.environ.get("BRIDGECALL_REDIS") or None,
        metavar="URL",
        help="share rooms with the other servers at this Redis: redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], "
        "or rediss:// with TLS; BRIDGECALL_REDIS in the environment keeps a password out of the list of processes",
    )
    parser.add_argument(
        "--max-connections",
        type=_connections,
        default=DEFAULT_CONNECTIONS,
        metavar="N",
        help="open WebSockets; further ones get HTTP status 503 (default: %(default)s)",
    )
    parser.add_argument(
        "--max-connections-per-address",
        type=_connections,
        default=CONNECTIONS_PER_ADDRESS,
        metavar="N",
        help="open WebSockets from one address, behind which there may be a whole office; further ones get HTTP "
        "status 429. What an address may say in a second grows with it (default: %(default)s)",
    )
    parser.add_argument(
        "--allow-origin",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a web page elsewhere that may connect, such as https://example.org, or * for all; may be given several "
        "times. The server's own page may always",
    )
    parser.add_argument(
        "--behind-proxy",
        action="store_true",
        help="all requests come by way of a proxy of yours, whose X-Forwarded-For (the last address in it) and "
        "X-Forwarded-Host are to be believed",
    )
    parser.add_argument(
        "--janus",
        type=_janus,
        action="append",
        metavar="URL[,ADMIN-KEY[,API-SECRET]]",
        help="WebSocket API of a Janus (ws://HOST:8188), the SFU of larger rooms; may be given several times, or in "
        "BRIDGECALL_JANUS in the environment, separated by spaces, which keeps the keys out of the list of processes",
    )
    parser.add_argument(
        "--sfu-threshold",
        type=_people,
        default=DEFAULT_THRESHOLD,
        metavar="N",
        help="participants with whom a room changes from a mesh to the SFU (default: %(default)s)",
    )
    parser.add_argument(
        "--sfu-hysteresis",
        type=_hysteresis,
        default=round(Rules().hysteresis_s),
        metavar="SECONDS",
        help="how long a room must have fewer before it becomes a mesh again (default: %(default)s)",
    )
    parser.add_argument(
        "--mesh-limit",
        type=_people,
        default=MAX_PARTICIPANTS,
        metavar="N",
        help="participants of a room without an SFU (default: %(default)s)",
    )
    parser.add_argument("--verbose", action="store_true", help="log more")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


async def _serve(options: argparse.Namespace, context: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows' loop: Ctrl+C arrives as KeyboardInterrupt
            break
    server = HostedServer()
    ShortCollections().begin()
    await server.start(
        options.host,
        options.port,
        ssl=context,
        ice_servers=[*options.ice_server, *options.turn_server],
        max_connections=options.max_connections,
        redis=options.redis,
        janus=options.janus,
        rules=Rules(
            threshold=options.sfu_threshold,
            mesh_limit=options.mesh_limit,
            hysteresis_s=options.sfu_hysteresis,
        ),
        guard=GuardLimits(
            connections=options.max_connections_per_address,
            origins=tuple(options.allow_origin),
            behind_proxy=options.behind_proxy,
        ),
    )
    try:
        await stop.wait()
    finally:
        await server.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until SIGTERM or SIGINT; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.tls_cert is None) != (options.tls_key is None):
        parser.error("--tls-cert and --tls-key belong together")
    if options.janus is None:
        try:
            options.janus = [parse_janus(each) for each in os.environ.get("BRIDGECALL_JANUS", "").split()]
        except ValueError as error:
            parser.error(f"BRIDGECALL_JANUS: {error}")
    setup_json_logging(verbose=options.verbose)
    allow_connections(options.max_connections)
    try:
        context = context_from_files(options.tls_cert, options.tls_key) if options.tls_cert else None
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_serve(options, context))
    except UserFacingError as error:
        sys.stderr.write(f"bridgecall-server: {error}\n")
        return EXIT_CANNOT_START
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
