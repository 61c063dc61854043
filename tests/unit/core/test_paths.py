"""Where downloads go by default."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from desktop_app.core.paths import download_dir


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("BRIDGECALL_HOME")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / ".config").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("lines", "folder"),
    [
        ("", "Downloads"),
        ('XDG_DOWNLOAD_DIR="$HOME/Herunterladen"', "Herunterladen"),
        ('# XDG_DOWNLOAD_DIR="$HOME/no"\nXDG_DOWNLOAD_DIR = "$HOME/a \\"b\\" c"\n', 'a "b" c'),
        ('XDG_DOWNLOAD_DIR="$HOME/"', "Downloads"),
        ('XDG_DOWNLOAD_DIR="relative"', "Downloads"),
        ('XDG_DOWNLOAD_DIR="/srv/files"', "/srv/files"),
        ('XDG_DOWNLOAD_DIR="$HOME/one"\nXDG_DOWNLOAD_DIR="$HOME/two"', "two"),
        ("XDG_DOWNLOAD_DIR=$HOME/bare", "Downloads"),
    ],
)
def test_the_folder_that_the_desktop_names(home: Path, lines: str, folder: str) -> None:
    (home / ".config" / "user-dirs.dirs").write_text(lines)
    assert download_dir() == home / folder


def test_without_the_file_and_with_one_that_is_no_text(home: Path) -> None:
    assert download_dir() == home / "Downloads"
    (home / ".config" / "user-dirs.dirs").write_bytes(b"\xff\xfe")
    assert download_dir() == home / "Downloads"


def test_our_own_variable_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGECALL_HOME", "/somewhere")
    assert download_dir() == Path("/somewhere/downloads")
