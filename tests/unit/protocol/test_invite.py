"""Invite links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.protocol.invite import (
    Invite,
    is_app_link,
    new_room_id,
    new_room_key,
    parse_app_link,
    parse_invite,
    parse_target,
)

from .strategies import ids

FINGERPRINT = "0123456789abcdef" * 4


@given(
    host=st.sampled_from(["192.0.2.7", "example.org", "2001:db8::7", "localhost"]),
    port=st.integers(min_value=1, max_value=65535),
    room_id=ids.filter(lambda text: text not in (".", "..")),
    secure=st.booleans(),
    pinned=st.booleans(),
)
def test_link_round_trip(host: str, port: int, room_id: str, secure: bool, pinned: bool) -> None:
    invite = Invite(host, port, room_id, secure, FINGERPRINT if secure and pinned else None)
    assert parse_invite(invite.link()) == invite


def test_link_and_websocket_url() -> None:
    invite = Invite("192.0.2.7", 41234, "tea room/1", True, FINGERPRINT)
    assert invite.link() == f"https://192.0.2.7:41234/r/tea%20room%2F1#fp={FINGERPRINT}"
    assert invite.websocket_url() == "wss://192.0.2.7:41234/ws"
    assert Invite("::1", 80, "r", False).websocket_url() == "ws://[::1]:80/ws"


def test_default_ports_and_a_fingerprint_with_colons() -> None:
    colons = ":".join(FINGERPRINT.upper()[i : i + 2] for i in range(0, 64, 2))
    invite = parse_invite(f" https://Example.org/r/x?name=Ann#fp={colons}\n")
    assert invite == Invite("example.org", 443, "x", True, FINGERPRINT)
    assert parse_invite("http://h/r/x").port == 80


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "must begin"),
        ("ftp://h/r/x", "must begin"),
        ("javascript://h/r/x", "must begin"),
        ("https:///r/x", "names no server"),
        ("https://h", "names no room"),
        ("https://h/r/", "names no room"),
        ("https://h/r/a/b", "names no room"),
        ("https://h/x/a", "names no room"),
        ("https://u:p@h/r/x", "user name"),
        ("https://h:0/r/x", "port"),
        ("https://h:65536/r/x", "port"),
        ("https://h:x/r/x", "port"),
        ("https://a b/r/x", "not allowed"),
        ("https://a<b>/r/x", "not allowed"),
        ("https://[/r/x", "not a valid link"),
        ("https://h/r/%00", "not allowed"),
        ("https://h/r/%0A", "not allowed"),
        ("https://h/r/" + "x" * 129, "at most 128"),
        ("https://h/r/..", "'..'"),
        ("https://h/r/x#fp=", "damaged"),
        ("https://h/r/x#fp=12", "damaged"),
        (f"https://h/r/x#fp={FINGERPRINT}%0A", "damaged"),
        (f"http://h/r/x#fp={FINGERPRINT}", "not encrypted"),
        ("https://h/r/" + "x" * 2000, "too long"),
    ],
)
def test_a_wrong_link_says_why(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as caught:
        parse_invite(text)
    assert hint in str(caught.value)


@given(st.text(), st.text())
def test_any_text_is_a_target_or_a_sentence(text: str, server: str) -> None:
    sentence = ""
    try:
        invite = parse_target(text, server)
    except ValueError as error:
        sentence = str(error)
    assert sentence.endswith(".") or parse_invite(invite.link()) == invite


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("h", Invite("h", 8080, "tea", True)),
        ("h:9", Invite("h", 9, "tea", True)),
        ("ws://h:9", Invite("h", 9, "tea", False)),
        ("https://h", Invite("h", 443, "tea", True)),
        ("wss://h:9/ws", Invite("h", 9, "tea", True)),
        ("[2001:db8::1]:9", Invite("2001:db8::1", 9, "tea", True)),
        ("[::1]:9", Invite("::1", 9, "tea", False)),
        ("localhost:9", Invite("localhost", 9, "tea", False)),
        ("127.0.0.1", Invite("127.0.0.1", 8080, "tea", False)),
    ],
)
def test_room_name_on_a_server(server: str, expected: Invite) -> None:
    assert parse_target(" tea ", server) == expected


@pytest.mark.parametrize(
    ("text", "server", "hint"),
    [
        ("", "h", "Type a link"),
        ("tea", "", "server's address"),
        ("tea", "h:x", "port"),
        ("tea", "h:0", "port"),
        ("tea", "a b", "not allowed"),
        ("..", "h", "'..'"),
        ("x" * 129, "h", "at most"),
    ],
)
def test_a_wrong_target_says_why(text: str, server: str, hint: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as caught:
        parse_target(text, server)
    assert hint in str(caught.value)


def test_new_room_ids_differ_and_fit_a_link() -> None:
    rooms = {new_room_id() for _ in range(100)}
    assert len(rooms) == 100
    assert all(parse_invite(Invite("h", 1, room).link()).room_id == room for room in rooms)


@given(st.text("ABCxyz019_-", min_size=22, max_size=64), st.booleans())
def test_a_secret_travels_in_the_fragment_alone(key: str, pinned: bool) -> None:
    invite = Invite("h", 443, "tea room", True, FINGERPRINT if pinned else None, key)
    address, _, fragment = invite.link().partition("#")
    assert key in fragment
    assert key not in address
    assert key not in invite.websocket_url()
    assert key not in repr(invite)
    assert parse_invite(invite.link()) == invite
    assert len(invite.access) == 43
    assert key not in invite.access


def test_what_the_server_is_told_of_a_secret_is_the_same_for_everybody() -> None:
    assert Invite("a", 1, "r", key="k" * 22).access == Invite("b", 2, "s", key="k" * 22).access
    assert Invite("a", 1, "r", key="k" * 22).access != Invite("a", 1, "r", key="K" * 22).access
    assert Invite("a", 1, "r").access == ""
    keys = {new_room_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(parse_invite(Invite("h", 1, "r", False, None, key).link()).key == key for key in keys)


@pytest.mark.parametrize("key", ["", "short", "k" * 65, "k" * 21 + "%20", "k" * 22 + "é"])
def test_a_damaged_secret_is_said(key: str) -> None:
    with pytest.raises(ValueError, match="secret is damaged"):
        parse_invite(f"https://h/r/x#k={key}")


@given(
    host=st.sampled_from(["192.0.2.7", "example.org", "localhost.example.org", "10.0.0.3"]),
    scheme=st.sampled_from(["", "https://", "wss://", "bridgecall://"]),
    port=st.sampled_from(["", ":80", ":8080", ":443"]),
)
def test_nothing_but_a_plain_scheme_ends_in_plain_text(host: str, scheme: str, port: str) -> None:
    server = f"{scheme}{host}{port}"
    assert parse_target("tea", server).websocket_url().startswith("wss://")
    if scheme:
        assert parse_invite(f"{server}/r/tea").websocket_url().startswith("wss://")


def test_the_applications_links_are_those_of_https_with_another_scheme() -> None:
    link = f"https://calls.example.org:8443/r/tea#fp={'ab' * 32}&k={'A' * 22}"
    for scheme in ("bridgecall", "BridgeCall"):
        assert parse_app_link(link.replace("https", scheme)) == parse_invite(link)
        assert is_app_link(f" {link.replace('https', scheme)}")
    for other in (link, "bridgecaller://host/r/tea", "", "bridgecall"):
        assert not is_app_link(other)
        with pytest.raises(ValueError, match="begin with bridgecall"):
            parse_app_link(other)
