"""The menu bar, and the About box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QMessageBox

import desktop_app

from . import theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenuBar, QWidget

    from .actions import Actions


def fill_menu_bar(bar: QMenuBar, actions: Actions) -> None:
    """File, Call, View, Help."""
    for title, items in (
        ("&File", (actions.settings, None, actions.quit)),
        (
            "&Call",
            (
                actions.microphone,
                actions.camera,
                actions.share_screen,
                None,
                actions.react,
                actions.hand,
                actions.send_files,
                None,
                actions.copy_link,
                actions.invite,
                None,
                actions.leave,
            ),
        ),
        (
            "&View",
            (
                actions.people,
                actions.chat,
                actions.whiteboard,
                actions.pointer,
                None,
                actions.layout,
                actions.automatic_layout,
                actions.previous_page,
                actions.next_page,
                None,
                actions.statistics,
                actions.full_screen,
            ),
        ),
        ("&Help", (actions.diagnostics, actions.open_log, None, actions.about)),
    ):
        menu = bar.addMenu(title)
        menu.setToolTipsVisible(False)
        for action in items:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)


def open_about(parent: QWidget) -> QMessageBox:
    """Show version and licence; returns at once."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("About Bridgecall")
    box.setIconPixmap(theme.icon("app").pixmap(64, 64))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"Bridgecall {desktop_app.__version__}")
    box.setInformativeText(
        "Video calls by link, for two people or for many.\n"
        f"MIT licence. Made with Qt {qVersion()} for Python, aiortc and FFmpeg."
    )
    box.open()
    return box
