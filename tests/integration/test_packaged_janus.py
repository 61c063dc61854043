"""Janus with the configuration of packaging/server."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse
from aiortc import RTCPeerConnection

from tests.packaged import PackagedDaemon, free_ports

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs_program("janus")

ADMIN_KEY, API_SECRET = "the-key_of-a-test", "the-secret_of-a-test"
PUBLIC_ADDRESS = "198.51.100.7"
RTP_PORTS = range(24000, 24100)
TRANSPORT_CC = "a=extmap:9 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
MISSING_ELEMENT, UNAUTHORIZED, NOT_AUTHORIZED, NO_SUCH_PLUGIN = 429, 433, 403, 460
"""Error codes of the VideoRoom plugin and of Janus (janus_videoroom.c, apierror.h)."""


class Api:
    """Just enough of Janus's API for one handle of one session."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._where: dict[str, int] = {}

    async def ask(self, janus: str, **fields: Any) -> dict[str, Any]:
        """Send a request; its answer, which for what takes time is the event that follows."""
        transaction = str(next(self._numbers))
        message = {
            "janus": janus,
            "transaction": transaction,
            "apisecret": API_SECRET,
            **self._where,
            **fields,
        }
        await self._socket.send_json({name: value for name, value in message.items() if value is not None})
        while True:
            answer = await self._socket.receive_json(timeout=10)
            assert isinstance(answer, dict)
            if answer.get("transaction") == transaction and answer["janus"] != "ack":
                return answer

    async def open(self) -> None:
        """Make a session and a handle of the VideoRoom plugin."""
        self._where["session_id"] = (await self.ask("create"))["data"]["id"]
        attached = await self.ask("attach", plugin="janus.plugin.videoroom")
        self._where["handle_id"] = attached["data"]["id"]

    async def request(self, request: str, **fields: Any) -> dict[str, Any]:
        """What the plugin answers."""
        answer = await self.ask("message", body={"request": request, **fields})
        data = answer["plugindata"]["data"]
        assert isinstance(data, dict)
        return data


@pytest.fixture
def janus(tmp_path: Path) -> Iterator[PackagedDaemon]:
    (port,) = free_ports(1)
    variables = {
        "PUBLIC_ADDRESS": PUBLIC_ADDRESS,
        "JANUS_ADMIN_KEY": ADMIN_KEY,
        "JANUS_API_SECRET": API_SECRET,
        "JANUS_WS_ADDRESS": "127.0.0.1",
        "JANUS_WS_PORT": str(port),
        "JANUS_RTP_PORTS": f"{RTP_PORTS.start}-{RTP_PORTS.stop - 1}",
    }
    with PackagedDaemon("janus", tmp_path, port, **variables) as daemon:
        yield daemon


@asynccontextmanager
async def connected(janus: PackagedDaemon, protocol: str = "janus-protocol") -> AsyncIterator[Api]:
    url = f"ws://127.0.0.1:{janus.port}/"
    async with ClientSession() as http, http.ws_connect(url, protocols=[protocol]) as socket:
        yield Api(socket)


async def test_rooms_are_made_only_with_the_admin_key_and_nothing_else_is_offered(
    janus: PackagedDaemon,
) -> None:
    async with connected(janus) as api:
        for secret in ("guessed", None):
            assert (await api.ask("create", apisecret=secret))["error"]["code"] == NOT_AUTHORIZED
        await api.open()
        for wrong in ({}, {"admin_key": "guessed"}):
            refused = await api.request("create", room="den", **wrong)
            assert refused["error_code"] in (UNAUTHORIZED, MISSING_ELEMENT), refused
        assert (await api.request("exists", room="den"))["exists"] is False
        made = await api.request("create", room="den", admin_key=ADMIN_KEY, publishers=3)
        assert (made["videoroom"], made["room"]) == ("created", "den")
        refused = await api.request(
            "rtp_forward", room="den", publisher_id="ann", host="127.0.0.1", streams=[{"mid": "0", "port": 9}]
        )
        assert refused["error_code"] in (UNAUTHORIZED, MISSING_ELEMENT), refused
        other = await api.ask("attach", handle_id=None, plugin="janus.plugin.echotest")
        assert other["error"]["code"] == NO_SUCH_PLUGIN
    with pytest.raises(ClientError):
        async with connected(janus, "janus-admin-protocol"):
            pass


async def test_media_goes_to_the_public_address_and_the_published_ports(janus: PackagedDaemon) -> None:
    publisher = RTCPeerConnection()
    try:
        for kind in ("audio", "video"):
            publisher.addTransceiver(kind, direction="sendonly")
        await publisher.setLocalDescription(await publisher.createOffer())
        async with connected(janus) as api:
            await api.open()
            await api.request("create", room="den", admin_key=ADMIN_KEY)
            await api.request("join", ptype="publisher", room="den", id="ann")
            sdp = publisher.localDescription.sdp.replace("a=sendonly", f"a=sendonly\r\n{TRANSPORT_CC}")
            offer = {"type": "offer", "sdp": sdp}
            answer = await api.ask("message", body={"request": "publish"}, jsep=offer)
            lines = answer["jsep"]["sdp"].splitlines()
    finally:
        await publisher.close()
    candidates = [line.split() for line in lines if line.startswith("a=candidate:")]
    assert candidates
    for _, _, transport, _, address, port, *_ in candidates:
        assert (transport, address) == ("udp", PUBLIC_ADDRESS)
        assert int(port) in RTP_PORTS
    assert TRANSPORT_CC in lines
