"""The bot's `file` events and options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from desktop_app.bot.arguments import parse_arguments
from desktop_app.bot.files import Files, files_config
from desktop_app.core.events import Emitter
from desktop_app.data.events import Transfer, TransferChanged

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from desktop_app.call.events import CallEvent
    from desktop_app.call.session import Session

NEEDED = ["--server", "ws://127.0.0.1:8080/ws", "--room", "r", "--name", "n"]
RUNNING = Transfer("a" * 32, "in", "ann", "x.bin", 1000, 0, "running")


class Listening:
    """What a session is to `Files`."""

    def __init__(self) -> None:
        self.events: Emitter[CallEvent] = Emitter()


def test_a_line_at_each_change_and_once_a_second_between() -> None:
    session = Listening()
    lines: list[dict[str, Any]] = []
    now_s = 100.0
    Files(
        cast("Session", session),
        lambda event, **fields: lines.append({"event": event, **fields}),
        now_s=lambda: now_s,
    )

    def tell(at_s: float, **changes: Any) -> None:
        nonlocal now_s
        now_s = at_s
        session.events.emit(TransferChanged(replace(RUNNING, **changes)))

    tell(100.0, state="offered")
    tell(100.1)
    tell(100.4, done_bytes=100)
    tell(101.2, done_bytes=300, rate_bytes_s=250_000.0)
    tell(101.4, done_bytes=400)
    tell(101.5, state="waiting")
    tell(101.6, resumed_from=400)
    tell(
        101.7,
        state="done",
        done_bytes=1000,
        resumed_from=400,
        sha256="ff",
        path="/in/x.bin",
        moved_bytes=1010,
    )
    assert [(line["state"], line["done"]) for line in lines] == [
        ("offered", 0),
        ("running", 0),
        ("running", 300),
        ("waiting", 0),
        ("running", 0),
        ("done", 1000),
    ]
    assert lines[2]["mbit_s"] == 2.0
    assert lines[-1] == {
        "event": "file",
        "direction": "in",
        "user": "ann",
        "name": "x.bin",
        "size": 1000,
        "sha256": "ff",
        "path": "/in/x.bin",
        "state": "done",
        "mbit_s": 0.0,
        "resumed_from": 400,
        "done": 1000,
        "moved": 1010,
        "message": None,
    }


def test_without_a_folder_offers_are_declined(tmp_path: Path) -> None:
    config = files_config(parse_arguments([*NEEDED, "--send-file", "a", "--send-file", "b"]))
    assert (config.answer, config.standing_offers) == ("decline", ("a", "b"))
    config = files_config(parse_arguments([*NEEDED, "--receive-dir", str(tmp_path)]))
    assert (config.answer, config.standing_offers, config.download_folder) == ("accept", (), tmp_path)


def test_the_owner_is_the_same_at_the_next_start_and_a_name_for_a_file() -> None:
    def owner(name: str) -> str:
        return files_config(parse_arguments([*NEEDED[:-1], name])).owner

    assert owner("../n") == owner("../n") != owner("n")
    assert "/" not in owner("../n")


def test_several_files_to_send_keep_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_arguments([*NEEDED, "--send-file", "b", "--send-file", "a"]).send_files == ("b", "a")
    assert capsys.readouterr().err == ""
