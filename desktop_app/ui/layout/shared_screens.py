"""The tiles of the others' shared screens, and which tiles there are to place because of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.ui.person_tile import PersonTile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtWidgets import QWidget

    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.ui.frame_converter import ConversionPool
    from desktop_app.ui.room_model import Person

_MARK = "\0"
"""No user id has it (protocol/text.py)."""


def screen_key(user_id: str) -> str:
    """The key of somebody's screen, among user ids."""
    return _MARK + user_id


def sharer(key: str) -> str | None:
    """Whose screen it is; None: a person's tile."""
    return key.removeprefix(_MARK) if key.startswith(_MARK) else None


def screen_words(name: str) -> str:
    """What stands on a screen's tile."""
    return f"{name} shows their screen"


class SharedScreens:
    """One tile for each that is shared; they belong to the grid.

    Args:
        make_done: called with the key and the tile of each new one.
    """

    def __init__(
        self,
        pool: ConversionPool,
        slot_of: Callable[[str], FrameSlot],
        grid: QWidget,
        make_done: Callable[[str, PersonTile], None],
    ) -> None:
        self._pool = pool
        self._slot_of = slot_of
        self._grid = grid
        self._make_done = make_done
        self._instead: frozenset[str] = frozenset()
        self.tiles: dict[str, PersonTile] = {}
        """By key, in the order of their sharing."""

    def show(self, people: Iterable[Person], *, have_lines: bool) -> bool:
        """Make, change and remove tiles; True when others are to be placed than before.

        A screen that has no line of its own comes in place of the camera's picture, and its tile in place of the
        person's.
        """
        wanted = {screen_key(person.user_id): person for person in people if person.screen}
        before = (tuple(self.tiles), self._instead)
        for key in [each for each in self.tiles if each not in wanted]:
            tile = self.tiles.pop(key)
            tile.hide()
            tile.deleteLater()
        for key, person in wanted.items():
            if key not in self.tiles:
                tile = PersonTile(
                    self._pool,
                    self._slot_of(person.user_id),
                    screen_words(person.name),
                    self._grid,
                    whole=True,
                )
                tile.hide()
                tile.set_pinnable(True)
                self.tiles[key] = tile
                self._make_done(key, tile)
            self.tiles[key].set_name(screen_words(person.name), initials_of=person.name)
            self.tiles[key].set_status(person.status_text())
        self._instead = frozenset() if have_lines else frozenset(person.user_id for person in wanted.values())
        return before != (tuple(self.tiles), self._instead)

    def placed(self, people: Iterable[str]) -> tuple[str, ...]:
        """The keys of all tiles that are to be placed: screens, and whoever has a tile besides."""
        return (*self.tiles, *(user for user in people if user not in self._instead))
