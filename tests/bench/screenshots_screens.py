"""The pictures of a shared screen, for screenshots.py: the real window, people and a screen that are drawn, no network.

python -m tests.bench.screenshots_screens [FOLDER]
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from .screenshots_rooms import PEOPLE, fill
from .screenshots_stage import SETTLE_S, take, window_without_network

if TYPE_CHECKING:
    from pathlib import Path

    import av
    from PySide6.QtWidgets import QApplication

    from desktop_app.ui.theme import Appearance

SCREEN_PX = (1280, 720)
ROWS = ("Rent", "Food", "Trains", "Books", "Music", "Garden")


def drawn_screen() -> av.VideoFrame:
    """A sheet of numbers, as somebody might show it."""
    import av
    from PySide6.QtCore import QRect, Qt
    from PySide6.QtGui import QColor, QFont, QImage, QPainter

    image = QImage(*SCREEN_PX, QImage.Format.Format_RGB888)
    image.fill(QColor("#f4f5f7"))
    painter = QPainter(image)
    painter.fillRect(0, 0, SCREEN_PX[0], 56, QColor("#1f4e79"))
    font = QFont("DejaVu Sans")
    font.setPixelSize(24)
    painter.setFont(font)
    painter.setPen(QColor("white"))
    painter.drawText(QRect(24, 0, 800, 56), Qt.AlignmentFlag.AlignVCenter, "Budget 2027")
    for row, name in enumerate(ROWS):
        top = 90 + 92 * row
        painter.fillRect(24, top, 1232, 76, QColor("white"))
        painter.setPen(QColor("#1b212b"))
        painter.drawText(QRect(44, top, 240, 76), Qt.AlignmentFlag.AlignVCenter, name)
        painter.fillRect(300, top + 20, 90 + 130 * (row * 5 % 7), 36, QColor("#2563eb"))
        painter.drawText(
            QRect(1060, top, 180, 76), Qt.AlignmentFlag.AlignVCenter, f"{(row * 731 + 460) % 2000} €"
        )
    painter.end()
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(SCREEN_PX[1], SCREEN_PX[0], 3)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(format="yuv420p")


async def screens_tour(application: QApplication, folder: Path) -> None:
    """Somebody's screen in a call of ten, and the choice of one's own."""
    from desktop_app.call.events import LocalScreenChanged, ParticipantChanged
    from desktop_app.protocol.messages import ParticipantInfo
    from desktop_app.ui import theme

    async with window_without_network(application) as (window, engine):
        await fill(window, engine)
        window.setFocus()

        async def picture(name: str, appearance: Appearance) -> None:
            theme.apply_theme(application, appearance)
            await asyncio.sleep(SETTLE_S)
            window.grab().save(str(folder / f"{name}.png"))

        sharer = PEOPLE[1]
        engine.emit(ParticipantChanged(ParticipantInfo(sharer.user_id, sharer.name, screen=True)))
        engine.remote_screen(sharer.user_id).put(drawn_screen())
        await picture("shared-screen", "light")
        engine.emit(LocalScreenChanged(True))
        await picture("shared-screen-dark", "dark")
        engine.emit(LocalScreenChanged(False))
        theme.apply_theme(application, "light")
        window.actions_.share_screen.trigger()
        await asyncio.sleep(SETTLE_S)
        picker = window.screens.picker
        assert picker is not None
        picker.grab().save(str(folder / "screen-picker.png"))


if __name__ == "__main__":
    take(screens_tour)
