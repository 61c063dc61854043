"""The connection test: a row for each thing that is tried, which fills while the test runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop_app.engine.test_report import report

from . import theme
from .async_slots import run_coroutine
from .invite_dialog import copy_text

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent, QShowEvent

    from desktop_app.engine.port import EnginePort, TestLine
    from desktop_app.settings.schema import Settings

_LOOKS = {
    "running": ("clock", "text_muted", "Running"),
    "pass": ("check", "good", "Passed"),
    "warn": ("warning", "warning", "Warning"),
    "fail": ("close", "danger", "Failed"),
}
"""Icon, colour and word of a verdict: it is never told by colour alone."""
_MIN_SIZE_PX = (600, 540)


class TestRow(QWidget):
    """One line: the verdict, what was tried, what came of it."""

    __test__ = False  # for pytest, which collects classes of such names

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = QLabel(self)
        self.name = QLabel(self)
        self.verdict = QLabel(self)
        self.detail = QLabel(self)
        theme.set_style(self.name, role="label")
        theme.set_style(self.verdict, role="caption")
        theme.set_style(self.detail, role="caption")
        for label in (self.name, self.verdict, self.detail):
            label.setTextFormat(Qt.TextFormat.PlainText)  # servers' names are in it
        self.name.setWordWrap(True)
        self.detail.setWordWrap(True)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.detail.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.Spacing.M)
        grid.setVerticalSpacing(theme.Spacing.XS)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._icon, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self.verdict, 0, 2, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.detail, 1, 1, 1, 2)
        self._drawn = _LOOKS["running"][:2]
        theme.notifier().changed.connect(self._redraw)

    def show_line(self, line: TestLine) -> None:
        """Show the newest state."""
        icon, colour, word = _LOOKS[line.verdict]
        self._drawn = (icon, colour)
        self._redraw()
        self.name.setText(line.name)
        self.verdict.setText(word)
        self.detail.setText(line.detail)
        self.detail.setVisible(bool(line.detail))
        self.setAccessibleName(f"{line.name}: {word}. {line.detail}")

    def _redraw(self) -> None:
        icon, colour = self._drawn
        self._icon.setPixmap(theme.icon(icon, color=colour).pixmap(theme.Spacing.ICON, theme.Spacing.ICON))


class ConnectionTestDialog(QDialog):
    """Runs when it is shown, and again on request; hiding it ends the test."""

    def __init__(
        self, engine: EnginePort, settings: Callable[[], Settings], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._settings = settings
        self._lines: dict[str, TestLine] = {}
        self._task: asyncio.Task[None] | None = None
        self._run = 0
        self.rows: dict[str, TestRow] = {}
        self.setWindowTitle("Connection test")
        self.setWindowIcon(theme.icon("app"))
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self._card = QFrame()
        theme.set_style(self._card, role="card")
        self._inside = QVBoxLayout(self._card)
        self._inside.setContentsMargins(*(theme.Spacing.L,) * 4)
        self._inside.setSpacing(theme.Spacing.M)
        self._inside.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName("Results")
        scroll.setWidget(self._card)
        self.run_button = QPushButton("&Run again", self)
        self.run_button.setIcon(theme.icon("refresh"))
        self.run_button.clicked.connect(self._run_or_stop)
        self.copy_button = QPushButton("C&opy report", self)
        self.copy_button.setIcon(theme.icon("copy"))
        self.copy_button.clicked.connect(self._copy)
        self.close_button = QPushButton("&Close", self)
        self.close_button.clicked.connect(self.close)
        for button in (self.run_button, self.copy_button, self.close_button):
            button.setAutoDefault(False)
        lower = QHBoxLayout()
        lower.addWidget(self.run_button)
        lower.addWidget(self.copy_button)
        lower.addStretch(1)
        lower.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.Spacing.L,) * 4)
        column.setSpacing(theme.Spacing.M)
        column.addWidget(self.summary)
        column.addWidget(scroll, 1)
        column.addLayout(lower)
        self.resize(*_MIN_SIZE_PX)

    @property
    def is_running(self) -> bool:
        """Whether a test is under way."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin anew."""
        self.stop()
        for row in self.rows.values():
            self._inside.removeWidget(row)
            row.deleteLater()
        self.rows.clear()
        self._lines.clear()
        self._show_running(True)
        self.summary.setText("Server, network and devices are being tried. You hear a short tone.")
        self._run += 1
        self._task = run_coroutine(self, self._test(self._run), self._failed)

    def stop(self) -> None:
        """End a test that runs; what it has found stays."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            self._run += 1
            self._show_running(False)
            self.summary.setText("The test was stopped.")

    async def _test(self, run: int) -> None:
        def take(line: TestLine) -> None:
            if run == self._run and shiboken6.isValid(
                self
            ):  # one that was stopped may still have said something
                self._take(line)

        lines = await self._engine.test_connection(self._settings(), take)
        for line in lines:
            take(line)
        self._show_running(False)
        verdicts = [line.verdict for line in lines]
        failed, warned = verdicts.count("fail"), verdicts.count("warn")
        if failed:
            self.summary.setText(
                "One thing does not work." if failed == 1 else f"{failed} things do not work."
            )
        elif warned:
            look = "one thing is" if warned == 1 else f"{warned} things are"
            self.summary.setText(f"Calls should work; {look} worth a look.")
        else:
            self.summary.setText("Everything works.")

    def _failed(self, sentence: str) -> None:
        self._show_running(False)
        self.summary.setText(sentence)

    def _take(self, line: TestLine) -> None:
        self._lines[line.name] = line
        row = self.rows.get(line.name)
        if row is None:
            self.rows[line.name] = row = TestRow(self._card)
            self._inside.insertWidget(self._inside.count() - 1, row)
        row.show_line(line)

    def _show_running(self, running: bool) -> None:
        self.run_button.setText("&Stop" if running else "&Run again")
        self.run_button.setIcon(theme.icon("stop" if running else "refresh"))
        self.copy_button.setEnabled(not running)

    def _run_or_stop(self) -> None:
        if self.is_running:
            self.stop()
        else:
            self.start()

    def _copy(self) -> None:
        copy_text(report(self._lines.values()))
        self.summary.setText("The report is in the clipboard. No secret is in it; your network's address is.")

    def showEvent(self, event: QShowEvent) -> None:
        """Begin."""
        super().showEvent(event)
        if not event.spontaneous() and not self.is_running:
            self.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """End; a minimised window goes on."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.stop()
