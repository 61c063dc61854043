"""TLS: certificates from files, and one of our own making for a call that is hosted from the window.

Browsers give no camera to a page over plain http from another machine (W3C Secure Contexts), so the hosted
server needs a certificate. Key and certificate are one file, replaced in one step, so that they can never be
of different ages.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import ipaddress
import logging
import os
import ssl
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from desktop_app.core.errors import UserFacingError
from desktop_app.core.paths import certificate_dir

from .lan import lan_addresses

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

FILE_NAME = "host.pem"
VALID_FOR = datetime.timedelta(
    days=397
)  # browsers distrust longer ones (CA/Browser Forum baseline requirements)
RENEW_BEFORE = datetime.timedelta(days=1)  # no certificate expires during a call


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """What a server needs to speak TLS, and what its invite link says about it."""

    context: ssl.SSLContext
    fingerprint_sha256: str
    """64 hexadecimal digits: SHA-256 of the certificate in DER."""


def _server_context(chain: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without a password OpenSSL would ask for one on the terminal, and the server would wait for ever.
    context.load_cert_chain(chain, key, password="")
    return context


def context_from_files(certificate: Path, key: Path) -> ssl.SSLContext:
    """The context for `--tls-cert` and `--tls-key`.

    Raises:
        UserFacingError: with the sentence that says which file is wrong.
    """
    for path, what in ((certificate, "certificate"), (key, "key")):
        try:
            path.read_bytes()
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise UserFacingError(f"The TLS {what} {path} cannot be read: {reason}.") from error
    try:
        return _server_context(certificate, key)
    except (ssl.SSLError, ValueError, OSError) as error:
        raise UserFacingError(
            f"{certificate} and {key} are not a certificate and its unencrypted key in PEM format."
        ) from error


def self_made_certificate(
    folder: Path | None = None, *, now: datetime.datetime | None = None
) -> ServerCertificate:
    """The certificate of this machine, made when there is none, when it has expired or is damaged.

    Blocks for a few milliseconds: call it in a worker thread.

    Raises:
        UserFacingError: when the folder cannot be written.
    """
    folder = folder or certificate_dir()
    now = now or datetime.datetime.now(datetime.UTC)
    path = folder / FILE_NAME
    try:
        fingerprint = _stored_fingerprint(path, now) or _make(path, now)
        return ServerCertificate(_server_context(path, None), fingerprint)
    except OSError as error:
        raise UserFacingError(f"The certificate for hosting calls cannot be kept in {folder}.") from error


def _stored_fingerprint(path: Path, now: datetime.datetime) -> str | None:
    """The fingerprint of the certificate in `path`; None when it is not to be used any more."""
    try:
        pem = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        key = serialization.load_pem_private_key(pem, password=None)
        certificate = x509.load_pem_x509_certificate(pem)
        matches = key.public_key() == certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        logger.warning("the certificate for hosting is damaged; making a new one", exc_info=True)
        return None
    if not matches:
        logger.warning("the key for hosting is not that of its certificate; making a new one")
        return None
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - RENEW_BEFORE:
        logger.info("the certificate for hosting has expired; making a new one")
        return None
    if os.name == "posix":
        path.chmod(0o600)  # a copy from elsewhere may have lost it
    return _fingerprint(certificate)


def _make(path: Path, now: datetime.datetime) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bridgecall on this machine")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    addresses = dict.fromkeys(["127.0.0.1", "::1", *lan_addresses()])
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))  # the guest's clock may be a little behind
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp gives 0600 from the first byte on.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{FILE_NAME}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    logger.info("made a certificate for hosting")
    return _fingerprint(certificate)


def _fingerprint(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()
