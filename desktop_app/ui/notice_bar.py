"""One sentence across the window: what went wrong, or what has to be known, until it is dismissed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from . import theme

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

Level: TypeAlias = 'Literal["info", "warning", "error"]'

INFO_MS = 8000
MAX_NOTICES = 8
MAX_CHARS = 400
_ICONS = {"info": "info", "warning": "warning", "error": "warning"}
_COLORS = {"info": "accent_text", "warning": "warning", "error": "danger"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be done about a notice, by a button in the bar. The notice stays until its cause is gone."""

    text: str
    action: Callable[[], None]
    primary: bool = False


@dataclass(frozen=True, slots=True)
class _Shown:
    level: Level
    message: str
    code: str
    lasting: bool = False
    offers: tuple[Offer, ...] = ()


class NoticeBar(QFrame):
    """Shows the newest notice; dismissing it brings back the one before. A code is shown once at a time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_style(self, role="card")
        self._notices: list[_Shown] = []
        self._buttons: list[QPushButton] = []
        self._offered: tuple[Offer, ...] = ()
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._more = QLabel()
        theme.set_style(self._more, role="caption")
        self.dismiss_button = QToolButton()
        self.dismiss_button.setIcon(theme.icon("close"))
        self.dismiss_button.setToolTip("Dismiss")
        self.dismiss_button.setAccessibleName("Dismiss this notice")
        self.dismiss_button.clicked.connect(self.dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.Spacing.M, theme.Spacing.XS, theme.Spacing.XS, theme.Spacing.XS)
        layout.setSpacing(theme.Spacing.S)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._more)
        self._offers = QHBoxLayout()
        self._offers.setSpacing(theme.Spacing.S)
        layout.addLayout(self._offers)
        layout.addWidget(self.dismiss_button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(INFO_MS)
        self._timer.timeout.connect(self.end_infos)
        theme.notifier().changed.connect(self._refresh)  # the icon is a picture in the old colours
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown; empty when there is none."""
        return self._notices[-1].message if self._notices else ""

    @property
    def buttons(self) -> list[QPushButton]:
        """The buttons of the notice that is shown."""
        return list(self._buttons)

    def show_notice(
        self,
        level: Level,
        message: str,
        code: str = "",
        lasting: bool = False,
        offers: tuple[Offer, ...] = (),
    ) -> None:
        """Show a sentence in place of one with the same code (or the same text), with buttons for `offers`.

        An "info" goes by itself unless it is `lasting`.
        """
        new = _Shown(level, message[:MAX_CHARS], code, lasting, offers)
        self._notices = [each for each in self._notices if not _same(each, new)]
        self._notices = [*self._notices, new][-MAX_NOTICES:]
        if level == "info":
            self._timer.start()
        self._refresh()

    def remove(self, code: str) -> None:
        """What was said with this code is no longer true."""
        self._notices = [each for each in self._notices if each.code != code]
        self._refresh()

    def dismiss(self) -> None:
        """Take away the newest notice."""
        if self._notices:
            self._notices.pop()
        self._refresh()

    def end_infos(self) -> None:
        """Take away what goes by itself."""
        self._notices = [each for each in self._notices if each.level != "info" or each.lasting]
        self._refresh()

    def _refresh(self) -> None:
        self.setVisible(bool(self._notices))
        self._show_offers(self._notices[-1].offers if self._notices else ())
        if not self._notices:
            return
        newest = self._notices[-1]
        self._icon.setPixmap(theme.icon(_ICONS[newest.level], color=_COLORS[newest.level]).pixmap(20, 20))
        self._text.setText(newest.message)
        others = len(self._notices) - 1
        self._more.setText(f"and {others} more" if others else "")
        self.setAccessibleName(newest.message)

    def _show_offers(self, offers: tuple[Offer, ...]) -> None:
        if offers == self._offered:
            return
        self._offered = offers
        for button in self._buttons:
            button.hide()
            self._offers.removeWidget(button)
            button.deleteLater()  # it may be the one that was pressed
        self._buttons = []
        for offer in offers:
            button = QPushButton(offer.text)
            theme.set_style(button, kind="primary" if offer.primary else "")
            button.clicked.connect(offer.action)
            self._offers.addWidget(button)
            self._buttons.append(button)
        for one, other in pairwise((*self._buttons, self.dismiss_button)):
            self.setTabOrder(one, other)


def _same(one: _Shown, other: _Shown) -> bool:
    return one.code == other.code if one.code or other.code else one.message == other.message
