"""URL[,ADMIN-KEY[,API-SECRET]]."""

from __future__ import annotations

import pytest

from desktop_app.server.janus.address import JanusAddress, parse_janus


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ws://h:8188", JanusAddress("ws://h:8188")),
        (" wss://h/janus ", JanusAddress("wss://h/janus")),
        ("ws://[::1]:8188,key", JanusAddress("ws://[::1]:8188", "key")),
        ("ws://h,key,a,b", JanusAddress("ws://h", "key", "a,b")),
        ("ws://h,,secret", JanusAddress("ws://h", "", "secret")),
    ],
)
def test_what_is_understood(text: str, address: JanusAddress) -> None:
    assert parse_janus(text) == address
    assert "key" not in repr(address)


@pytest.mark.parametrize(
    "text",
    ["", "h:8188", "http://h", "ws://", "ws://h:99999", "ws://h:0", "ws://u:p@h", "ws://h h", "ws://h?x", "ws://[",
     "ws://" + "h" * 2000],
)  # fmt: skip
def test_everything_else_is_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^The address of a Janus .*\.$"):
        parse_janus(text)
