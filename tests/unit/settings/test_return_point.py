"""The file that says where a window was: found after a crash, and only then."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from desktop_app.settings.return_point import (
    MAX_AGE_S,
    find_point,
    new_path,
    remove_point,
    touch_point,
    write_point,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY = "Abcdefghijklmnopqrstuv"
LINK = f"https://h:8443/r/party#fp={'ab' * 32}&k={KEY}"
_WRITER = """
import sys
from pathlib import Path
from desktop_app.settings.return_point import write_point
write_point(Path(sys.argv[1]), sys.argv[2], "party", hosted=False)
"""


def crashed(folder: Path, link: str = LINK) -> Path:
    """The file of a process that is gone."""
    path = new_path(folder)
    subprocess.run([sys.executable, "-c", _WRITER, str(path), link], check=True)
    return path


def test_a_call_of_a_process_that_is_gone_is_found_without_its_key(tmp_path: Path) -> None:
    path = crashed(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY not in path.read_text()
    point, useless = find_point(tmp_path)
    assert point is not None
    assert (point.path, point.room, point.needs_key, point.hosted) == (path, "party", True, False)
    assert point.whole_link(KEY) == LINK
    assert useless == []
    remove_point(path)
    assert find_point(tmp_path) == (None, [])


def test_the_call_of_a_window_that_lives_is_left_alone(tmp_path: Path) -> None:
    path = new_path(tmp_path)
    write_point(path, LINK, "party", hosted=True)
    assert find_point(tmp_path) == (None, [])
    assert path.exists()


def test_of_several_the_newest_is_offered(tmp_path: Path) -> None:
    old, new = crashed(tmp_path), crashed(tmp_path, "http://h/r/other")
    os.utime(old, (time.time() - 60,) * 2)
    point, useless = find_point(tmp_path)
    assert point is not None
    assert (point.path, point.needs_key) == (new, False)
    assert useless == [old]
    assert not old.exists()


def test_what_is_too_old_is_removed_and_a_call_that_goes_on_is_not_too_old(tmp_path: Path) -> None:
    path = crashed(tmp_path)
    os.utime(path, (0, 0))
    touch_point(path)
    assert find_point(tmp_path)[0] is not None
    assert find_point(tmp_path, time.time() + MAX_AGE_S + 1) == (None, [path])
    assert not path.exists()


@pytest.mark.expected_warnings("is damaged and is not used")
@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\x00", b"[]", b"{}", b'{"link": 1}', b"[" * 5000, b"x" * 20_000, "pid", "link", "started_s"],
)
def test_a_damaged_file_is_ignored_with_a_line_in_the_log(
    tmp_path: Path, content: bytes | str, caplog: pytest.LogCaptureFixture
) -> None:
    path = crashed(tmp_path)
    if isinstance(content, str):
        values = json.loads(path.read_text()) | {content: ["x"]}
        content = json.dumps(values).encode()
    path.write_bytes(content)
    assert find_point(tmp_path) == (None, [path])
    assert "damaged" in caplog.text


@pytest.mark.parametrize(
    ("written", "read"), [("0f" * 8, "0f" * 8), (None, ""), ("../me", ""), (["x"], ""), ("0F" * 8, "")]
)
def test_who_we_were_is_read_back_if_it_looks_like_an_id(tmp_path: Path, written: object, read: str) -> None:
    path = crashed(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"user_id": written}))
    point, _useless = find_point(tmp_path)
    assert point is not None
    assert point.user_id == read


def test_there_may_be_no_folder(tmp_path: Path) -> None:
    assert find_point(tmp_path / "none") == (None, [])
