"""Opening what was received: which files are harmless, and asking before all others. The files are hostile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox

from .words import file_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

# Pictures, sound, moving pictures, and documents that run nothing. Whatever else a system may know to run, one cannot
# list: programs, scripts, macros, shortcuts, installers, disk images, pages. Not SVG: it may have scripts.
_HARMLESS = """
    png jpg jpeg jfif gif webp bmp tif tiff heic heif avif
    mp3 m4a aac flac wav ogg oga opus mid midi
    mp4 m4v mov mkv webm avi mpg mpeg ogv
    pdf txt csv zip docx xlsx pptx odt ods odp
"""
HARMLESS_ENDINGS = frozenset(_HARMLESS.split())


def could_be_program(name: str) -> bool:
    """Whether opening a file of this name could run what is in it: unless it is known that it could not."""
    stem, dot, ending = name.rpartition(".")
    return not dot or not stem or ending.lower() not in HARMLESS_ENDINGS


def open_path(path: str) -> bool:
    """Open a file or a folder as the system does; False when nothing can."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def ask_then(parent: QWidget, path: str, opened: Callable[[], None]) -> QMessageBox:
    """Ask whether a program is to be opened; returns at once."""
    box = QMessageBox(
        QMessageBox.Icon.Warning,
        "Open a file",
        f"“{file_name(os.path.basename(path))}” could be a program.",
        QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel,
        parent,
    )
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText("Open it only if you trust who sent it.")
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.button(QMessageBox.StandardButton.Open).clicked.connect(opened)
    box.open()
    return box
