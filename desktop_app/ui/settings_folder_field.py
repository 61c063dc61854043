"""The choice of a folder: its path, and a button to look for it."""

from __future__ import annotations

import os

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton

from desktop_app.core.paths import download_dir

from . import theme
from .settings_fields import Field


class FolderField(Field):
    """A path that can be typed or chosen."""

    is_typed = True

    def __init__(self) -> None:
        super().__init__()
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(str(download_dir()))
        self.edit.textEdited.connect(lambda: self.edited.emit())
        self.browse_button = QPushButton("Browse…")
        self.browse_button.setAutoDefault(False)
        self.browse_button.setAccessibleName("Browse for a folder")
        self.browse_button.clicked.connect(self._browse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.Spacing.S)
        row.addWidget(self.edit, 1)
        row.addWidget(self.browse_button)

    def value(self) -> str:
        """The path as typed; empty for the system's folder."""
        return self.edit.text()

    def set_value(self, value: str) -> None:
        """Show `value`, unless it is what is typed, with the home folder written out."""
        if value != os.path.expanduser(self.edit.text()):
            self.edit.setText(value)

    def focus_target(self) -> QLineEdit:
        """The line."""
        return self.edit

    def choose(self, path: str) -> None:
        """Use the folder at `path`."""
        self.edit.setText(path)
        self.edited.emit()

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Choose a folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        current = os.path.expanduser(self.edit.text()) or str(download_dir())
        if os.path.isabs(current):
            dialog.setDirectory(current)
        dialog.fileSelected.connect(self.choose)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
