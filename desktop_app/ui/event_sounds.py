"""Short sounds for what happens in a call, played on the chosen speaker. Nothing of them is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.engine.port import EnginePort
    from desktop_app.media.chimes import Chime


class EventSounds:
    """Plays while the settings allow it."""

    def __init__(self, engine: EnginePort, enabled: Callable[[], bool]) -> None:
        self._engine = engine
        self._enabled = enabled

    def play(self, chime: Chime) -> None:
        """Play one now; does not wait."""
        if self._enabled():
            self._engine.play_chime(chime)
