"""The invitation: its code is read by a real reader, its link is really copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest

from desktop_app.protocol.invite import Invite
from desktop_app.ui.invite_dialog import InviteDialog
from desktop_app.ui.qr_code import qr_image
from desktop_app.ui.theme import apply_theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

HOSTED = Invite("192.168.1.20", 8443, "abcd-efgh-jkmn", True, "0123456789abcdef" * 4)
PUBLIC = Invite("calls.example.org", 443, "Team: Montag 10 Uhr")


def read_code(image: QImage) -> str:
    gray = image.convertToFormat(QImage.Format.Format_Grayscale8)
    lines = np.frombuffer(gray.constBits(), np.uint8).reshape(gray.height(), gray.bytesPerLine())
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(np.ascontiguousarray(lines[:, : gray.width()]))
    return str(text)


def open_dialog(qtbot: QtBot, invite: Invite) -> InviteDialog:
    dialog = InviteDialog(invite)
    qtbot.addWidget(dialog)
    # Closing it here would leave pytest-qt a deleted widget.
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    dialog.show()
    return dialog


@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("invite", [HOSTED, PUBLIC])
def test_the_code_in_the_window_is_the_link(
    qtbot: QtBot, qapp: QApplication, appearance: str, invite: Invite
) -> None:
    apply_theme(qapp, "dark" if appearance == "dark" else "light")
    dialog = open_dialog(qtbot, invite)
    assert dialog.link_field.text() == invite.link()
    assert read_code(dialog.grab().toImage()) == invite.link()
    apply_theme(qapp, "light")


def test_the_code_has_its_quiet_zone() -> None:
    image = qr_image(PUBLIC.link(), 3)
    edge = 4 * 3
    white = QColor("white")
    assert all(image.pixelColor(x, y) == white for x in range(image.width()) for y in range(edge))
    assert all(image.pixelColor(x, y) == white for x in range(edge) for y in range(image.height()))
    assert image.pixelColor(edge, edge) == QColor("black")


def test_copy_copies_and_says_so(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.ui.invite_dialog.COPIED_MS", 1)
    QGuiApplication.clipboard().clear()
    dialog = open_dialog(qtbot, HOSTED)
    QTest.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert dialog.copy_button.text() == "Copied"
    assert QGuiApplication.clipboard().text() == HOSTED.link()
    qtbot.waitUntil(lambda: dialog.copy_button.text() == "Copy")


def test_return_copies_and_escape_closes(qtbot: QtBot) -> None:
    QGuiApplication.clipboard().clear()
    dialog = open_dialog(qtbot, PUBLIC)
    QTest.keyClick(dialog.link_field, Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == PUBLIC.link()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_browsers_warning_is_announced_for_our_own_certificate_only(qtbot: QtBot) -> None:
    hosted, public = open_dialog(qtbot, HOSTED), open_dialog(qtbot, PUBLIC)
    assert hosted.warning_label.isVisible()
    assert "warn once" in hosted.warning_label.text()
    assert not public.warning_label.isVisible()
