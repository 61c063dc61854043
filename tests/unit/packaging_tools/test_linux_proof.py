"""Parts of prove-in-debian that need no root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from linux.proof import sources
from linux.proof.root import DebianRoot

if TYPE_CHECKING:
    from pathlib import Path

OLD = """\
# deb http://no.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb [signed-by=/x.gpg arch=amd64] http://security.example/debian-security bookworm-security main
deb [trusted=yes] http://archive.example/debian/ bookworm main
"""
NEW = """\
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Enabled: no

Types: deb deb-src
# a comment
URIs: http://first.example/debian http://second.example/debian
Suites: bookworm bookworm-updates
"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("sources.list", OLD, "http://archive.example/debian"),
        ("sources.list.d/debian.sources", NEW, "http://first.example/debian"),
        ("sources.list.d/debian.sources.off", NEW, None),
        ("sources.list.d/other.list", "deb http://packages.example/apt stable main\n", None),
    ],
)
def test_the_mirror_is_that_of_the_machines_apt(
    tmp_path: Path, name: str, text: str, expected: str | None
) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert sources.mirror(tmp_path) == expected


def test_lists_of_files_leave_out_what_belongs_to_no_package(tmp_path: Path) -> None:
    for name in ("usr/bin/a", "tmp/b", "home/ana/c", "usr/share/home/d"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "usr/link").symlink_to("bin")
    found = DebianRoot(tmp_path).files()
    assert found == {
        "/usr",
        "/usr/bin",
        "/usr/bin/a",
        "/usr/link",
        "/usr/share",
        "/usr/share/home",
        "/usr/share/home/d",
    }
