"""A whiteboard that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.ui.theme import apply_theme

from .desk import Desk

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication) -> Desk:
    """An empty board of 820 by 560."""
    apply_theme(qapp, "light")
    return Desk(qtbot)
