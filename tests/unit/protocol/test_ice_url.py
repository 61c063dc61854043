"""ICE server URLs and the command line's URL,USER,SECRET."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.protocol.ice_url import check_ice_url, parse_ice_server
from desktop_app.protocol.messages import IceServer


@pytest.mark.parametrize(
    "url",
    [
        "stun:stun.example.org",
        "stun:192.0.2.1:3478",
        "stuns:h:5349",
        "turn:[2001:db8::1]:3478?transport=tcp",
        "turn:h?transport=udp",
        "turns:turn.example.org:443?transport=tcp",
    ],
)
def test_valid(url: str) -> None:
    assert check_ice_url(url) is None


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("", "begins with"),
        ("stun.example.org", "begins with"),
        ("http://h", "begins with"),
        ("stun:", "look like"),
        ("stun://h", "look like"),
        ("stun:h:port", "look like"),
        ("stun:h\n", "look like"),
        ("stun:h:٣", "look like"),
        ("turn:h?transport=sctp", "look like"),
        ("stun:h:0", "port"),
        ("turn:h:65536", "port"),
        ("stun:h?transport=tcp", "TURN"),
    ],
)
def test_invalid_says_why(url: str, hint: str) -> None:
    problem = check_ice_url(url)
    assert problem is not None
    assert hint in problem


def test_notation() -> None:
    assert parse_ice_server(" stun:h ") == IceServer(urls=("stun:h",))
    assert parse_ice_server("turn:h,me,a,b") == IceServer(urls=("turn:h",), username="me", credential="a,b")


@pytest.mark.parametrize("text", ["turn:h", "turn:h,me", "turn:h,,", "turn:h,me,", "stun:h,me", "nonsense"])
def test_notation_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_ice_server(text)


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    sentence = ""
    try:
        server = parse_ice_server(text)
    except ValueError as error:
        sentence = str(error)
    assert sentence.endswith(".") or check_ice_url(server.urls[0]) is None
