"""coturn with the configuration of packaging/server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import ssl
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from aioice import stun

from desktop_app.server.tls import FILE_NAME, self_made_certificate
from desktop_app.server.turn import TurnServer, for_participant
from tests.packaged import PackagedDaemon, free_ports
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs_program("turnserver")

SECRET, REALM = "a-secret_of-a-test", "meet.example.org"
HOUR_S = 3600
UDP = 17 << 24
"""REQUESTED-TRANSPORT (RFC 8656, section 18.8)."""
UNAUTHORIZED, FORBIDDEN = 401, 403
PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.30.77.3",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
]


def credential(expires_s: float, secret: str = SECRET) -> tuple[str, str]:
    """Name and password (draft-uberti-behave-turn-rest-00, section 2.2), as the standard library has it."""
    name = f"{int(expires_s)}:ann"
    digest = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
    return name, base64.b64encode(digest).decode()


class Turn:
    """A client that asks and waits, over UDP or over TLS."""

    def __init__(self, connection: socket.socket, name: str, password: str) -> None:
        self._connection = connection
        self._name = name
        self._key = hashlib.md5(f"{name}:{REALM}:{password}".encode()).digest()  # RFC 8489, section 9.2.2
        self._nonce = b""

    def ask(self, method: stun.Method, **attributes: object) -> stun.Message:
        """The answer; the first one brings the nonce."""
        answer = self._ask(method, attributes)
        if "NONCE" in answer.attributes and not self._nonce:
            self._nonce = answer.attributes["NONCE"]
            assert answer.attributes["REALM"] == REALM
            answer = self._ask(method, attributes)
        return answer

    def _ask(self, method: stun.Method, attributes: dict[str, object]) -> stun.Message:
        message = stun.Message(message_method=method, message_class=stun.Class.REQUEST)
        for name, value in attributes.items():
            message.attributes[name.replace("_", "-")] = value
        if self._nonce:
            message.attributes |= {"USERNAME": self._name, "REALM": REALM, "NONCE": self._nonce}
            message.add_message_integrity(self._key)
        self._connection.sendall(bytes(message))
        return stun.parse_message(self._connection.recv(4096))

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def allocate(self) -> int:
        """The error of an allocation; 0 when there was none."""
        return error(self.ask(stun.Method.ALLOCATE, REQUESTED_TRANSPORT=UDP, LIFETIME=600))

    def permit(self, address: str) -> int:
        """The error of a permission for a peer."""
        return error(self.ask(stun.Method.CREATE_PERMISSION, XOR_PEER_ADDRESS=(address, 9)))


def error(answer: stun.Message) -> int:
    if answer.message_class is stun.Class.RESPONSE:
        return 0
    return int(answer.attributes["ERROR-CODE"][0])


@pytest.fixture
def coturn(tmp_path: Path) -> Iterator[PackagedDaemon]:
    self_made_certificate(tmp_path)
    pem = tmp_path / FILE_NAME
    port, tls_port = free_ports(2)
    variables = {
        "PUBLIC_ADDRESS": "127.0.0.1",
        "TURN_ADDRESS": "127.0.0.1",
        "TURN_PORT": str(port),
        "TURN_TLS_PORT": str(tls_port),
        "TURN_SECRET": SECRET,
        "TURN_REALM": REALM,
        "TLS_CERT": str(pem),
        "TLS_KEY": str(pem),
    }
    with PackagedDaemon("coturn", tmp_path, port, **variables) as daemon:
        eventually(lambda: answers_binding(port), "coturn listening on UDP")  # it does so after TCP
        yield daemon


def answers_binding(port: int) -> bool:
    """Whether a STUN binding request over UDP is answered."""
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(1)
        probe.connect(("127.0.0.1", port))
        try:
            probe.send(bytes(request))
            return bool(probe.recv(4096))
        except OSError:  # refused, or lost
            return False


def udp(port: int, name: str, password: str) -> closing[Turn]:
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.settimeout(10)
    connection.connect(("127.0.0.1", port))
    return closing(Turn(connection, name, password))


def test_what_our_server_tells_participants_is_good(coturn: PackagedDaemon) -> None:
    (told,) = for_participant([TurnServer("turn:127.0.0.1", SECRET)], at_s=time.time())
    assert told.username is not None
    assert told.credential is not None
    with udp(coturn.port, told.username, told.credential) as turn:
        assert turn.allocate() == 0


def test_who_may_relay_and_to_whom(coturn: PackagedDaemon) -> None:
    with udp(coturn.port, *credential(time.time() + HOUR_S)) as turn:
        assert turn.allocate() == 0
        assert turn.permit("93.184.215.14") == 0
        assert {address: turn.permit(address) for address in PRIVATE} == dict.fromkeys(PRIVATE, FORBIDDEN)
    for name, password in (
        credential(time.time() + HOUR_S, "guessed"),
        credential(time.time() - HOUR_S),
        ("ann", "a password"),
    ):
        with udp(coturn.port, name, password) as turn:
            assert turn.allocate() == UNAUTHORIZED, name


def test_tls_with_the_certificate(coturn: PackagedDaemon, tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=str(tmp_path / FILE_NAME))
    tls_port = next(
        int(line.partition("=")[2])
        for line in (coturn.run_dir / "turnserver.conf").read_text().splitlines()
        if line.startswith("tls-listening-port=")
    )
    with (
        socket.create_connection(("127.0.0.1", tls_port), 10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        closing(Turn(secure, *credential(time.time() + HOUR_S))) as turn,
    ):
        assert turn.allocate() == 0
