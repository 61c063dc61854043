"""The invitation: the link to copy, its QR code, and what a browser will say first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from . import theme
from .qr_code import qr_image

if TYPE_CHECKING:
    from desktop_app.protocol.invite import Invite

QR_MAX_PX = 260
COPIED_MS = 2500
BROWSER_WARNING = (
    "A browser will warn once, because the certificate of this computer is its own: "
    "choose “Advanced”, then “Continue”. Bridgecall itself checks it by the link."
)


def copy_text(text: str) -> None:
    """Put `text` on the clipboard."""
    QGuiApplication.clipboard().setText(text)


class InviteDialog(QDialog):
    """Shows one invite link. The window stays usable beside it."""

    def __init__(self, invite: Invite, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._link = invite.link()
        self.setWindowTitle("Invite others")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        heading = QLabel("Send this link to the others.")
        theme.set_style(heading, role="heading")
        heading.setWordWrap(True)
        self.link_field = QLineEdit(self._link)
        self.link_field.setReadOnly(True)
        self.link_field.setAccessibleName("Invite link")
        self.link_field.setCursorPosition(0)
        self.copy_button = QPushButton("Copy")
        self.copy_button.setIcon(theme.icon("copy", color="on_accent"))
        self.copy_button.setAccessibleName("Copy the invite link")
        self.copy_button.setMinimumWidth(110)
        theme.set_style(self.copy_button, kind="primary")
        self.copy_button.setDefault(True)
        self.copy_button.clicked.connect(self._copy)
        row = QHBoxLayout()
        row.addWidget(self.link_field, 1)
        row.addWidget(self.copy_button)

        self.qr_label = QLabel()
        self.qr_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.qr_label.setAccessibleName("QR code of the invite link")
        self.qr_label.setPixmap(self._qr_pixmap())
        how = QLabel("It opens in Bridgecall or in a browser; a phone can read the code.")
        theme.set_style(how, role="muted")
        how.setWordWrap(True)
        how.setAlignment(Qt.AlignmentFlag.AlignHCenter)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.Spacing.XL,) * 4)
        layout.setSpacing(theme.Spacing.M)
        layout.addWidget(heading)
        layout.addLayout(row)
        layout.addWidget(self.qr_label)
        layout.addWidget(how)
        self.warning_label = QLabel(BROWSER_WARNING)
        self.warning_label.setWordWrap(True)
        theme.set_style(self.warning_label, role="warning")
        self.warning_label.setVisible(invite.fingerprint_sha256 is not None)
        layout.addWidget(self.warning_label)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setMinimumWidth(460)

        self._copied_timer = QTimer(self)
        self._copied_timer.setSingleShot(True)
        self._copied_timer.setInterval(COPIED_MS)
        self._copied_timer.timeout.connect(self._show_copy)
        self.copy_button.setFocus()

    def _qr_pixmap(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        image = qr_image(self._link, 1)
        # Whole pixels a module: a reader and the eye want sharp edges.
        image = image.scaledToWidth(image.width() * max(2, int(QR_MAX_PX * ratio / image.width())))
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _copy(self) -> None:
        copy_text(self._link)
        self.copy_button.setText("Copied")
        self.copy_button.setIcon(theme.icon("check", color="on_accent"))
        self._copied_timer.start()

    def _show_copy(self) -> None:
        self.copy_button.setText("Copy")
        self.copy_button.setIcon(theme.icon("copy", color="on_accent"))
