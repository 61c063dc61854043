"""The panel of chat and files beside the tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.ui import theme
from desktop_app.ui.icon_box import IconBox

from .composer import Composer
from .model import ConversationModel
from .view import ConversationView
from .words import spoken_text

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QShowEvent

    from desktop_app.data.events import ChatEntry, Transfer

MIN_WIDTH_PX = 280
EMPTY_TITLE = "Nothing was said yet"
EMPTY_TEXT = (
    "Write to everybody, or choose one person. Files can be sent here too, or dropped onto the window.\n\n"
    "All of it goes directly from one participant to the other, and is gone when the call is over. "
    "Who comes later, or comes back, gets what was said to everybody."
)


class ChatPanel(QWidget):
    """Conversation and composer. It counts what was not seen."""

    close_requested = Signal()
    unread_changed = Signal(int)
    shown = Signal()
    """It was opened."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unread = 0
        self._unread_files: set[str] = set()
        self.model = ConversationModel()
        self.model.setParent(self)
        self.view = ConversationView(self.model)
        self.composer = Composer()
        title = QLabel("Chat and files")
        title_font = title.font()
        title_font.setBold(True)
        title.setFont(title_font)
        self.close_button = QToolButton()
        self.close_button.setIcon(theme.icon("close"))
        self.close_button.setToolTip("Close chat and files")
        self.close_button.setAccessibleName("Close chat and files")
        self.close_button.clicked.connect(self.close_requested)
        heading = QHBoxLayout()
        heading.setContentsMargins(theme.Spacing.M, theme.Spacing.XS, theme.Spacing.S, theme.Spacing.XS)
        heading.addWidget(title, 1)
        heading.addWidget(self.close_button)
        self.stack = QStackedWidget()
        self.stack.addWidget(_empty_state())
        self.stack.addWidget(self.view)
        self.newest_button = QPushButton(theme.icon("arrow-down", color="on_accent"), "", self.stack)
        theme.set_style(self.newest_button, kind="primary")
        self.newest_button.clicked.connect(self._show_newest)
        self.newest_button.hide()
        line = QFrame()
        theme.set_style(line, role="separator")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(heading)
        column.addWidget(self.stack, 1)
        column.addWidget(line)
        column.addWidget(self.composer)
        self.setMinimumWidth(MIN_WIDTH_PX)
        self.view.followed.connect(self._followed)
        self.stack.installEventFilter(self)

    @property
    def unread(self) -> int:
        """How many lines and offers of others were not in view yet."""
        return self._unread

    @property
    def is_read(self) -> bool:
        """Whether what comes now is seen."""
        return self.isVisible() and not self.window().isMinimized() and self.view.following

    def take_line(self, entry: ChatEntry) -> None:
        """Show a new line, or the state of one."""
        is_new = self.model.take_line(entry)
        self._show_list()
        if is_new and entry.own:
            self.view.show_newest()
        elif is_new:
            self._count()
            self._announce(entry)

    def take_transfer(self, transfer: Transfer) -> bool:
        """Show a new file; whether it is new. Its card shows the rest."""
        is_new = self.model.take_transfer(transfer)
        self._show_list()
        if is_new and transfer.direction == "out":
            self.view.show_newest()
        elif is_new:
            before = self._unread
            self._count()
            if self._unread > before:
                self._unread_files.add(transfer.transfer_id)
        return is_new

    def take_back(self, transfer_id: str) -> None:
        """Show a file no longer."""
        self.model.remove_file(transfer_id)
        self._show_list()
        if transfer_id in self._unread_files:
            self._unread_files.discard(transfer_id)
            self._set_unread(self._unread - 1)

    def set_people(self, names: dict[str, str]) -> None:
        """Who is in the call."""
        known = {**self.model.names, **names}
        if known != self.model.names:
            self.model.names = known
            self.view.viewport().update()
        self.composer.set_people(names)

    def reset(self) -> None:
        """The call is over."""
        self.model.clear()
        self.composer.clear()
        self.view.show_newest()
        self._show_list()
        self._set_unread(0)

    def sizeHint(self) -> QSize:
        """Wide enough for a few words a line."""
        return QSize(340, 480)

    def _announce(self, entry: ChatEntry) -> None:
        """Let a screen reader say a line that comes while the chat is open."""
        if self.isVisible() and QAccessible.isActive():
            words = spoken_text(entry, self.model.names, "")
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    # What was not seen

    def _count(self) -> None:
        if not self.is_read:
            self._set_unread(self._unread + 1)

    def _followed(self, following: bool) -> None:
        if following and self.isVisible():
            self._set_unread(0)
        else:
            self._show_button()

    def _show_newest(self) -> None:
        self.view.show_newest()
        self._set_unread(0)

    def _set_unread(self, count: int) -> None:
        if count == 0:
            self._unread_files.clear()
        if count != self._unread:
            self._unread = count
            self.unread_changed.emit(count)
        self._show_button()

    def _show_button(self) -> None:
        shown = not self.view.following and self.model.rowCount() > 0
        count = self._unread
        words = f"{count} new message{'s' * (count > 1)}" if count else "To the newest"
        self.newest_button.setText(words)
        self.newest_button.setVisible(shown)
        self._place_button()

    def _place_button(self) -> None:
        self.newest_button.adjustSize()
        size = self.newest_button.size()
        x = (self.stack.width() - size.width()) // 2
        self.newest_button.move(x, self.stack.height() - size.height() - theme.Spacing.S)
        self.newest_button.raise_()

    def _show_list(self) -> None:
        self.stack.setCurrentIndex(1 if self.model.rowCount() else 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the button where it belongs."""
        if event.type() == QEvent.Type.Resize:
            self._place_button()
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        """What is at the end is seen now; the field is ready to be written in."""
        super().showEvent(event)
        if self.view.following:
            self._set_unread(0)
        if not event.spontaneous():
            self.shown.emit()
            self.composer.edit.setFocus()


def _empty_state() -> QWidget:
    holder = QWidget()
    icon = IconBox("chat", "text_muted", 40)
    title = QLabel(EMPTY_TITLE)
    theme.set_style(title, role="heading")
    title.setAlignment(Qt.AlignmentFlag.AlignCenter)
    text = QLabel(EMPTY_TEXT)
    text.setWordWrap(True)
    text.setAlignment(Qt.AlignmentFlag.AlignCenter)
    theme.set_style(text, role="muted")
    column = QVBoxLayout(holder)
    column.setContentsMargins(*(theme.Spacing.XL,) * 4)
    column.setSpacing(theme.Spacing.M)
    column.addStretch(1)
    for widget in (icon, title, text):
        column.addWidget(widget)
    column.addStretch(1)
    return holder
