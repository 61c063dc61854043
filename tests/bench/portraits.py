"""Pictures of people who do not exist, for screenshots: drawn, each of its own colours, in front of their own wall."""

from __future__ import annotations

from typing import NamedTuple

import av
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QLinearGradient, QPainter, QPainterPath, QRadialGradient

SIZE = (1280, 720)


class Look(NamedTuple):
    """How somebody looks."""

    wall: tuple[str, str]
    """Left and right."""
    skin: str
    hair: str
    clothes: str
    long_hair: bool = False
    thing: str = "window"
    """What stands behind them: window, shelf, plant or picture."""
    shift: float = 0.0
    """How far they sit from the middle, in parts of the width."""


LOOKS = (
    Look(("#c9d6df", "#9fb3c8"), "#e8b894", "#5a3825", "#2f5d8a", True, "window", -0.03),
    Look(("#e9dcc9", "#cdb79b"), "#f0c8a6", "#2b2320", "#7a3b3b", False, "shelf", 0.04),
    Look(("#3d4a57", "#26313b"), "#8d5a3c", "#17120f", "#d9a441", True, "picture", 0.0),
    Look(("#dfe7db", "#b3c4a8"), "#c98f66", "#1f1a17", "#3f6b52", False, "plant", -0.05),
    Look(("#ead9de", "#c7a9b4"), "#f3d0b5", "#a8703a", "#5b4a7d", True, "shelf", 0.05),
    Look(("#d4d8dd", "#a6adb7"), "#6f4630", "#100d0b", "#b5563a", False, "window", 0.03),
    Look(("#f0e6d2", "#d8c39a"), "#e6b08a", "#8b8b8f", "#2c3e50", False, "picture", -0.02),
    Look(("#bcd0d6", "#7fa0aa"), "#dca47c", "#2e1c12", "#a83f5f", True, "plant", 0.02),
    Look(("#4a4038", "#2f2822"), "#f1c9a9", "#c98b3c", "#4f7d8c", True, "shelf", -0.04),
)


def portrait(look: Look) -> av.VideoFrame:
    """A frame of somebody who looks like that, as a camera would send it."""
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    _paint_room(painter, look)
    _paint_person(painter, look)
    _paint_light(painter)
    painter.end()
    width, height = SIZE
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, width, 4)[:, :, 2::-1]
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    return frame.reformat(format="yuv420p")


def _paint_room(painter: QPainter, look: Look) -> None:
    width, height = SIZE
    wall = QLinearGradient(0, 0, width, height)
    wall.setColorAt(0, QColor(look.wall[0]))
    wall.setColorAt(1, QColor(look.wall[1]))
    painter.fillRect(0, 0, width, height, wall)
    dark = QColor(look.wall[1]).darker(135)
    left = 90.0 if look.shift >= 0 else 860.0
    if look.thing == "window":
        _box(painter, QRectF(left, 60, 320, 400), QColor("#f7fafc"))
        sky = QLinearGradient(0, 60, 0, 460)
        sky.setColorAt(0, QColor("#9cc9ee"))
        sky.setColorAt(1, QColor("#e8f3fb"))
        for x in (left + 14, left + 167):
            for y in (74, 267):
                painter.fillRect(QRectF(x, y, 139, 179), sky)
    elif look.thing == "shelf":
        colors = ("#b5523b", "#e0b04c", "#47708a", "#6d8f5f", "#7b5a86", "#cfc5b4", "#2f4858")
        for row in range(3):
            y = 110 + row * 150
            x = left + 6.0
            for number in range(9):
                book = 22 + (number * 7 + row * 5) % 14
                tall = 84 + (number * 13 + row * 29) % 34
                painter.fillRect(
                    QRectF(x, y + 118 - tall, book, tall), QColor(colors[(number + 2 * row) % len(colors)])
                )
                x += book + 4
            painter.fillRect(QRectF(left, y + 118, 330, 12), dark)
    elif look.thing == "plant":
        leaf = QColor("#4c8257")
        for number, angle in enumerate((-50, -28, -8, 14, 34, 56)):
            painter.save()
            painter.translate(left + 150, 520)
            painter.rotate(angle)
            painter.setBrush(leaf.lighter(90 + 8 * number))
            painter.drawEllipse(QRectF(-32, -330 + 20 * (number % 2), 64, 300))
            painter.restore()
        painter.setBrush(QColor("#b5764f"))
        painter.drawPolygon(
            [
                QPointF(left + 80, 500),
                QPointF(left + 220, 500),
                QPointF(left + 195, 660),
                QPointF(left + 105, 660),
            ]
        )
    else:
        _box(painter, QRectF(left, 90, 300, 220), QColor("#f4efe6"))
        painter.fillRect(QRectF(left + 24, 114, 252, 172), QColor("#e2a76f"))
        painter.setBrush(QColor("#f3d9a4"))
        painter.drawEllipse(QRectF(left + 150, 140, 70, 70))
        painter.setBrush(QColor("#5e7f8c"))
        painter.drawPolygon(
            [QPointF(left + 24, 286), QPointF(left + 110, 190), QPointF(left + 190, 286)],
        )
    painter.fillRect(QRectF(0, 660, width, 60), dark)


def _box(painter: QPainter, area: QRectF, color: QColor) -> None:
    painter.setBrush(QColor(0, 0, 0, 38))
    painter.drawRoundedRect(area.translated(8, 10), 6, 6)
    painter.setBrush(color)
    painter.drawRoundedRect(area, 6, 6)


def _paint_person(painter: QPainter, look: Look) -> None:
    width, height = SIZE
    x = width * (0.5 + look.shift)
    skin, hair, clothes = QColor(look.skin), QColor(look.hair), QColor(look.clothes)
    if look.long_hair:
        painter.setBrush(hair.darker(112))
        painter.drawRoundedRect(QRectF(x - 152, 170, 304, 400), 140, 150)
    body = QPainterPath(QPointF(x - 330, height))
    body.cubicTo(x - 310, 560, x - 190, 520, x - 70, 500)
    body.lineTo(x + 70, 500)
    body.cubicTo(x + 190, 520, x + 310, 560, x + 330, height)
    body.closeSubpath()
    painter.fillPath(body, QBrush(clothes))
    painter.setBrush(clothes.darker(120))
    painter.drawEllipse(QRectF(x - 92, 462, 184, 108))
    painter.setBrush(skin.darker(114))
    painter.drawRoundedRect(QRectF(x - 62, 410, 124, 130), 56, 56)
    painter.setBrush(skin.darker(106))
    for ear in (-128, 100):
        painter.drawEllipse(QRectF(x + ear, 290, 30, 62))
    face = QRadialGradient(QPointF(x - 30, 290), 220)
    face.setColorAt(0, skin.lighter(106))
    face.setColorAt(1, skin.darker(105))
    painter.setBrush(QBrush(face))
    painter.drawEllipse(QRectF(x - 116, 172, 232, 290))
    fringe = QPainterPath()
    fringe.addEllipse(QRectF(x - 128, 138, 256, 300))
    below = QPainterPath()
    below.addEllipse(QRectF(x - 150 + 26 * (look.shift > 0), 238, 276, 300))
    painter.fillPath(fringe.subtracted(below), QBrush(hair))
    painter.setBrush(QColor("#2a211c"))
    for eye in (-50, 36):
        painter.drawEllipse(QRectF(x + eye, 312, 16, 18))
        painter.fillRect(QRectF(x + eye - 8, 290, 32, 7), hair)
    painter.setBrush(skin.darker(122))
    painter.drawEllipse(QRectF(x - 13, 336, 26, 34))
    mouth = QPainterPath(QPointF(x - 42, 394))
    mouth.quadTo(x, 430, x + 42, 394)
    mouth.quadTo(x, 412, x - 42, 394)
    painter.fillPath(mouth, QBrush(QColor("#a2453f")))


def _paint_light(painter: QPainter) -> None:
    """Darker towards the corners, as through a lens."""
    width, height = SIZE
    light = QRadialGradient(QPointF(width / 2, height / 2), width * 0.62)
    light.setColorAt(0.55, QColor(0, 0, 0, 0))
    light.setColorAt(1, QColor(0, 0, 0, 70))
    painter.fillRect(0, 0, width, height, light)
