"""What is written about files."""

from __future__ import annotations

from typing import Any

import pytest

from desktop_app.ui.files.words import (
    MAX_NAME_CHARS,
    NO_BREAK,
    about_text,
    file_name,
    folders_sentence,
    left_text,
    offer_notice,
    resumed_text,
    share,
    spoken_transfer,
    state_text,
)
from tests.data_events import transfer

NAMES = {"a": "Anna", "c": "שרה"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "offered"}, "Do you want this file?"),
        ({"state": "offered", "direction": "out"}, "Waiting for an answer"),
        ({"state": "waiting"}, "Waiting for the connection"),
        ({"state": "waiting", "done_bytes": 1000}, "Waiting for the connection · 1.0 kB of 2.0 MB"),
        ({"state": "running"}, "0 B of 2.0 MB"),
        (
            {"state": "running", "done_bytes": 500_000, "rate_bytes_s": 250_000.0, "left_s": 6.0},
            "500.0 kB of 2.0 MB · 250.0 kB/s · 5 s left",
        ),
        ({"state": "done"}, "Received"),
        ({"state": "done", "direction": "out"}, "Sent"),
        ({"state": "declined"}, "You declined it"),
        ({"state": "declined", "direction": "out"}, "Declined"),
        ({"state": "cancelled"}, "Cancelled"),
        ({"state": "failed", "message": "The disk is full."}, "The disk is full."),
        ({"state": "failed"}, "It could not be transferred."),
    ],
)
def test_state(changes: dict[str, Any], words: str) -> None:
    assert state_text(transfer(**changes)).replace(NO_BREAK, " ") == words


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (0.0, "a few seconds left"),
        (12.0, "10 s left"),
        (353.0, "6 min left"),
        (3600.0, "1 h left"),
        (3 * 3600 + 1250.0, "3 h 21 min left"),
        (1e9, "more than a day left"),
        (float("nan"), "more than a day left"),
        (float("inf"), "more than a day left"),
    ],
)
def test_time_left(left_s: float, words: str) -> None:
    assert left_text(left_s) == words


def test_a_long_name_keeps_its_ending() -> None:
    shown = file_name("x" * 240 + ".pdf.exe")
    assert len(shown) <= MAX_NAME_CHARS
    assert shown.endswith(".pdf.exe")
    assert file_name("a\u202efdp.exe\n") == "afdp.exe"
    assert file_name("\u202e") == "file"


def test_who_and_how_large() -> None:
    assert about_text(transfer(), NAMES) == "From Anna · 2.0 MB"
    assert about_text(transfer(direction="out", user_id="b"), NAMES) == "To somebody · 2.0 MB"
    assert about_text(transfer(user_id="c"), NAMES) == "From \u2068שרה\u2069 · 2.0 MB", (
        "the size stays behind it"
    )
    assert offer_notice(transfer(), NAMES) == "Anna offers you “photo.jpg” (2.0 MB). Answer in the chat."
    assert offer_notice(transfer(user_id="b"), NAMES).startswith("Somebody offers")
    assert spoken_transfer(transfer(), NAMES) == "photo.jpg, From Anna · 2.0 MB: Do you want this file?"


def test_share_of_an_empty_file_and_of_one_that_lies() -> None:
    assert share(transfer(size_bytes=0)) == 0.0
    assert share(transfer(size_bytes=0, state="done")) == 1.0
    assert share(transfer(done_bytes=9_000_000)) == 1.0


def test_resumed_and_folders() -> None:
    assert resumed_text(transfer(state="running")) == ""
    assert resumed_text(transfer(state="running", resumed_from=1_500_000)) == "Went on from 1.5 MB"
    assert resumed_text(transfer(state="failed", resumed_from=1_500_000)) == ""
    assert folders_sentence(["Photos"]) == "“Photos” is a folder: pack it into a ZIP file, and send that."
    assert folders_sentence(["a", "b"]).startswith("Folders")
