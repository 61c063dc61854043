"""What counts as an address, and as an origin."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.server.guard.addresses import counted_address
from desktop_app.server.guard.origin import parse_origin


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("", ""),
        (None, ""),
        ("unknown", ""),
        ("192.0.2.1:80", ""),
    ],
)
def test_addresses(text: str | None, counted: str) -> None:
    assert counted_address(text) == counted


@given(st.text(max_size=60))
def test_nothing_that_is_written_there_raises(text: str) -> None:
    assert isinstance(counted_address(text), str)


@given(st.integers(0x2000 << 48, (0x4000 << 48) - 1), st.integers(0, 2**64 - 1))
def test_a_network_of_64_bits_is_one(network: int, host: int) -> None:
    first, second = IPv6Address(network << 64), IPv6Address(network << 64 | host)
    assert counted_address(str(first)) == counted_address(str(second)) == f"{first}/64"


@pytest.mark.parametrize("text", ["https://example.org", "HTTP://example.org:8000/", "*", "null"])
def test_origins_that_can_be_allowed(text: str) -> None:
    assert parse_origin(text) == text.rstrip("/").lower()


@pytest.mark.parametrize(
    "text", ["example.org", "ftp://example.org", "https://", "https://a/b", "https://a:b"]
)
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match="looks like"):
        parse_origin(text)
