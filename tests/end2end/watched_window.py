"""The application as it is, which also says what its window shows: python -m tests.end2end.watched_window [ARGUMENTS]

A line on standard input is answered by a line of JSON on standard output (see WatchedApp). Nothing can be done with
the window that way: that is left to keyboard and mouse.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QSocketNotifier
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget

import desktop_app.app
from desktop_app.__main__ import main
from desktop_app.data.board.document import op_id
from desktop_app.ui.board.canvas import BoardCanvas
from desktop_app.ui.files.card import FileCard
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.reactions.overlay import ReactionOverlay

if TYPE_CHECKING:
    from desktop_app.ui.video_tile import VideoTile

_CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, BoardCanvas, FileCard, MainWindow)


class WatchedWindow(MainWindow):
    """The window, and somebody who describes it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._questions = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self._questions.activated.connect(self._answer)

    def _answer(self) -> None:
        asked = os.read(sys.stdin.fileno(), 65536)
        self._questions.setEnabled(bool(asked))  # not at the end of the input
        for _ in range(asked.count(b"\n")):
            print(json.dumps(self.describe()), flush=True)  # noqa: T201 - it is an answer

    def describe(self) -> dict[str, Any]:
        """What is seen now, in words and numbers; places are pixels of the screen."""
        chat = self.call_page.chat.model
        recipient = self.call_page.chat.composer.recipient
        canvas = self.call_page.board.canvas
        grid = self.call_page.grid
        tiles = {tile.name: tile for tile in (*grid.tiles.values(), grid.own)}
        view = canvas.viewport_
        return {
            "controls": [
                _describe_control(widget)
                for top in QApplication.topLevelWidgets()
                if top.isVisible()
                for widget in (top, *top.findChildren(QWidget))
                if isinstance(widget, _CONTROLS) and widget.window() is top and _can_be_reached(widget)
            ],
            "recipient": recipient.currentText(),
            "recipients": [recipient.itemText(index) for index in range(recipient.count())],
            "popup": QApplication.activePopupWidget() is not None,
            "lines": [
                {"text": row.text, "by": row.entry.author_name, "private": row.entry.to is not None}
                | {"state": row.entry.state}
                for row in chat.conversation.rows
                if row.entry is not None
            ],
            "files": [
                {"name": each.name, "state": each.state, "direction": each.direction, "path": each.path}
                | {"done": each.done_bytes, "with": chat.names.get(each.user_id, "")}
                for each in (row.transfer for row in chat.conversation.rows)
                if each is not None
            ],
            "shapes": [op_id(op) for op in canvas.scene.board.shapes()],
            "view": [view.scale, view.left, view.top],
            "pointers": sorted(pointed.name for pointed in canvas.pointers),
            "people": {name: tile.status for name, tile in tiles.items()},
            "notice": self.notices.text,
            "hands": {name: tile.hand for name, tile in tiles.items() if tile.hand},
            "reactions": {name: shown for name, tile in tiles.items() if (shown := _reactions(tile))},
        }


def _can_be_reached(widget: QWidget) -> bool:
    """Whether a click into its middle is meant for it: it is shown, scrolled into view, and nothing is over it."""
    if not widget.isVisible() or isinstance(widget, MainWindow):
        return widget.isVisible()
    hit = QApplication.widgetAt(widget.mapToGlobal(widget.rect().center()))
    return hit is widget or (hit is not None and widget.isAncestorOf(hit))


def _reactions(tile: VideoTile) -> list[str]:
    overlay = tile.findChild(ReactionOverlay)
    return [emoji for emoji, _ in overlay.emojis] if isinstance(overlay, ReactionOverlay) else []


def _describe_control(widget: QWidget) -> dict[str, Any]:
    corner = widget.mapToGlobal(QPoint(0, 0))
    return {
        "kind": type(widget).__name__,
        "name": widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else ""),
        "text": widget.text() if isinstance(widget, QLineEdit) else "",
        "place": [corner.x(), corner.y(), widget.width(), widget.height()],
        "enabled": widget.isEnabled(),
        "focus": widget.hasFocus(),
        "active": widget.isActiveWindow(),
    }


if __name__ == "__main__":
    desktop_app.app.MainWindow = WatchedWindow  # type: ignore[attr-defined]
    sys.exit(main())
