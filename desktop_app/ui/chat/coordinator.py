"""The chat between the window and the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QWidget

from desktop_app.core.errors import UserFacingError
from desktop_app.data.events import ChatLineChanged
from desktop_app.ui.async_slots import run_coroutine

if TYPE_CHECKING:
    from desktop_app.call.events import CallEvent
    from desktop_app.engine.port import EnginePort
    from desktop_app.ui.actions import Actions
    from desktop_app.ui.call_page import CallPage

    from .links import Link


class ChatCoordinator(QObject):
    """Lines in, lines out, links opened."""

    notice = Signal(str, str, str)
    """Level, sentence, code."""

    def __init__(self, engine: EnginePort, page: CallPage, actions: Actions, window: QWidget) -> None:
        super().__init__(window)
        self._engine = engine
        self._panel = page.chat
        self._window = window
        self._panel.composer.send_requested.connect(self._send)
        self._panel.view.link_activated.connect(self.open_link)
        self._panel.unread_changed.connect(actions.show_unread)

    def take_event(self, event: CallEvent) -> None:
        """Take in an event of the engine."""
        if isinstance(event, ChatLineChanged):
            self._panel.take_line(event.entry)

    def _send(self, text: str, to: str | None) -> None:
        run_coroutine(self, self._say(text, to), lambda sentence: self.notice.emit("error", sentence, "chat"))

    async def _say(self, text: str, to: str | None) -> None:
        try:
            await self._engine.send_chat(text, to)
        except UserFacingError:
            self._panel.composer.restore(text)  # it is not lost
            raise

    def open_link(self, link: Link) -> None:
        """Open a link in the system's browser or mail program; one that may deceive only after asking."""
        if not link.warning:
            self._open(link.target)
            return
        box = QMessageBox(
            QMessageBox.Icon.Warning,
            "Open a link",
            link.warning,
            QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel,
            self._window,
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText(link.target)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.button(QMessageBox.StandardButton.Open).clicked.connect(lambda: self._open(link.target))
        box.open()

    def _open(self, target: str) -> None:
        url = QUrl(target)
        if url.scheme() not in ("http", "https", "mailto") or not url.isValid():
            self.notice.emit("warning", "This is no link that can be opened.", "link")
        elif not QDesktopServices.openUrl(url):
            self.notice.emit("info", f"No program could open {target}.", "link")
