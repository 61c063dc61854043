"""The pictures of chat, files, reactions and hands, for screenshots.py."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from desktop_app.ui.main_window import MainWindow
    from tests.end2end.processes import BotProcess

SETTLE_S = 1.0
NARROW = (420, 640)


async def chat_tour(
    window: MainWindow,
    ben: BotProcess,
    carla: BotProcess,
    home: Path,
    picture: Callable[[str], None],
    show_dark: Callable[[bool], None],
) -> None:
    """Talk with two bots, take a picture from one and send them another; leaves the chat closed."""
    from desktop_app.ui.reactions.emoji import REACTIONS

    chat, say = window.call_page.chat, window.call_page.chat.composer.send_requested.emit
    window.actions_.chat.setChecked(True)
    await carla.send({"cmd": "say", "text": "Good morning! Is everybody here?"})
    await until(lambda: chat.model.rowCount() == 1)
    say("Good morning, Carla 👍", None)
    await ben.send({"cmd": "say", "text": "The plan of the garden is at https://example.org/garden"})
    await until(lambda: chat.model.rowCount() == 3)
    await ben.send({"cmd": "send-file", "path": str(paint_photo(home / "garden in june.png"))})
    await until(lambda: len(window.files.cards) == 1)
    say("Could you bring the ladder?", "Ben")
    await until(lambda: chat.model.rowCount() == 5)
    (card,) = window.files.cards.values()
    await until(lambda: card.preview.image is not None)
    await asyncio.sleep(SETTLE_S)
    window.actions_.hand.trigger()
    window.signs.popup.chosen.emit(next(iter(REACTIONS)))
    await asyncio.sleep(SETTLE_S)
    picture("chat")
    card.accept_button.click()
    await until(lambda: not card.open_button.isHidden())
    show_dark(True)
    await asyncio.sleep(SETTLE_S)
    picture("chat-dark")
    show_dark(False)
    size = window.size()
    window.resize(*NARROW)
    await asyncio.sleep(SETTLE_S)
    picture("chat-narrow")
    window.resize(size)
    window.actions_.hand.trigger()
    window.actions_.chat.setChecked(False)
    await asyncio.sleep(SETTLE_S)


def paint_photo(path: Path) -> Path:
    """A meadow under the sky."""
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

    image = QImage(640, 480, QImage.Format.Format_RGB32)
    gradient = QLinearGradient(QPointF(0, 0), QPointF(0, 480))
    for place, color in ((0.0, "#5fa8e8"), (0.55, "#d9efff"), (0.56, "#6fae4d"), (1.0, "#2f6b2a")):
        gradient.setColorAt(place, QColor(color))
    painter: Any = QPainter(image)
    painter.fillRect(image.rect(), gradient)
    painter.setBrush(QColor("#ffd75e"))
    painter.drawEllipse(QPointF(500, 110), 50, 50)
    painter.end()
    image.save(str(path))
    return path
