"""Certificates: made once, kept, made anew when they cannot be used."""

from __future__ import annotations

import datetime
import hashlib
import ssl
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from desktop_app.core.errors import UserFacingError
from desktop_app.server.lan import lan_addresses
from desktop_app.server.tls import FILE_NAME, context_from_files, self_made_certificate

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


def stored(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / FILE_NAME).read_bytes())


def test_what_it_says(tmp_path: Path) -> None:
    made = self_made_certificate(tmp_path / "new" / "folder", now=NOW)
    certificate = stored(tmp_path / "new" / "folder")
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    der = certificate.public_bytes(serialization.Encoding.DER)
    assert made.fingerprint_sha256 == hashlib.sha256(der).hexdigest()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert {"127.0.0.1", "::1"} <= addresses
    assert set(lan_addresses()) <= addresses
    assert made.context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_nobody_else_reads_the_key(tmp_path: Path) -> None:
    folder = tmp_path / "certificate"
    self_made_certificate(folder, now=NOW)
    path = folder / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    path.chmod(0o644)
    self_made_certificate(folder, now=NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in folder.iterdir()] == [FILE_NAME]


def test_kept_for_the_next_time(tmp_path: Path) -> None:
    first = self_made_certificate(tmp_path, now=NOW)
    later = self_made_certificate(tmp_path, now=NOW + datetime.timedelta(days=395))
    assert later.fingerprint_sha256 == first.fingerprint_sha256


@pytest.mark.parametrize("days", [-2, 396.5, 1000])
def test_made_anew_when_its_time_is_over_or_has_not_begun(tmp_path: Path, days: float) -> None:
    first = self_made_certificate(tmp_path, now=NOW)
    later = self_made_certificate(tmp_path, now=NOW + datetime.timedelta(days=days))
    assert later.fingerprint_sha256 != first.fingerprint_sha256


def broken_versions(pem: bytes, other: bytes) -> dict[str, bytes]:
    end_of_key = pem.index(b"-----BEGIN CERTIFICATE")
    return {
        "empty": b"",
        "noise": bytes(range(256)) * 8,
        "cut off": pem[:-60],
        "key alone": pem[:end_of_key],
        "certificate alone": pem[end_of_key:],
        "another key": other[: other.index(b"-----BEGIN CERTIFICATE")] + pem[end_of_key:],
    }


@pytest.mark.expected_warnings("making a new one")
@pytest.mark.parametrize(
    "how", ["empty", "noise", "cut off", "key alone", "certificate alone", "another key"]
)
def test_made_anew_when_it_is_damaged(tmp_path: Path, how: str) -> None:
    first = self_made_certificate(tmp_path, now=NOW)
    self_made_certificate(tmp_path / "other", now=NOW)
    pem = (tmp_path / FILE_NAME).read_bytes()
    other = (tmp_path / "other" / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(broken_versions(pem, other)[how])
    again = self_made_certificate(tmp_path, now=NOW)
    assert again.fingerprint_sha256 != first.fingerprint_sha256
    assert self_made_certificate(tmp_path, now=NOW).fingerprint_sha256 == again.fingerprint_sha256


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    with pytest.raises(UserFacingError, match="cannot be kept in"):
        self_made_certificate(blocker / "below", now=NOW)


def test_files_of_ones_own(tmp_path: Path) -> None:
    self_made_certificate(tmp_path, now=NOW)
    path = tmp_path / FILE_NAME
    assert isinstance(context_from_files(path, path), ssl.SSLContext)


def test_unusable_files_are_one_sentence(tmp_path: Path) -> None:
    self_made_certificate(tmp_path, now=NOW)
    good = tmp_path / FILE_NAME
    missing = tmp_path / "missing.pem"
    noise = tmp_path / "noise.pem"
    noise.write_bytes(b"noise")
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    for certificate, key, hint in [
        (missing, good, "cannot be read: no such file"),
        (good, missing, "TLS key"),
        (tmp_path, good, "cannot be read"),
        (noise, noise, "not a certificate"),
        (good, noise, "not a certificate"),
        (good, locked, "unencrypted"),
    ]:
        with pytest.raises(UserFacingError, match=r"\.$") as caught:
            context_from_files(certificate, key)
        assert hint in str(caught.value)
