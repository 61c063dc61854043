"""What is remembered of updates, also when the file was damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from desktop_app.updates.feed import make_release
from desktop_app.updates.memory import DAY_S, UpdateMemory

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://updates.example.org/newest.json"
RELEASE = make_release("1.3.0", "https://example.org/1.3.0")
NOW_S = 1_800_000_000.0


def test_it_is_time_once_a_day_for_all_programs_together(tmp_path: Path) -> None:
    path = tmp_path / "state" / "updates.json"
    one, other = UpdateMemory(path), UpdateMemory(path)
    assert one.asks(URL, NOW_S, only_when_due=True)[0]
    assert not other.asks(URL, NOW_S + 5, only_when_due=True)[0]
    assert not other.asks("https://other.example.org/", NOW_S + DAY_S - 1, only_when_due=True)[0]
    assert other.asks(URL, NOW_S + DAY_S, only_when_due=True)[0]
    assert one.asks(URL, NOW_S + DAY_S + 1, only_when_due=False)[0]
    assert not one.asks(URL, NOW_S + 2 * DAY_S, only_when_due=True)[0]


def test_a_clock_that_was_ahead_does_not_end_the_questions(tmp_path: Path) -> None:
    memory = UpdateMemory(tmp_path / "updates.json")
    memory.asks(URL, NOW_S + 1000 * DAY_S, only_when_due=True)
    assert memory.asks(URL, NOW_S, only_when_due=True)[0]


def test_what_was_found_is_known_at_the_next_start_for_that_address(tmp_path: Path) -> None:
    memory = UpdateMemory(tmp_path / "updates.json")
    memory.asks(URL, NOW_S, only_when_due=True)
    memory.found(URL, RELEASE)
    remembered = UpdateMemory(tmp_path / "updates.json").asks(URL, NOW_S + 60, only_when_due=True)[1]
    assert remembered.release(URL) == RELEASE
    assert remembered.release("https://other.example.org/") is None
    assert not remembered.is_skipped(RELEASE)
    memory.skip(RELEASE)
    assert memory.read().is_skipped(make_release("1.3", "https://example.org/"))
    assert not memory.read().is_skipped(make_release("1.3.1", "https://example.org/"))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"asked_at_s": "x", "version": 3}',
        '{"asked_at_s": true}',
        "[" * 9000,
        "\xff",
        "x" * 20000,
    ],
)
@pytest.mark.expected_warnings("what was known of updates cannot be read")
def test_a_damaged_file_counts_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "updates.json"
    path.write_bytes(content.encode("latin-1"))
    memory = UpdateMemory(path)
    assert memory.asks(URL, NOW_S, only_when_due=True)[0]
    assert json.loads(path.read_text())["asked_at_s"] == NOW_S


def test_a_page_in_the_file_that_is_not_safe_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "updates.json"
    path.write_text(json.dumps({"asked_url": URL, "version": "9", "page": "file:///etc/passwd"}))
    assert UpdateMemory(path).read().release(URL) is None


@pytest.mark.expected_warnings(
    "what is known of updates cannot be kept", "what was known of updates cannot be read"
)
def test_where_nothing_can_be_kept_it_still_asks_once_a_day(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    memory = UpdateMemory(tmp_path / "state" / "updates.json")
    assert memory.asks(URL, NOW_S, only_when_due=True)[0]
    assert not memory.asks(URL, NOW_S + 60, only_when_due=True)[0]
