"""A grid of tiles for many people, with their slots, and a clock that a test turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.media.frame_slot import FrameSlot
from desktop_app.rtc.state import PeerState
from desktop_app.ui.room_model import Person
from desktop_app.ui.tile_grid import TileGrid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytestqt.qtbot import QtBot

    from desktop_app.ui.frame_converter import ConversionPool

View = tuple[tuple[str, ...], tuple[str, ...]]


def person(number: int) -> Person:
    """One of many, connected."""
    return Person(f"u{number}", f"Person {number}", state=PeerState.CONNECTED)


class Many:
    """The grid, shown."""

    def __init__(self, qtbot: QtBot, pool: ConversionPool, size: tuple[int, int] = (1160, 560)) -> None:
        self.now_s = 100.0
        self.own_slot = FrameSlot()
        self.slots: dict[str, FrameSlot] = {}
        self.screen_slots: dict[str, FrameSlot] = {}
        self.views: list[View] = []
        self.grid = TileGrid(
            pool,
            self.own_slot,
            lambda user_id: self.slots.setdefault(user_id, FrameSlot()),
            now_s=lambda: self.now_s,
            screen_slot=lambda user_id: self.screen_slots.setdefault(user_id, FrameSlot()),
        )
        qtbot.addWidget(self.grid)
        self.grid.view_changed.connect(self._note_view)
        self.grid.resize(*size)
        self.grid.show()
        qtbot.waitExposed(self.grid)

    def _note_view(self, large: tuple[str, ...], small: tuple[str, ...], _screens: tuple[str, ...]) -> None:
        self.views.append((large, small))

    def people(self, count: int) -> None:
        """So many others are there."""
        self.grid.show_people([person(number) for number in range(count)])

    def visible(self) -> list[str]:
        """Whose tiles are seen, in the order of their places: row by row."""
        seen = [(key, tile) for key, tile in self.grid.tiles.items() if tile.isVisible()]
        return [key for key, tile in sorted(seen, key=lambda each: (each[1].y(), each[1].x()))]

    def view(self) -> View:
        """Who is on screen, as was told last."""
        return self.views[-1]

    def pinned(self) -> tuple[str, ...]:
        """Who is pinned."""
        return self.grid.pinned

    def layout(self) -> str:
        """Grid or speaker."""
        return self.grid.shown_layout

    def large(self) -> list[str]:
        """Whose tiles are much larger than ours."""
        own = self.grid.own.width()
        return [key for key in self.visible() if self.grid.tiles[key].width() > 1.5 * own]


def names(numbers: Sequence[int]) -> list[str]:
    """Their user ids."""
    return [f"u{number}" for number in numbers]
