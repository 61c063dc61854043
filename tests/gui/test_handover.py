"""A link goes from one program to another through a socket that is ours alone."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtNetwork import QLocalSocket

from desktop_app.handover import MAX_LINE_BYTES, Handover, hand_over, socket_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

LINK = "bridgecall://calls.example.org/r/room#k=AAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
def runtime(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private runtime folder; its path is short."""
    folder = tmp_path_factory.mktemp("r")
    folder.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.delenv("FLATPAK_ID", raising=False)
    return folder


@pytest.fixture
def listening(qtbot: QtBot, runtime: Path) -> Iterator[tuple[Handover, list[tuple[str, str]]]]:
    """The program that runs, and what it was given."""
    handover = Handover()
    taken: list[tuple[str, str]] = []
    handover.received.connect(lambda link, token: taken.append((link, token)))
    assert handover.listen()
    yield handover, taken
    handover.close()


def give(qtbot: QtBot, link: str) -> bool:
    """As another program does; it waits while this one's loop runs."""
    command = "import sys; from desktop_app.handover import hand_over; sys.exit(not hand_over(sys.argv[1]))"
    with subprocess.Popen([sys.executable, "-c", command, link]) as other:
        qtbot.waitUntil(lambda: other.poll() is not None, timeout=30_000)
        return other.returncode == 0


def connected() -> QLocalSocket:
    """A stranger who got in."""
    stranger = QLocalSocket()
    stranger.connectToServer(str(socket_name()))
    assert stranger.waitForConnected()
    return stranger


def test_the_link_and_the_token_arrive(
    qtbot: QtBot, listening: tuple[Handover, list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "let-it-up")
    assert give(qtbot, LINK)
    assert listening[1] == [(LINK, "let-it-up")]
    assert give(qtbot, "x" * 100_000)  # for the other one to say what is wrong with it
    assert len(listening[1][1][0]) == 4096


def test_nobody_else_can_reach_the_socket(
    listening: tuple[Handover, list[tuple[str, str]]], runtime: Path
) -> None:
    name = socket_name()
    assert name is not None
    assert Path(name).parent == runtime
    assert stat.S_IMODE(Path(name).stat().st_mode) & 0o077 == 0


def test_one_program_listens_and_the_next_one_when_it_is_gone(
    qtbot: QtBot, listening: tuple[Handover, list[tuple[str, str]]]
) -> None:
    second = Handover()
    assert not second.listen()
    listening[0].close()
    assert not hand_over(LINK)
    assert second.listen()
    second.close()


def test_a_socket_that_a_crash_left_behind_is_replaced(qtbot: QtBot, runtime: Path) -> None:
    name = socket_name()
    assert name is not None
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(name)
    assert not hand_over(LINK)
    handover = Handover()
    assert handover.listen()
    assert give(qtbot, LINK)
    handover.close()


@pytest.mark.parametrize(
    "sent", [b"\n", b"[]\n", b'{"link": 1, "token": ""}\n', b"[" * 3000 + b"\n", b"\xff\n"]
)
def test_what_is_no_link_is_dropped(
    qtbot: QtBot, listening: tuple[Handover, list[tuple[str, str]]], sent: bytes
) -> None:
    stranger = connected()
    stranger.write(sent)
    qtbot.waitUntil(lambda: stranger.state() == QLocalSocket.LocalSocketState.UnconnectedState)
    assert listening[1] == []
    with contextlib.closing(connected()) as next_one:  # it goes on
        next_one.write(json.dumps({"link": LINK, "token": ""}).encode() + b"\n")
        qtbot.waitUntil(lambda: listening[1] == [(LINK, "")])


def test_a_line_without_an_end_is_dropped(
    qtbot: QtBot, listening: tuple[Handover, list[tuple[str, str]]]
) -> None:
    stranger = connected()
    stranger.write(b"x" * (MAX_LINE_BYTES + 10))
    qtbot.waitUntil(lambda: stranger.state() == QLocalSocket.LocalSocketState.UnconnectedState)
    assert listening[1] == []


def test_a_folder_that_others_can_enter_is_not_used(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    runtime.chmod(0o755)
    own = tmp_path / f"bridgecall-{os.getuid()}"
    name = socket_name()
    assert name is None or Path(name).parent == own
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    own.rmdir()
    (tmp_path / "theirs").mkdir(mode=0o700)
    own.symlink_to(tmp_path / "theirs")
    assert socket_name() is None
