"""The reactions that can be chosen, each with a drawing of our own: not every computer has a font for them."""

from __future__ import annotations

import re
from functools import cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QIcon, QIconEngine, QPainter, QPixmap, QPixmapCache, QTextLayout
from PySide6.QtSvg import QSvgRenderer

from desktop_app.core import paths
from desktop_app.ui import theme
from desktop_app.ui.chat.words import shown_text

REACTIONS: dict[str, tuple[str, str]] = {
    "👍": ("thumbs-up", "Thumbs up"),
    "❤️": ("heart", "Heart"),
    "👏": ("clap", "Applause"),
    "🎉": ("party", "Celebration"),
    "😂": ("laugh", "Laughing"),
    "😮": ("wow", "Surprised"),
    "🤔": ("thinking", "Thinking"),
    "👎": ("thumbs-down", "Thumbs down"),
}
"""The emoji that is sent, the name of its drawing, and its name for people."""
_VARIATION = "\ufe0f"
_TONES = frozenset("🏻🏼🏽🏾🏿")
_BY_CORE = {emoji.replace(_VARIATION, ""): emoji for emoji in REACTIONS}


def drawing_of(emoji: str) -> str | None:
    """The name of our drawing for `emoji`, whatever its presentation and skin tone; None when there is none."""
    core = "".join(char for char in emoji if char != _VARIATION and char not in _TONES)
    known = _BY_CORE.get(core)
    return REACTIONS[known][0] if known is not None else None


def name_of(emoji: str) -> str:
    """The name for people: ours, or the emoji itself."""
    core = "".join(char for char in emoji if char != _VARIATION and char not in _TONES)
    known = _BY_CORE.get(core)
    return REACTIONS[known][1] if known is not None else (" ".join(shown_text(emoji).split()) or "?")


@cache
def _renderer(name: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray((paths.resources_dir() / "reactions" / f"{name}.svg").read_bytes()))


def render_reaction(emoji: str, side_px: int) -> QPixmap:
    """The reaction, `side_px` device pixels wide and high: our drawing, the font's, or the plain smile."""
    key = f"bridgecall-reaction:{emoji}:{side_px}"
    cached = QPixmap()
    if QPixmapCache.find(key, cached):
        return cached
    pixmap = QPixmap(side_px, side_px)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    drawing = drawing_of(emoji)
    if drawing is not None:
        _renderer(drawing).render(painter, QRectF(0, 0, side_px, side_px))
    else:
        _draw_text(painter, " ".join(shown_text(emoji).split()), side_px)
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap


def has_glyphs(text: str, font: QFont) -> bool:
    """Whether the system has a font for all of `text`."""
    layout = QTextLayout(text, font)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    indexes = [index for run in layout.glyphRuns() for index in run.glyphIndexes()]
    return bool(indexes) and all(indexes)  # 0 is the glyph of what is missing


_FIND = re.compile("|".join(f"{re.escape(core)}{_VARIATION}?" for core in _BY_CORE))


def find_missing(text: str, font: QFont) -> list[tuple[int, int, str]]:
    """Where our emoji are in `text` (start and length in code points, emoji), if the system has no font for them."""
    found = [(match.start(), len(match[0]), match[0]) for match in _FIND.finditer(text)]
    return [each for each in found if not _is_there(each[2], font.key())] if found else []


@cache
def _is_there(emoji: str, font_key: str) -> bool:
    font = QFont()
    font.fromString(font_key)
    return has_glyphs(emoji.replace(_VARIATION, ""), font)


def _draw_text(painter: QPainter, text: str, side_px: int) -> None:
    font = QFont()
    font.setPixelSize(max(6, round(side_px * 0.72)))
    if not has_glyphs(text, font):
        icon = theme.icon("reaction", color="tile_text")
        icon.paint(painter, QRect(0, 0, side_px, side_px))
        return
    painter.setFont(font)
    width = max(1, painter.fontMetrics().horizontalAdvance(text))
    scale = min(1.0, side_px / width)  # a word of up to 16 letters is a reaction, too
    painter.translate(side_px / 2, side_px / 2)
    painter.scale(scale, scale)
    painter.setPen(theme.current_palette().tile_text)
    painter.drawText(QRectF(-width, -side_px, 2 * width, 2 * side_px), Qt.AlignmentFlag.AlignCenter, text)


class ReactionIconEngine(QIconEngine):
    """A reaction as an icon, sharp on every screen."""

    def __init__(self, emoji: str) -> None:
        super().__init__()
        self._emoji = emoji

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw into `rect` (logical pixels)."""
        side = round(min(rect.width(), rect.height()) * painter.device().devicePixelRatio())
        painter.drawPixmap(rect, render_reaction(self._emoji, side))

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        """The reaction in `size` logical pixels of `scale` device pixels each."""
        pixmap = QPixmap(render_reaction(self._emoji, round(min(size.width(), size.height()) * scale)))
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The reaction in `size` device pixels."""
        return render_reaction(self._emoji, min(size.width(), size.height()))

    def clone(self) -> QIconEngine:
        """The same again."""
        return ReactionIconEngine(self._emoji)

    def isNull(self) -> bool:
        """Never."""
        return False
