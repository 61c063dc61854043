"""From our ICE servers to what aiortc takes; nothing that a server offers may break a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiortc.rtcconfiguration import RTCBundlePolicy, RTCIceTransportPolicy
from aiortc.rtcicetransport import RTCIceGatherer
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.protocol.messages import IceServer
from desktop_app.rtc.ice import IceConfiguration, to_rtc_configuration

if TYPE_CHECKING:
    from aiortc.rtcconfiguration import RTCIceServer

    from tests.conftest import ExpectWarning


def servers_of(*servers: IceServer) -> list[RTCIceServer]:
    """What aiortc gets."""
    return to_rtc_configuration(IceConfiguration(servers)).iceServers or []


def test_the_first_stun_and_the_first_turn_server_are_taken_with_their_credentials() -> None:
    chosen = servers_of(
        IceServer(("stuns:a:5349", "stun:b:3478")),
        IceServer(("turn:c:3478?transport=tcp", "turns:d"), "user", "secret"),
        IceServer(("stun:e",)),
        IceServer(("turn:f",), "other", "other"),
    )
    assert [server.urls for server in chosen] == ["stun:b:3478", "turn:c:3478?transport=tcp"]
    assert (chosen[1].username, chosen[1].credential) == ("user", "secret")


def test_everything_is_bundled_and_relay_only_is_passed_on() -> None:
    plain = to_rtc_configuration(IceConfiguration())
    assert plain.bundlePolicy is RTCBundlePolicy.MAX_BUNDLE
    assert plain.iceTransportPolicy is RTCIceTransportPolicy.ALL
    # None would mean aiortc's own default: a STUN server of somebody who does not know of us.
    assert plain.iceServers == []
    relayed = to_rtc_configuration(IceConfiguration(relay_only=True))
    assert relayed.iceTransportPolicy is RTCIceTransportPolicy.RELAY


@pytest.mark.expected_warnings("desktop_app.rtc.ice: an ICE server is not used")
@pytest.mark.parametrize(
    "bad",
    [
        IceServer(("",)),
        IceServer(("http://a",)),
        IceServer(("stun:",)),
        IceServer(("stun:a:99999",)),
        IceServer(("stun:[::1]:3478",)),
        IceServer(("turn:a",)),
        IceServer(("turn:a",), "user", None),
        IceServer(("turns:a?transport=udp",), "user", "secret"),
        IceServer(("turn:a?transport=sctp",), "user", "secret"),
    ],
)
def test_what_aiortc_would_stumble_over_is_left_out(bad: IceServer) -> None:
    chosen = servers_of(bad, IceServer(("stun:good",)), IceServer(("turn:good",), "user", "secret"))
    assert [server.urls for server in chosen] == ["stun:good", "turn:good"]


@pytest.mark.expected_warnings("desktop_app.rtc.ice: an ICE server is not used")
@given(url=st.one_of(st.text(max_size=30), st.from_regex(r"(stun|turn)s?:.{0,20}", fullmatch=True)))
def test_no_address_that_is_passed_on_makes_aiortc_raise(url: str) -> None:
    chosen = servers_of(IceServer((url,), "user", "secret"))
    RTCIceGatherer(chosen)
    assert len(chosen) <= 1


def test_a_secret_is_not_logged(expected_warnings: ExpectWarning, caplog: pytest.LogCaptureFixture) -> None:
    expected_warnings("an ICE server is not used")
    servers_of(IceServer(("turn:bad:x",), "user", "hunter2"), IceServer(("turn:a",), "user", "hunter2"))
    servers_of(IceServer(("turn:a", "turn:b"), "user", "hunter2"))
    assert "hunter2" not in caplog.text
