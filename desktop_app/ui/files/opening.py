"""Opening what was received: which files could be programs, and asking before those. The files are hostile."""

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

# Windows, macOS and Linux programs, scripts and installers; documents that run scripts or macros; shortcuts.
_PROGRAMS = """
    exe com scr pif msi msp msix appx bat cmd ps1 psm1 vbs vbe js jse mjs wsf wsh hta cpl dll sys reg inf lnk url
    scf chm jar jnlp class app pkg dmg command workflow scpt applescript terminal sh bash zsh fish csh ksh run bin
    out appimage deb rpm flatpakref flatpak snap desktop service py pyc pyw pyz rb pl php lua tcl apk ipa xpi crx
    html htm xhtml shtml mht mhtml svg xml docm dotm xlsm xltm xlam pptm potm ppam sldm iso img vhd vhdx
"""
PROGRAM_ENDINGS = frozenset(_PROGRAMS.split())


def could_be_program(name: str) -> bool:
    """Whether opening a file of this name could run what is in it."""
    stem, dot, ending = name.rstrip(". ").rpartition(".")
    return not dot or not stem or ending.lower() in PROGRAM_ENDINGS


def open_path(path: str) -> bool:
    """Open a file or a folder as the system does; False when nothing can."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def ask_then(parent: QWidget, path: str, opened: Callable[[], None]) -> QMessageBox:
    """Ask whether a program is to be opened; returns at once."""
    box = QMessageBox(
        QMessageBox.Icon.Warning,
        "Open a file",
        f"“{file_name(os.path.basename(path))}” could be a program. Open it only if you trust who sent it.",
        QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel,
        parent,
    )
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.button(QMessageBox.StandardButton.Open).clicked.connect(opened)
    box.open()
    return box
