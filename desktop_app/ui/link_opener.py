"""A link of the bridgecall: scheme that was clicked somewhere: joins its call; asks before it leaves another one."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QMessageBox

from desktop_app.protocol.invite import parse_app_link

from .names import clean_name

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from desktop_app.protocol.invite import Invite

    from .main_window import MainWindow

logger = logging.getLogger(__name__)

CODE = "link"
LEAVE, STAY = "Leave and join", "Stay in this call"


class LinkOpener(QObject):
    """One for a window. Links come from strangers: a wrong one is a sentence and a line in the log."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._box: QMessageBox | None = None
        self._next: Invite | None = None
        window.pages.currentChanged.connect(lambda _index: self._go_on())
        window.controller.busy_changed.connect(lambda _text: self._go_on())

    def watch(self, application: QApplication) -> None:
        """Take the links that macOS sends as events (QFileOpenEvent)."""
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Open the link of such an event."""
        if event.type() == QEvent.Type.FileOpen and isinstance(event, QFileOpenEvent):
            self.open(event.url().toString(QUrl.ComponentFormattingOption.FullyEncoded))
            return True
        return False

    def open(self, link: str, token: str = "") -> None:
        """Come to the front and join, or say what is wrong with the link.

        Args:
            link: as it was clicked.
            token: of the XDG Activation Protocol, by which Wayland lets a window come to the front.
        """
        self._come_to_front(token)
        try:
            invite = parse_app_link(link)
        except ValueError as error:
            logger.warning("a link was not opened: %s", error)
            self._window.notices.show_notice("error", str(error), CODE)
            return
        self._window.notices.remove(CODE)
        if not self._is_free():
            if not self._is_current(invite):
                self._ask(invite)
            return
        self._join(invite)

    def _come_to_front(self, token: str) -> None:
        if token:
            os.environ["XDG_ACTIVATION_TOKEN"] = token  # Qt uses it up with the next activation
        window = self._window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()

    def _is_free(self) -> bool:
        window = self._window
        return window.pages.currentWidget() is window.lobby and not window.lobby.form.busy

    def _is_current(self, invite: Invite) -> bool:
        """Whether it is the call that we are in already; our own is known by another address, too."""
        current = self._window.controller.invite
        return current is not None and current.room_id == invite.room_id and current.key == invite.key

    def _join(self, invite: Invite) -> None:
        self._window.lobby.form.set_target(invite)
        self._window.lobby.form.join()

    def _ask(self, invite: Invite) -> None:
        if self._box is not None:
            self._box.close()  # the newest link counts
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Another call")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText("Leave this call and join the other one?")
        box.setInformativeText(f"Room: {clean_name(invite.room_id)}\nServer: {invite.host}")
        leave = box.addButton(LEAVE, QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton(STAY, QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        leave.clicked.connect(lambda: self._change_to(invite))
        box.finished.connect(lambda _result: self._forget(box))
        self._box = box
        box.open()

    def _forget(self, box: QMessageBox) -> None:
        if self._box is box:
            self._box = None

    def _change_to(self, invite: Invite) -> None:
        self._next = invite
        window = self._window
        if self._is_free():  # it ended while we asked
            self._go_on()
        elif window.lobby.form.busy or window.pages.currentWidget() is window.waiting_page:
            window.controller.cancel()
        else:
            window.controller.leave()

    def _go_on(self) -> None:
        if self._next is not None and self._is_free():
            invite, self._next = self._next, None
            self._join(invite)
