"""How the quality of a connection is shown: an icon, a colour, and words that a screen reader can say. No Qt."""

from __future__ import annotations

from typing import NamedTuple

from desktop_app.quality.score import Quality


class QualityLook(NamedTuple):
    """One word of quality/score.py as the window shows it."""

    icon: str
    color: str
    """A colour of the palette."""
    words: str


_LOOKS: dict[str, QualityLook] = {
    Quality.EXCELLENT: QualityLook("signal-4", "good", "excellent connection"),
    Quality.GOOD: QualityLook("signal-3", "good", "good connection"),
    Quality.POOR: QualityLook("signal-2", "warning", "poor connection"),
    Quality.LOST: QualityLook("signal-1", "danger", "connection lost"),
}
_UNKNOWN = QualityLook("signal-0", "text_muted", "connection not known yet")


def quality_look(word: str) -> QualityLook:
    """How `word` is shown; one that this version does not know counts as unknown."""
    return _LOOKS.get(word, _UNKNOWN)
