"""Under the address on the page of updates: "Check now", and what came of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

import desktop_app
from desktop_app.updates.feed import UpdateError

from . import theme
from .async_slots import run_coroutine
from .updates import PAGE, ask, is_newer, open_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.engine.port import EnginePort
    from desktop_app.updates.feed import Release
    from desktop_app.updates.memory import UpdateMemory

logger = logging.getLogger(__name__)

NO_ADDRESS = "Enter an address first."


class CheckNow(QWidget):
    """Asks whatever the day; says the answer or why there is none in one sentence.

    Args:
        engine: which asks.
        memory: which is told that somebody asked.
        url: the address of now.
        problem: why the address in the field cannot be used; empty when it can.
    """

    def __init__(
        self, engine: EnginePort, memory: UpdateMemory, url: Callable[[], str], problem: Callable[[], str]
    ) -> None:
        super().__init__()
        self._engine = engine
        self._memory = memory
        self._url = url
        self._problem = problem
        self._release: Release | None = None
        self.button = QPushButton("Check now")
        self.button.setIcon(theme.icon("refresh"))
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._check)
        self.page_button = QPushButton(PAGE)
        self.page_button.setAutoDefault(False)
        self.page_button.clicked.connect(self._open)
        self.page_button.hide()
        self.answer = QLabel()
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        self.answer.setWordWrap(True)
        self.answer.hide()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.Spacing.S)
        buttons.addWidget(self.button)
        buttons.addWidget(self.page_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.Spacing.XS, 0, 0)
        column.setSpacing(theme.Spacing.S)
        column.addLayout(buttons)
        column.addWidget(self.answer)

    def forget(self) -> None:
        """What was said was of another address."""
        self._show("")

    def _check(self) -> None:
        if self._problem():
            return  # it is said at the field
        if not self._url():
            self._show(NO_ADDRESS, "error")
            return
        run_coroutine(self, self._ask(self._url()), lambda sentence: self._show(sentence, "error"))

    async def _ask(self, url: str) -> None:
        self._show("Asking…")
        self.button.setEnabled(False)
        try:
            release = await ask(self._engine, self._memory, url)
        except UpdateError as error:
            logger.info("the newest version is not known: %s", error)
            self._show(str(error), "error")
            return
        finally:
            if shiboken6.isValid(self.button):  # not when the dialog's end cancelled it
                self.button.setEnabled(True)
        if url != self._url():
            return
        current = desktop_app.__version__
        if is_newer(release, current):
            self._show(
                f"Bridgecall {release.version} is available. This is version {current}.", "label", release
            )
        else:
            self._show(f"This is the newest version, {current}.", "label")

    def _show(self, sentence: str, role: str = "caption", release: Release | None = None) -> None:
        theme.set_style(self.answer, role=role)
        self.answer.setText(sentence)
        self.answer.setVisible(bool(sentence))
        self._release = release
        self.page_button.setVisible(release is not None)

    def _open(self) -> None:
        if self._release is not None and not open_page(self._release.page):
            self._show(f"The page is {self._release.page}", "label")
