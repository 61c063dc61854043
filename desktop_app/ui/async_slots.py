"""Coroutines started from Qt slots: each has an owner, each failure becomes one sentence."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from desktop_app.core.errors import UserFacingError, sentence_for

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from PySide6.QtCore import QObject

logger = logging.getLogger(__name__)
T = TypeVar("T")

_running: set[asyncio.Task[Any]] = set()
"""asyncio keeps only weak references to its tasks."""


def run_coroutine(
    owner: QObject,
    coroutine: Coroutine[Any, Any, T],
    on_error: Callable[[str], None] | None = None,
) -> asyncio.Task[T]:
    """Run `coroutine` on the running loop until it ends or `owner` is destroyed, whichever is first.

    What it raises goes to the log with its traceback, and as one sentence to `on_error` (to a message box
    when that is None). Nothing is shown for an owner that is gone, nor for a task that was cancelled.
    Must be called on the Qt thread while the loop runs, as in every slot.
    """
    task = asyncio.get_running_loop().create_task(
        coroutine, name=f"{type(owner).__name__}:{getattr(coroutine, '__qualname__', 'coroutine')}"
    )
    _running.add(task)
    connection = owner.destroyed.connect(lambda: task.cancel())

    def done(finished: asyncio.Task[T]) -> None:
        _running.discard(finished)
        owner_lives = shiboken6.isValid(owner)
        if owner_lives:
            owner.destroyed.disconnect(connection)
        if finished.cancelled():
            return
        error = finished.exception()
        if error is None:
            return
        level = logging.WARNING if isinstance(error, UserFacingError) else logging.ERROR
        logger.log(level, "%s failed", finished.get_name(), exc_info=error)
        if owner_lives:
            sentence = sentence_for(error)
            if on_error is not None:
                on_error(sentence)
            else:
                show_error(owner, sentence)

    task.add_done_callback(done)
    return task


def show_error(owner: QObject, sentence: str) -> QMessageBox:
    """Show `sentence` in a box over the owner's window; returns at once, the closed box deletes itself."""
    parent = owner.window() if isinstance(owner, QWidget) else None
    box = QMessageBox(QMessageBox.Icon.Warning, "Bridgecall", sentence, QMessageBox.StandardButton.Ok, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)  # names that others chose may stand in it
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box
