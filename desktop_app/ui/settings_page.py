"""One page of the settings dialog: the options of a group under its heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from . import theme
from .mnemonics import with_mnemonics
from .settings_row import OptionRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktop_app.settings.schema import Group, Option

MAX_WIDTH_PX = 620


class SettingsPage(QScrollArea):
    """Scrolls when the window is small."""

    def __init__(
        self, group: Group, options: Sequence[Option], taken_mnemonics: Iterable[str], parent: QWidget
    ) -> None:
        # Everything is made inside its parent: moving a finished subtree makes Qt work out its style again.
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its fields have the keyboard
        content = QWidget()
        self.setWidget(content)
        heading = QLabel(group.value, content)
        theme.set_style(heading, role="heading")
        content.setMaximumWidth(MAX_WIDTH_PX)
        column = QVBoxLayout(content)
        column.setContentsMargins(theme.Spacing.XS, 0, theme.Spacing.L, theme.Spacing.L)
        column.setSpacing(theme.Spacing.M)
        column.addWidget(heading)
        card = QFrame(content)
        theme.set_style(card, role="card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(*(theme.Spacing.L,) * 4)
        inside.setSpacing(theme.Spacing.L)
        titles = with_mnemonics((option.title for option in options), taken_mnemonics)
        self.rows = {
            option.name: OptionRow(option, title, card) for option, title in zip(options, titles, strict=True)
        }
        for row in self.rows.values():
            inside.addWidget(row)
        column.addWidget(card)
        column.addStretch(1)
