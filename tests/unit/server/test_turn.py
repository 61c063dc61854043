"""Credentials for TURN servers that share a secret with the server."""

from __future__ import annotations

import pytest

from desktop_app.protocol.messages import IceServer, JoinRoom, Welcome
from desktop_app.server.rooms import Rooms
from desktop_app.server.turn import LIFETIME_S, TurnServer, for_participant, parse_turn_server

NOW_S = 1_800_000_000.5
STUN = IceServer(urls=("stun:turn.example.org:3478",))
TURN = TurnServer("turn:turn.example.org:3478", "north")
TURNS = TurnServer("turns:turn.example.org:5349?transport=tcp", "north")


def test_credentials_expire_and_are_made_for_each_participant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.server.turn.secrets.token_hex", lambda count: "ab" * count)
    first, second, third = for_participant((STUN, TURN, TURNS), at_s=NOW_S)
    assert first == STUN
    name = f"{1_800_000_000 + LIFETIME_S}:abababababababab"
    # printf %s NAME | openssl dgst -sha1 -hmac north -binary | base64
    assert second == IceServer(urls=(TURN.url,), username=name, credential="pj5uPtBmEbi774UPX0lqY5wHr54=")
    assert (third.urls, third.username, third.credential) == ((TURNS.url,), name, second.credential)


def test_two_participants_share_neither_name_nor_password() -> None:
    rooms: Rooms[str] = Rooms(ice_servers=lambda: for_participant((TURN,), at_s=NOW_S))
    told = []
    for user in ("ann", "ben"):
        (welcome,) = [
            each.message for each in rooms.receive(user, JoinRoom("den", user)) if user in each.targets
        ]
        assert isinstance(welcome, Welcome)
        told.append(welcome.ice_servers[0])
    assert told[0].username != told[1].username
    assert told[0].credential != told[1].credential
    assert "ann" not in str(told[0])


def test_the_notation() -> None:
    assert parse_turn_server(" turn:host:3478,a,b ") == TurnServer("turn:host:3478", "a,b")
    assert "north" not in repr(TURN)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("stun:host,secret", "begins with turn:"),
        ("turn:host", "secret of the TURN server is missing"),
        ("turn:host,", "secret of the TURN server is missing"),
        ("turn:ho st,secret", "must look like"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as error:
        parse_turn_server(text)
    assert ",secret" not in str(error.value)
