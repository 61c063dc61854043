"""Debian's coturn with a configuration of the test, on this machine or on a host of a netlab."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import subprocess
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from desktop_app.protocol.messages import IceServer
from tests.packaged import free_ports
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

USER, PASSWORD = "ann", "a-password"
SECRET, REALM = "a-shared-secret", "meet.example.org"
STOP_LIMIT_S = 10.0


class TurnServer:
    """coturn from `with` to the end of its block, with relays over UDP, TCP and TLS.

    Args:
        folder: for its files.
        address: where it listens and relays.
        prefix: of the command, to start it on a host of a netlab.
        rest_api: credentials that expire (the TURN REST convention with SECRET) in place of USER and PASSWORD.
        options: more of coturn's, as they are in its configuration file.
    """

    def __init__(
        self,
        folder: Path,
        address: str = "127.0.0.1",
        *,
        prefix: tuple[str, ...] = (),
        rest_api: bool = False,
        options: tuple[str, ...] = (),
    ) -> None:
        self.address = address
        self.port, self.tls_port = free_ports(2)
        self._folder = folder / f"turn-{self.port}"
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None
        users = ["use-auth-secret", f"static-auth-secret={SECRET}"]
        self._options = [*(users if rest_api else [f"user={USER}:{PASSWORD}", "lt-cred-mech"]), *options]

    @property
    def certificate(self) -> Path:
        """The file with its certificate, to be trusted by way of SSL_CERT_FILE."""
        return self._folder / "server.pem"

    def url(self, transport: str = "udp") -> str:
        """Its address for udp, tcp or tls."""
        if transport == "tls":
            return f"turns:{self.address}:{self.tls_port}?transport=tcp"
        return f"turn:{self.address}:{self.port}?transport={transport}"

    def ice_server(self, *transports: str) -> IceServer:
        """What a client is given."""
        return IceServer(tuple(self.url(each) for each in transports or ("udp",)), USER, PASSWORD)

    def line(self, transport: str = "udp") -> str:
        """What the command line and the settings take."""
        return f"{self.url(transport)},{USER},{PASSWORD}"

    def __enter__(self) -> Self:
        """Start it; returns when it answers."""
        self._folder.mkdir(parents=True)
        _make_certificate(self.certificate, self.address)
        lines = [
            f"listening-ip={self.address}",
            f"relay-ip={self.address}",
            f"listening-port={self.port}",
            f"tls-listening-port={self.tls_port}",
            f"realm={REALM}",
            f"cert={self.certificate}",
            f"pkey={self.certificate}",
            f"pidfile={self._folder}/pid",
            f"userdb={self._folder}/db",
            "fingerprint",
            "no-cli",
            "allow-loopback-peers",
            "relay-threads=1",
            "log-file=stdout",
            "simple-log",
            "verbose",
            *self._options,
        ]
        path = self._folder / "turnserver.conf"
        path.write_text("\n".join(lines) + "\n")
        with (self._folder / "output").open("wb") as output:
            self._process = process = subprocess.Popen(
                [*self._prefix, "turnserver", "-c", str(path)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            eventually(lambda: process.poll() is not None or self._is_up(), "coturn listening")
            assert process.poll() is None, f"coturn ended:\n{self.output()}"
        except BaseException:
            self.kill()
            raise
        return self

    def _is_up(self) -> bool:
        output = self.output()  # it listens for TLS last
        return (
            f"UDP listener opened on: {self.address}:{self.port}" in output
            and f"TLS/TCP listener opened on : {self.address}:{self.tls_port}" in output
        )

    def output(self) -> str:
        """What it has printed so far."""
        return (self._folder / "output").read_text(errors="replace")

    def kill(self) -> None:
        """End it without a word to anybody."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()


def _make_certificate(path: Path, address: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "turn")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))


def silent_port() -> tuple[socket.socket, int]:
    """A UDP socket that never answers, and its port."""
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    return silent, int(silent.getsockname()[1])
