"""The buttons that turn the pages of the tiles."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from desktop_app.ui import theme

BUTTON_PX = 32
WORDS_FROM_PX = 124
"""With less room "2 of 4" is written "2/4"."""


class Pager(QWidget):
    """Two buttons, and between them which page this is."""

    turned = Signal(int)
    """-1 for the page before, 1 for the next."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.previous_button = self._button("chevron-left", "Previous page", "Ctrl+PgUp", -1)
        self.next_button = self._button("chevron-right", "Next page", "Ctrl+PgDown", 1)
        self._label = QLabel()
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_style(self._label, role="caption")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.Spacing.XS)
        self._speaker = QLabel()
        self._speaker.setTextFormat(Qt.TextFormat.PlainText)
        self._speaker.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        theme.set_style(self._speaker, role="caption")
        layout.addStretch(1)
        layout.addWidget(self.previous_button)
        layout.addWidget(self._label)
        layout.addWidget(self.next_button)
        layout.addWidget(self._speaker, 1)  # as wide as the stretch: the buttons stand in the middle

    def _button(self, icon: str, name: str, keys: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setIcon(theme.icon(icon))
        button.setIconSize(QSize(theme.Spacing.ICON, theme.Spacing.ICON))
        button.setFixedSize(BUTTON_PX, BUTTON_PX)
        button.setToolTip(f"{name} ({keys})")
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_style(button, kind="tool")
        button.clicked.connect(lambda: self.turned.emit(step))
        return button

    @property
    def text(self) -> str:
        """What stands between the buttons."""
        return self._label.text()

    @property
    def speaker_text(self) -> str:
        """What is said of a speaker who is on another page; empty for nothing."""
        return self._speaker.text()

    def show_speaker(self, name: str) -> None:
        """Name the one who speaks on another page, where there is room; empty for nobody."""
        room = (self.width() - 2 * BUTTON_PX - self._label.minimumWidth()) // 2 - 3 * theme.Spacing.S
        text = f"{name} is speaking" if name else ""
        metrics = self._speaker.fontMetrics()
        if room < metrics.horizontalAdvance("MMM is speaking"):
            text = ""
        self._speaker.setText(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room))

    def show_page(self, number: int, pages: int, width_px: int) -> None:
        """Show that page `number` (from 0) of `pages` is there, in so much room."""
        between = " of " if width_px >= WORDS_FROM_PX else "/"
        self._label.setText(f"{number + 1}{between}{pages}")
        self._label.setAccessibleName(f"Page {number + 1} of {pages}")
        widest = self._label.fontMetrics().horizontalAdvance(f"{pages}{between}{pages}")
        self._label.setMinimumWidth(widest + theme.Spacing.XS)  # the buttons stay where they are
        # A disabled button would lose the focus to something else while somebody turns page after page.
        focused = QApplication.focusWidget()
        self.previous_button.setEnabled(number > 0)
        self.next_button.setEnabled(number < pages - 1)
        for button, other in (
            (self.previous_button, self.next_button),
            (self.next_button, self.previous_button),
        ):
            if focused is button and not button.isEnabled():
                other.setFocus(Qt.FocusReason.TabFocusReason)
