"""The connection test against real servers, good and bad, with the devices of a test."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktop_app.engine.core import EngineCore
from desktop_app.engine.test_report import report
from desktop_app.hosting import InProcessHost
from desktop_app.settings.schema import Settings
from tests.integration.server_tools import running_server
from tests.turn_server import PASSWORD, USER, TurnServer, silent_port
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from desktop_app.engine.port import TestLine

pytestmark = pytest.mark.needs_program("turnserver")


@pytest.fixture(scope="module")
def coturn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    with TurnServer(tmp_path_factory.mktemp("coturn")) as server:
        yield server


@asynccontextmanager
async def an_engine() -> AsyncIterator[EngineCore]:
    core = EngineCore(backend=None, host=InProcessHost(), emit=lambda _event: None)
    try:
        yield core
    finally:
        await core.close()


def by_name(lines: tuple[TestLine, ...]) -> dict[str, TestLine]:
    return {line.name: line for line in lines}


async def test_what_works_passes_and_what_does_not_says_why(coturn: TurnServer) -> None:
    silent, port = silent_port()
    told: list[TestLine] = []
    with silent:
        settings = Settings(
            camera="test",
            microphone="test",
            ice_servers=(
                f"stun:127.0.0.1:{coturn.port}",
                f"stun:127.0.0.1:{port}",
                coturn.line("udp"),
                coturn.line("tcp"),
                coturn.line("tls"),
                f"{coturn.url('udp')},{USER},wrong",
                "turn:127.0.0.1:1,a,b",
                "stun:nothing.invalid",
            ),
        )
        async with running_server() as server, an_engine() as core:
            settings = settings.replace(server=server.url("").removesuffix("/"))
            lines = by_name(await core.test_connection(settings, told.append))
            await server.wait_for_gauge("bridgecall_participants", 0)  # it left the room that it tried
    assert lines["Server"].verdict == "warn"  # it works, without TLS
    assert "let us into a room" in lines["Server"].detail
    good_stun = lines[f"STUN stun:127.0.0.1:{coturn.port}"]
    assert good_stun.verdict == "pass"
    assert "sees you as 127.0.0.1:" in good_stun.detail
    assert lines[f"STUN stun:127.0.0.1:{port}"].detail == "It does not answer over UDP."
    assert lines["STUN stun:nothing.invalid"].detail == "Its name is not known."
    for transport in ("udp", "tcp"):
        line = lines[f"TURN {coturn.url(transport)}"]
        assert line.verdict == "pass", line
        assert "a packet came back through it" in line.detail
    untrusted = lines[f"TURN {coturn.url('tls')}"]
    assert untrusted.verdict == "fail"
    assert "certificate is not to be trusted" in untrusted.detail
    assert lines["TURN turn:127.0.0.1:1"].detail == "Nobody listens there."
    refused = [each for each in lines.values() if "does not accept the user" in each.detail]
    assert [each.verdict for each in refused] == ["fail"]
    assert lines["Network (UDP and NAT)"].verdict == "pass"
    assert "No NAT" in lines["Network (UDP and NAT)"].detail
    assert (lines["Camera"].verdict, lines["Microphone"].verdict) == ("pass", "pass")
    assert "640 × 480" in lines["Camera"].detail
    assert lines["Speaker"].verdict == "pass"
    assert {line.name for line in told if line.verdict == "running"} == set(lines)
    text = report(tuple(lines.values()))
    assert len(text.splitlines()) == len(lines)
    assert PASSWORD not in text
    assert "wrong" not in text


async def test_without_servers_and_devices(tmp_path: Path) -> None:
    settings = Settings(
        camera="none", microphone=str(tmp_path / "missing.wav"), speaker="none", server="127.0.0.1:1"
    )
    async with an_engine() as core:
        lines = by_name(await core.test_connection(settings, lambda _line: None))
    assert {name: line.verdict for name, line in lines.items()} == {
        "Server": "fail",
        "Network (UDP and NAT)": "warn",
        "Camera": "warn",
        "Microphone": "fail",
        "Speaker": "warn",
    }
    assert lines["Server"].detail == "127.0.0.1:1: The server cannot be reached."


async def test_it_can_be_cancelled_and_leaves_nothing() -> None:
    silent, port = silent_port()
    told: list[TestLine] = []
    with silent:
        settings = Settings(
            camera="none", microphone="none", speaker="none", ice_servers=(f"turn:127.0.0.1:{port},a,b",)
        )
        async with an_engine() as core:
            running = asyncio.create_task(core.test_connection(settings, told.append))
            await until(lambda: len(told) > 5)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
