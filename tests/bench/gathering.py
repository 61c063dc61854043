"""How long a description waits for STUN and TURN servers, good and dead: `python -m tests.bench.gathering`.

Each kind is tried with nothing known of the servers, and with what a call knows of them once it has asked.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
from pathlib import Path

from desktop_app.protocol.messages import IceServer
from desktop_app.rtc.ice import IceConfiguration, to_rtc_configuration
from desktop_app.rtc.ice_choice import PROBE_LIMIT_S, IceChoice
from tests.integration.data_tools import peer_connection
from tests.turn_server import TurnServer, silent_port

TRIES = 5
UNROUTABLE = "203.0.113.1"
"""RFC 5737."""


async def gather_s(ice: IceConfiguration) -> float:
    """One description of a connection with a data channel."""
    connection = peer_connection(to_rtc_configuration(ice))
    connection.createDataChannel("x")
    offer = await connection.createOffer()
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    await connection.setLocalDescription(offer)
    took_s = loop.time() - begun_s
    await connection.close()
    return took_s


async def row(name: str, *servers: IceServer) -> None:
    """Print one line."""
    choice = IceChoice()
    choice.use(servers)
    unknown = [await gather_s(IceConfiguration(servers)) for _ in range(TRIES)]
    await asyncio.sleep(PROBE_LIMIT_S + 0.5)
    known = [await gather_s(IceConfiguration(servers, choice=choice)) for _ in range(TRIES)]
    choice.stop()
    await choice.wait_closed()
    figures = " | ".join(
        f"{statistics.median(each) * 1000:.0f} ({max(each) * 1000:.0f})" for each in (unknown, known)
    )
    print(f"| {name} | {figures} |", flush=True)


async def main(turn: TurnServer) -> None:
    """Print the table."""
    silent, port = silent_port()
    print("| servers | nothing known (ms, most) | asked before (ms, most) |\n| --- | --- | --- |")
    with silent:
        await row("none")
        await row("TURN over UDP, TCP and TLS that answers", turn.ice_server("udp", "tcp", "tls"))
        await row("silent", IceServer((f"stun:127.0.0.1:{port}", f"turn:127.0.0.1:{port}"), "a", "b"))
        everything = (f"stun:{UNROUTABLE}", f"turn:{UNROUTABLE}", f"turns:{UNROUTABLE}")
        await row("unroutable", IceServer(everything, "a", "b"))
        await row("port closed", IceServer(("stun:127.0.0.1:1", "turn:127.0.0.1:1"), "a", "b"))
        await row("no such name", IceServer(("stun:nothing.invalid", "turn:nothing.invalid"), "a", "b"))
        await row("wrong credentials", IceServer((turn.url(),), "ann", "wrong"))
        await row(
            "silent, and one that answers",
            IceServer((f"turn:127.0.0.1:{port}",), "a", "b"),
            turn.ice_server(),
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, TurnServer(Path(folder)) as server:
        os.environ["SSL_CERT_FILE"] = str(server.certificate)
        asyncio.run(main(server))
