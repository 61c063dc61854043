"""The schema: what it accepts, the sentence for what it refuses, and what it hides."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from desktop_app.core.errors import UserFacingError
from desktop_app.protocol.invite import parse_target
from desktop_app.protocol.limits import MAX_NAME_CHARS as PROTOCOL_NAME_CHARS
from desktop_app.settings.kinds import Choice, Integer
from desktop_app.settings.schema import (
    MAX_NAME_CHARS,
    OPTION_BY_NAME,
    OPTIONS,
    Group,
    Settings,
    SettingsError,
    validate,
)

HIDDEN = {"last_target", "window_geometry"}


def test_every_field_has_an_option_with_its_default() -> None:
    assert [option.name for option in OPTIONS] == [field.name for field in dataclasses.fields(Settings)]
    for option in OPTIONS:
        assert getattr(Settings(), option.name) == option.default


def test_every_default_is_accepted_by_its_own_option() -> None:
    for option in OPTIONS:
        assert option.checked(option.default) == option.default


def test_what_the_dialog_shows_has_a_title_and_every_group_is_used() -> None:
    shown = [option for option in OPTIONS if option.group is not None]
    assert {option.name for option in OPTIONS} - {option.name for option in shown} == HIDDEN
    assert {option.group for option in shown} == set(Group)
    assert all(option.title for option in OPTIONS)
    assert all(option.help.endswith(".") for option in OPTIONS if option.help)


def test_the_name_limit_is_the_protocols() -> None:
    assert MAX_NAME_CHARS == PROTOCOL_NAME_CHARS


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("display_name", "  Zoë 👩‍🚀 ", "Zoë 👩‍🚀"),
        ("display_name", "x" * 80, "x" * 80),
        ("server", "", ""),
        ("frame_rate", 5, 5),
        ("frame_rate", 60, 60),
        ("camera", "none", "none"),
        ("camera", "/home/ana/film.mp4", "/home/ana/film.mp4"),
        ("microphone", " Odd name ", " Odd name "),
        ("video_size", "1280x720", "1280x720"),
        ("relay_only", True, True),
        ("ice_servers", [" stun:s.example "], ("stun:s.example",)),
        (
            "ice_servers",
            ("turn:t.example:3478?transport=tcp,ana,a,b",),
            ("turn:t.example:3478?transport=tcp,ana,a,b",),
        ),
        ("appearance", "dark", "dark"),
    ],
)
def test_accepted(key: str, value: Any, kept: Any) -> None:
    assert validate(key, value) == kept


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("display_name", "x" * 81, "Your name has at most 80 characters; this has 81."),
        ("display_name", "a\nb", "Your name must not contain line breaks or control characters."),
        ("display_name", "\ud800", "Your name must not contain line breaks or control characters."),
        ("display_name", 7, "Your name must be a text."),
        (
            "server",
            "ftp://x",
            "The address must begin with https://, http://, wss:// or ws://, or be just HOST:PORT.",
        ),
        ("server", "host:99999", "The port must be between 1 and 65535."),
        ("frame_rate", 4, "Frame rate must be between 5 and 60 frames per second."),
        ("frame_rate", 61, "Frame rate must be between 5 and 60 frames per second."),
        ("frame_rate", True, "Frame rate must be a whole number."),
        ("frame_rate", 30.0, "Frame rate must be a whole number."),
        (
            "video_size",
            "641x480",
            "Picture size must be one of 320x240, 640x360, 640x480, 960x540, 1280x720.",
        ),
        (
            "video_size",
            ["640x480"],
            "Picture size must be one of 320x240, 640x360, 640x480, 960x540, 1280x720.",
        ),
        ("echo_cancellation", 1, "Echo cancellation must be on or off."),
        ("camera", None, "Camera must be a text."),
        ("camera", "x" * 5000, "Camera must be the name of a device or the path of a file."),
        ("ice_servers", "stun:s.example", "STUN and TURN servers must be a list of addresses."),
        ("ice_servers", ["http://s"], "A server's address begins with stun:, stuns:, turn: or turns:."),
        ("ice_servers", ["stun:a"] * 9, "STUN and TURN servers: at most 8 can be used."),
        ("no_such", 1, "There is no setting called no_such."),
    ],
)
def test_refused_with_a_sentence(key: str, value: Any, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        validate(key, value)
    assert str(caught.value) == sentence
    assert isinstance(caught.value, UserFacingError)


def test_replace_checks_and_leaves_the_original_alone() -> None:
    settings = Settings()
    changed = settings.replace(display_name=" Ana ", frame_rate=15)
    assert (changed.display_name, changed.frame_rate) == ("Ana", 15)
    assert settings == Settings()
    with pytest.raises(SettingsError):
        settings.replace(frame_rate=500)
    with pytest.raises(SettingsError):
        settings.replace(colour="red")


def test_every_picture_size_is_understood() -> None:
    kind = OPTION_BY_NAME["video_size"].kind
    assert isinstance(kind, Choice)
    for word in kind.labels:
        width, height = Settings().replace(video_size=word).video_size_px()
        assert f"{width}x{height}" == word


def test_bounds_of_numbers_hold_their_defaults() -> None:
    for option in OPTIONS:
        if isinstance(option.kind, Integer):
            assert option.kind.minimum <= option.default <= option.kind.maximum


def test_secrets_stay_out_of_repr_and_diagnostics() -> None:
    settings = Settings().replace(
        ice_servers=("turn:t.example,ana,hunter2", "stun:s.example"), last_target="https://h/r/secret-room"
    )
    shown = settings.redacted()
    assert shown["ice_servers"] == ("turn:t.example,(hidden)", "stun:s.example")
    assert shown["last_target"] == "(hidden)"
    for text in (repr(settings), str(shown)):
        assert "hunter2" not in text
        assert "secret-room" not in text
    assert Settings().redacted()["last_target"] == ""


@pytest.mark.parametrize(
    "server",
    [
        "calls.example.org",
        "calls.example.org:8080",
        "192.0.2.7:1",
        "[2001:db8::7]:8443",
        "https://calls.example.org",
        "http://calls.example.org:8080/",
        "wss://calls.example.org:8443",
    ],
)
def test_server_that_is_accepted_can_be_joined(server: str) -> None:
    kept = validate("server", server)
    assert parse_target("some-room", kept).room_id == "some-room"


@pytest.mark.parametrize(
    "server",
    [
        "calls example",
        "user:secret@calls.example.org",
        "https://",
        "host:0",
        "host:",
        "host:port",
        "[2001:db8::7",
        "2001:db8::7",
        "https://calls.example.org/r/room#fp=00",
        "://x",
    ],
)
def test_server_that_is_refused(server: str) -> None:
    with pytest.raises(SettingsError) as caught:
        validate("server", server)
    assert str(caught.value).endswith(".")
