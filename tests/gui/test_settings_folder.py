"""The folder for received files in the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QFileDialog

from desktop_app.settings.schema import Group, Settings
from desktop_app.ui.settings_folder_field import FolderField

from .settings_opened import Opened, type_into

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("qt_loop")


def folder_field(shown: Opened) -> FolderField:
    field = shown.dialog.rows["download_folder"].field
    assert isinstance(field, FolderField)
    return field


def test_a_folder_is_looked_for(opened: Callable[[Settings], Opened], tmp_path: Path) -> None:
    shown = opened(Settings())
    shown.dialog.show_page(Group.FILES)
    field = folder_field(shown)
    assert field.edit.placeholderText()
    field.browse_button.click()
    (dialog,) = shown.dialog.findChildren(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path))
    dialog.done(0)
    shown.dialog.apply_pending()
    assert shown.emitted == [Settings(download_folder=str(tmp_path))]


def test_a_path_that_is_none_is_refused(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings())
    type_into(folder_field(shown).edit, "photos")
    row = shown.dialog.rows["download_folder"]
    assert row.problem == "Folder for received files must be a whole path, from the drive or the root on."
    shown.dialog.apply_pending()
    assert shown.emitted == []


def test_a_folder_that_takes_no_files_says_so(
    qtbot: QtBot, opened: Callable[[Settings], Opened], tmp_path: Path
) -> None:
    shown = opened(Settings(download_folder=str(tmp_path / "gone")))
    row = shown.dialog.rows["download_folder"]
    qtbot.waitUntil(lambda: row.notice == "There is no such folder.")
    (tmp_path / "file").write_text("x")
    type_into(folder_field(shown).edit, str(tmp_path / "file"))
    shown.dialog.apply_pending()
    qtbot.waitUntil(lambda: row.notice == "This is a file, not a folder.")
    folder_field(shown).choose(str(tmp_path))
    shown.dialog.apply_pending()
    qtbot.waitUntil(lambda: row.notice == "")
    assert shown.emitted[-1].download_folder == str(tmp_path)
