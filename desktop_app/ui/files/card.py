"""A file in the conversation: what it is, how far it has got, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.ui import theme
from desktop_app.ui.elided_label import ElidedLabel
from desktop_app.ui.icon_box import IconBox

from .words import ENDED, about_text, file_name, resumed_text, share, state_text

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from desktop_app.data.events import Transfer

PREVIEW_PX = 56
_STEPS = 1000


class FileCard(QWidget):
    """Shows one Transfer; it asks for what the person wants."""

    accepted = Signal(str)
    declined = Signal(str)
    cancelled = Signal(str)
    open_requested = Signal(str)
    """The transfer's id, as with the others."""
    folder_requested = Signal(str)
    height_changed = Signal()
    """Another height is needed in the same width."""

    def __init__(self, transfer: Transfer, names: dict[str, str]) -> None:
        super().__init__()
        self._id = transfer.transfer_id
        self._height: tuple[int, int] | None = None
        self.preview = IconBox("file", "text_muted", 28, PREVIEW_PX)
        self._name = ElidedLabel()
        theme.set_style(self._name, role="strong")
        self._about = ElidedLabel()
        theme.set_style(self._about, role="caption")
        self.state = QLabel()
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setWordWrap(True)
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        theme.set_style(self.note, role="caption")
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.accept_button = self._button("Accept", self.accepted, "primary")
        self.decline_button = self._button("Decline", self.declined)
        self.cancel_button = self._button("Cancel", self.cancelled)
        self.open_button = self._button("Open", self.open_requested)
        self.folder_button = self._button("Open folder", self.folder_requested)
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, theme.Spacing.XS, 0, 0)
        row.setSpacing(theme.Spacing.S)
        for button in (
            self.accept_button,
            self.decline_button,
            self.open_button,
            self.folder_button,
            self.cancel_button,
        ):
            row.addWidget(button)
        row.addStretch(1)
        self._build()
        self.show_transfer(transfer, names)

    def _button(self, text: str, signal: SignalInstance, kind: str = "") -> QPushButton:
        button = QPushButton(text)
        if kind:
            theme.set_style(button, kind=kind)
        button.clicked.connect(lambda: signal.emit(self._id))
        return button

    def _build(self) -> None:
        frame = QFrame()
        theme.set_style(frame, role="card")
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in (self._name, self._about, self.state):
            words.addWidget(label)
        words.addStretch(1)
        upper = QHBoxLayout()
        upper.setSpacing(theme.Spacing.M)
        upper.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignTop)
        upper.addLayout(words, 1)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(*(theme.Spacing.S,) * 4)
        inside.setSpacing(theme.Spacing.XS)
        inside.addLayout(upper)
        inside.addWidget(self.bar)
        inside.addWidget(self.note)
        inside.addWidget(self._buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 0, 10, 0)
        column.addStretch(1)  # the gap above, and a new day, are the list's
        column.addWidget(frame)

    @property
    def transfer_id(self) -> str:
        """Whose card it is."""
        return self._id

    def show_transfer(self, transfer: Transfer, names: dict[str, str]) -> None:
        """Show how far it has got."""
        incoming = transfer.direction == "in"
        ended = transfer.state in ENDED
        offered = transfer.state == "offered"
        done = transfer.state == "done"
        self._name.set_full(file_name(transfer.name))
        self._about.set_full(about_text(transfer, names))
        self.state.setText(state_text(transfer))
        theme.set_style(
            self.state, role="error" if transfer.state == "failed" else "good" if done else "muted"
        )
        self.bar.setValue(round(_STEPS * share(transfer)))
        self.note.setText(resumed_text(transfer))
        visible = {
            self.bar: transfer.state == "running"
            or (transfer.state == "waiting" and transfer.done_bytes > 0),
            self.note: bool(resumed_text(transfer)),
            self.accept_button: incoming and offered,
            self.decline_button: incoming and offered,
            self.cancel_button: not ended and not (incoming and offered),
            self.open_button: incoming and done and bool(transfer.path),
            self.folder_button: incoming and done and bool(transfer.path),
        }
        for widget, shown in visible.items():
            widget.setVisible(shown)
        self._buttons.setVisible(any(visible[each] for each in visible if isinstance(each, QPushButton)))
        name = file_name(transfer.name)
        for button in (
            self.accept_button,
            self.decline_button,
            self.cancel_button,
            self.open_button,
            self.folder_button,
        ):
            button.setAccessibleName(f"{button.text()}: {name}")
        icons = {"done": ("check", "good"), "failed": ("warning", "danger")}
        self.preview.show_icon(*icons.get(transfer.state, ("file", "text_muted")))

    def show_preview(self, image: QImage) -> None:
        """Show a small picture of what is in the file."""
        self.preview.show_image(image)

    def heightForWidth(self, width: int) -> int:
        """How high the card is; asked for often, worked out seldom."""
        if self._height is None or self._height[0] != width:
            layout = self.layout()
            height = layout.totalHeightForWidth(width) if layout is not None else 0
            self._height = (width, height)
        return self._height[1]

    def event(self, event: QEvent) -> bool:
        """See to it that a sentence of several rows has its room."""
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self._height is not None:
            width, before = self._height
            self._height = None
            if self.heightForWidth(width) != before:
                self.height_changed.emit()
        return handled

    def hasHeightForWidth(self) -> bool:
        """Long sentences are wrapped."""
        return True

    def sizeHint(self) -> QSize:
        """As wide as the list makes it."""
        return QSize(240, self.heightForWidth(240))
