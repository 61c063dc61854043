"""From our ICE servers to what gathers candidates; nothing that a server offers may break a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiortc.rtcconfiguration import RTCBundlePolicy, RTCIceTransportPolicy
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.protocol.messages import IceServer
from desktop_app.rtc.ice import IceConfiguration, to_rtc_configuration
from desktop_app.rtc.ice_servers import MAX_SERVERS, usable

if TYPE_CHECKING:
    from tests.conftest import ExpectWarning


def urls_of(*servers: IceServer) -> list[str]:
    """What is used, in order."""
    return [each.url for each in usable(servers)]


def test_every_server_is_taken_once_with_its_credentials_and_udp_goes_first() -> None:
    chosen = usable(
        (
            IceServer(("turns:d", "turn:c:3479?transport=tcp"), "user", "secret"),
            IceServer(("stun:b", "stun:e:99", "stun:b")),
            IceServer(("turn:f",), "other", "word"),
        )
    )
    assert [(each.host, each.port, each.transport, each.is_turn) for each in chosen] == [
        ("b", 3478, "udp", False),
        ("e", 99, "udp", False),
        ("f", 3478, "udp", True),
        ("c", 3479, "tcp", True),
        ("d", 5349, "tls", True),
    ]
    assert [(each.username, each.credential) for each in chosen[2:]] == [
        ("other", "word"),
        ("user", "secret"),
        ("user", "secret"),
    ]


def test_an_ipv6_address_loses_its_brackets() -> None:
    (plain, with_port) = usable((IceServer(("stun:[2001:db8::1]", "stun:[::1]:3479")),))
    assert (plain.host, plain.port) == ("2001:db8::1", 3478)
    assert (with_port.host, with_port.port) == ("::1", 3479)


def test_everything_is_bundled_and_relay_only_is_passed_on() -> None:
    plain = to_rtc_configuration(IceConfiguration())
    assert plain.bundlePolicy is RTCBundlePolicy.MAX_BUNDLE
    assert plain.iceTransportPolicy is RTCIceTransportPolicy.ALL
    # None would mean aiortc's own default: a STUN server of somebody who does not know of us.
    assert plain.iceServers == []
    relayed = to_rtc_configuration(IceConfiguration(relay_only=True))
    assert relayed.iceTransportPolicy is RTCIceTransportPolicy.RELAY


@pytest.mark.expected_warnings("desktop_app.rtc.ice_servers: an ICE server is not used")
@pytest.mark.parametrize(
    "bad",
    [
        IceServer(("",)),
        IceServer(("http://a",)),
        IceServer(("stun:",)),
        IceServer(("stun:a:99999",)),
        IceServer(("stun:[::x]:3478",)),
        IceServer(("turn:a",)),
        IceServer(("turn:a",), "user", None),
        IceServer(("turns:a?transport=udp",), "user", "secret"),
        IceServer(("turn:a?transport=sctp",), "user", "secret"),
    ],
)
def test_what_cannot_be_used_is_left_out(bad: IceServer) -> None:
    good = IceServer(("stun:good",)), IceServer(("turn:good",), "user", "secret")
    assert urls_of(bad, *good) == ["stun:good", "turn:good"]


@pytest.mark.expected_warnings("desktop_app.rtc.ice_servers: an ICE server is not used")
@given(url=st.one_of(st.text(max_size=30), st.from_regex(r"(stun|turn)s?:.{0,20}", fullmatch=True)))
def test_whatever_a_server_says_is_an_address_or_left_out(url: str) -> None:
    for each in usable((IceServer((url,), "user", "secret"),)):
        assert each.url == url
        assert 0 < each.port < 65536
        assert each.host


@pytest.mark.expected_warnings("desktop_app.rtc.ice_servers: an ICE server is not used")
def test_a_server_cannot_name_any_number_of_others() -> None:
    many = IceServer(tuple(f"stun:s{index}" for index in range(1000)))
    assert len(usable((many,))) == MAX_SERVERS


def test_a_secret_is_not_logged(expected_warnings: ExpectWarning, caplog: pytest.LogCaptureFixture) -> None:
    expected_warnings("an ICE server is not used")
    found = usable(
        (IceServer(("turn:bad:x",), "user", "hunter2"), IceServer(("turn:a", "turn:b"), "user", "hunter2"))
    )
    assert "hunter2" not in caplog.text
    assert "hunter2" not in repr(found)
