"""The folder for received files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from desktop_app.settings.folder_check import folder_problem
from desktop_app.settings.schema import SettingsError, validate


def test_a_folder_is_a_whole_path_or_the_systems(tmp_path: Path) -> None:
    assert validate("download_folder", "") == ""
    assert validate("download_folder", "   ") == ""
    assert validate("download_folder", str(tmp_path)) == str(tmp_path)
    assert validate("download_folder", "~/files") == os.path.expanduser("~/files")
    for wrong in ("files", "/a\nb", "/" + "x" * 5000, 7):
        with pytest.raises(SettingsError):
            validate("download_folder", wrong)


def test_a_folder_is_tried(tmp_path: Path) -> None:
    assert folder_problem(str(tmp_path)) == ""
    assert list(tmp_path.iterdir()) == [], "nothing is left of the trial"
    (tmp_path / "file").write_text("x")
    assert folder_problem(str(tmp_path / "file")) == "This is a file, not a folder."
    assert folder_problem(str(tmp_path / "gone")) == "There is no such folder."


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc")
def test_a_folder_that_takes_no_files(tmp_path: Path) -> None:
    assert folder_problem("/proc/self") != ""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert folder_problem(str(tmp_path)) == "There is no permission to save files in this folder."
