"""The bot's command line: what it takes, and that each wrong thing exits with status 2 and a reason."""

from __future__ import annotations

import pytest

from desktop_app.bot.arguments import parse_arguments
from desktop_app.protocol.invite import Invite
from desktop_app.protocol.messages import IceServer

NEEDED = ["--server", "ws://127.0.0.1:8080/ws", "--room", "r", "--name", "n"]


def test_the_shortest_command_line_gets_the_defaults() -> None:
    arguments = parse_arguments(NEEDED)
    assert (arguments.server, arguments.room, arguments.name) == ("ws://127.0.0.1:8080/ws", "r", "n")
    media = arguments.media
    assert (media.camera, media.microphone, media.speaker, media.recording) == ("test", "test", "none", None)
    assert (media.video_format.width_px, media.video_format.height_px) == (640, 480)
    assert media.video_format.frame_rate == 30
    assert (media.echo_cancellation, media.noise_suppression, media.automatic_gain) == (False,) * 3
    assert media.quality == "automatic"
    assert not media.dtx
    assert arguments.duration_s is None
    assert arguments.ice_servers == ()
    assert not arguments.relay_only
    assert arguments.fingerprint_sha256 is None


def test_everything_can_be_said() -> None:
    arguments = parse_arguments(
        [
            *NEEDED,
            *("--camera", "film.mp4"),
            *("--microphone", "none"),
            *("--size", "320x240"),
            *("--fps", "15"),
            *("--duration", "1.5"),
            *("--ice-server", "stun:stun.example:3478"),
            *("--ice-server", "turn:turn.example,user,sec,ret"),
            "--relay-only",
            *("--fingerprint", "AB:" * 31 + "cd"),
            *("--record-audio", "out.wav"),
            *("--quality", "low-data"),
            "--dtx",
            *("--say", "hello\nall"),
            "--verbose",
        ]
    )
    media = arguments.media
    assert (media.camera, media.microphone, media.recording) == ("film.mp4", "none", "out.wav")
    assert (media.video_format.width_px, media.video_format.height_px) == (320, 240)
    assert media.video_format.frame_rate == 15
    assert media.quality == "low-data"
    assert media.dtx
    assert arguments.duration_s == 1.5
    assert arguments.ice_servers == (
        IceServer(("stun:stun.example:3478",)),
        IceServer(("turn:turn.example",), "user", "sec,ret"),
    )
    assert arguments.say == "hello\nall"
    assert arguments.relay_only
    assert arguments.fingerprint_sha256 == "ab" * 31 + "cd"
    assert arguments.verbose


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        (["--server", "http://h/ws"], "ws://HOST:PORT/ws"),
        (["--server", "ws://"], "ws://HOST:PORT/ws"),
        (["--server", "ws://h:99999/ws"], "not a valid address"),
        (["--server", "ws://[::1/ws"], "not a valid address"),
        (["--room", ""], "1 to 128 characters"),
        (["--say", " \n"], "1 to 4000 characters"),
        (["--room", "x" * 129], "1 to 128 characters"),
        (["--room", "a\nb"], "control character"),
        (["--name", "x" * 81], "1 to 80 characters"),
        (["--name", "a\x85b"], "control character"),
        (["--name", "a\u202eb"], "control character"),
        (["--name", "a\udcffb"], "control character"),
        (["--size", "640"], "640x480"),
        (["--size", "0x0"], "640x480"),
        (["--size", "31x32"], "even numbers"),
        (["--size", "641x480"], "even numbers"),
        (["--size", "9998x480"], "even numbers"),
        (["--fps", "0"], "1 to 60"),
        (["--fps", "61"], "1 to 60"),
        (["--fps", "29.97"], "1 to 60"),
        (["--duration", "0"], "above 0"),
        (["--duration", "-1"], "above 0"),
        (["--duration", "nan"], "above 0"),
        (["--duration", "inf"], "above 0"),
        (["--duration", "soon"], "above 0"),
        (["--ice-server", "http://x"], "begins with stun:"),
        (["--ice-server", "turn:x"], "user and a secret"),
        (["--fingerprint", "abcd"], "SHA-256"),
        (["--unknown"], "unrecognized arguments"),
        (["--fps"], "expected one argument"),
    ],
)
def test_each_wrong_value_exits_with_status_2_and_the_reason(
    extra: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        parse_arguments([*NEEDED, *extra])
    assert raised.value.code == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["--server", "--room", "--name"])
def test_what_is_needed_must_be_there(missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    at = NEEDED.index(missing)
    with pytest.raises(SystemExit) as raised:
        parse_arguments(NEEDED[:at] + NEEDED[at + 2 :])
    assert raised.value.code == 2
    assert missing in capsys.readouterr().err


def test_a_load_test_may_ask_for_less_of_everything() -> None:
    arguments = parse_arguments(NEEDED)
    assert (arguments.encoded, arguments.decode, arguments.receive) == (False, True, "all")
    arguments = parse_arguments([*NEEDED, "--encoded", "--no-decode", "--receive", "nothing"])
    assert (arguments.encoded, arguments.decode, arguments.receive) == (True, False, "nothing")
    with pytest.raises(SystemExit):
        parse_arguments([*NEEDED, "--receive", "something"])


def test_a_link_is_server_room_fingerprint_and_secret() -> None:
    invite = Invite("h", 8443, "tea room", True, "ab" * 32, "k" * 22)
    arguments = parse_arguments(["--link", invite.link(), "--name", "n", "--password", "sesame"])
    assert (arguments.server, arguments.room) == ("wss://h:8443/ws", "tea room")
    assert (arguments.fingerprint_sha256, arguments.access) == ("ab" * 32, invite.access)
    assert arguments.password == "sesame"
    assert "sesame" not in repr(arguments)
    assert invite.access not in repr(arguments)


@pytest.mark.parametrize(
    "line",
    [
        ["--name", "n"],
        ["--name", "n", "--room", "r"],
        ["--name", "n", "--link", "https://h/r/x", "--room", "r"],
        ["--name", "n", "--link", "https://h/"],
        [*NEEDED, "--password", ""],
        [*NEEDED, "--password", "x" * 129],
    ],
)
def test_what_does_not_go_together(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_arguments(line)
    assert caught.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_secrets_may_come_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    invite = Invite("h", 8443, "r", True, "ab" * 32, "k" * 22)
    monkeypatch.setenv("BRIDGECALL_LINK", invite.link())
    monkeypatch.setenv("BRIDGECALL_PASSWORD", "sesame")
    arguments = parse_arguments(["--name", "n"])
    assert arguments.access == invite.access != ""
    assert (arguments.room, arguments.password) == ("r", "sesame")
    assert parse_arguments(["--name", "n", "--password", "other"]).password == "other"
    monkeypatch.delenv("BRIDGECALL_LINK")
    assert parse_arguments(NEEDED).access == ""
