"""The tiles of a call: alone, two people with our picture in the corner, or everybody as a grid or by who speaks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop_app.media.frame_slot import FrameSlot
from desktop_app.protocol.topology import MAX_LARGE_FEEDS

from . import theme
from .grid_layout import arrange_one
from .layout.page_turning import PageTurning
from .layout.pager import Pager
from .layout.paging import Page
from .layout.plan import (
    MAX_PINNED,
    OWN,
    Plan,
    Room,
    automatic_layout,
    grid_capacity,
    large_view,
    plan_grid,
    plan_speaker,
    plan_strip,
    plan_two,
)
from .layout.shared_screens import SharedScreens, sharer
from .layout.speaker_hold import SpeakerHold
from .layout.waiting_bar import WaitingBar
from .person_tile import PersonTile
from .video_tile import VideoTile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent, QWheelEvent

    from .frame_converter import ConversionPool
    from .layout.plan import Layout
    from .room_model import Person

MINIMUM = QSize(240, 180)
THUMBNAIL_PX = 320
"""A tile that is wider than this, in device pixels, is worth more than a thumbnail (docs/sfu.md)."""
AUTOMATIC = "automatic"
MIN_OTHERS = 2
"""With fewer there are no layouts, and nobody to pin."""


class TileGrid(QWidget):
    """Keeps one tile for each participant and one for ourselves, and places those that are on the page."""

    copy_link_requested = Signal()
    invite_requested = Signal()
    layout_changed = Signal(str)
    """Which layout is shown now: grid or speaker."""
    pages_changed = Signal(int, int)
    """Which page is shown, from 0, and how many there are."""
    view_changed = Signal(tuple, tuple, tuple)
    """The user ids of those who are on screen: large, the most important first, and small; and of those whose shared
    screens are."""

    def __init__(
        self,
        pool: ConversionPool,
        local_slot: FrameSlot,
        remote_slot: Callable[[str], FrameSlot],
        parent: QWidget | None = None,
        now_s: Callable[[], float] = time.monotonic,
        screen_slot: Callable[[str], FrameSlot] = lambda _user_id: FrameSlot(),
    ) -> None:
        super().__init__(parent)
        self._pool = pool
        self._remote_slot = remote_slot
        self._now_s = now_s
        self._tiles: dict[str, PersonTile] = {}
        self._screens = SharedScreens(pool, screen_slot, self, self._add_tile)
        self._grid_chosen = False
        """Whether the person wants a grid although a screen is shown."""
        self._pinned: list[str] = []
        self._speaker: str | None = None
        self._hold = SpeakerHold()
        self._hold_timer = QTimer(self)
        self._hold_timer.setSingleShot(True)
        self._hold_timer.timeout.connect(self.advance)
        self._wanted = AUTOMATIC
        self._layout: Layout = "grid"
        self._page = Page((), 0, 1, 0, 1)
        self._plan_shown = Plan((), self._page)
        self._turning = PageTurning()
        self._strip = False
        self._on_screen = False
        self._waiting = WaitingBar(self)
        self._waiting.copy_requested.connect(self.copy_link_requested)
        self._waiting.invite_requested.connect(self.invite_requested)
        self.pager = Pager(self)
        self.pager.turned.connect(self.turn_page)
        self.pager.hide()
        self.own = VideoTile(pool, local_slot, "You", mirrored=True, parent=self)
        self.own.picture_size_changed.connect(self._place)
        self.setMinimumSize(MINIMUM)

    @property
    def tiles(self) -> dict[str, PersonTile]:
        """The others' tiles by user id, in the order of their coming; those of other pages are hidden."""
        return dict(self._tiles)

    @property
    def screens(self) -> dict[str, PersonTile]:
        """The tiles of the others' shared screens, by the user id of whose they are."""
        return {sharer(key) or "": tile for key, tile in self._screens.tiles.items()}

    @property
    def _all(self) -> dict[str, PersonTile]:
        return {**self._tiles, **self._screens.tiles}

    @property
    def waiting(self) -> WaitingBar:
        """The bar that is shown while nobody else is there."""
        return self._waiting

    @property
    def shown_layout(self) -> Layout:
        """Grid or speaker, as it is now."""
        return self._layout

    @property
    def has_layouts(self) -> bool:
        """Whether there are so many people here, and so much room, that the layout makes a difference."""
        return (len(self._tiles) >= MIN_OTHERS or bool(self._screens.tiles)) and not self._strip

    @property
    def page(self) -> Page:
        """What is on the page that is shown."""
        return self._page

    @property
    def active_speaker(self) -> str | None:
        """Whom the room listens to, as was said last."""
        return self._speaker

    @property
    def pinned(self) -> tuple[str, ...]:
        """Who has a place of their own, in the order of the pinning."""
        return tuple(self._pinned)

    # Who is there, and who speaks

    def show_people(self, people: Iterable[Person], *, screens_have_lines: bool = False) -> None:
        """Make, change and remove tiles until they are those of `people` and of the screens that they show."""
        wanted = {person.user_id: person for person in people}
        changed = self._screens.show(wanted.values(), have_lines=screens_have_lines)
        for user_id in [each for each in self._tiles if each not in wanted]:
            tile = self._tiles.pop(user_id)
            tile.hide()  # ends its conversions at once; the object goes later
            tile.deleteLater()
            changed = True
        for user_id, person in wanted.items():
            if user_id not in self._tiles:
                self._tiles[user_id] = self._new_tile(person)
                changed = True
            tile = self._tiles[user_id]
            tile.set_name(person.name)
            tile.set_audio_muted(person.audio_muted)
            tile.set_video_muted(person.video_muted)
            tile.set_status(person.status_text())
            tile.set_state(person.state)
            tile.set_quality(person.shown_quality)
        if changed:
            self._pinned = [each for each in self._pinned if each in self._all]
            self._grid_chosen = self._grid_chosen and bool(self._screens.tiles)
            self._hold.keep(wanted)
            if not wanted:
                self._hold.clear()
                self._page = self._page._replace(start=0)
            for tile in self._tiles.values():
                tile.set_pinnable(len(wanted) >= MIN_OTHERS)
            self._show_speaker()
            self._place()

    def set_talking(self, user_ids: set[str]) -> None:
        """Mark who is heard."""
        for user_id, tile in self._tiles.items():
            tile.set_talking(user_id in user_ids and not tile.audio_muted)

    def set_active_speaker(self, user_id: str | None) -> None:
        """Mark whom the room listens to, at once; the large place changes with calm. It may be we ourselves."""
        self._speaker = user_id
        is_other = user_id in self._tiles
        self.own.set_speaking(user_id is not None and not is_other)
        self._show_speaker()
        self._hold.speaks(user_id if is_other else None, self._now_s())
        self.advance()
        self._place()

    def advance(self) -> None:
        """Give the large place to whoever waited for it, when it is time."""
        if self._hold.advance(self._now_s()):
            self._place()
        wait_s = self._hold.wait_s(self._now_s())
        if wait_s is None:
            self._hold_timer.stop()
        else:
            self._hold_timer.start(round(1000 * wait_s) + 1)

    def _show_speaker(self) -> None:
        for user_id, tile in self._tiles.items():
            tile.set_speaking(user_id == self._speaker)

    def _name_hidden_speaker(self) -> None:
        tile = self._tiles.get(self._speaker or "")
        shown = {each.key for each in self._plan_shown.tiles}
        hidden = tile is not None and not tile.audio_muted and self._speaker not in shown
        self.pager.show_speaker(tile.name if tile is not None and hidden else "")

    def _new_tile(self, person: Person) -> PersonTile:
        tile = PersonTile(self._pool, self._remote_slot(person.user_id), person.name, parent=self)
        tile.hide()
        self._add_tile(person.user_id, tile)
        return tile

    def _add_tile(self, key: str, tile: PersonTile) -> None:
        tile.picture_size_changed.connect(self._place)
        tile.pin_toggled.connect(lambda: self.toggle_pin(key))

    # What the person chooses

    def set_layout(self, wanted: str) -> None:
        """Show everybody as a "grid", or the "speaker" large, or "automatic": as suits their number."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._page = self._page._replace(start=0)
            self._place()

    def choose_layout(self, wanted: str) -> None:
        """The same as the person's choice: while a screen is shown a grid has to be asked for."""
        self._grid_chosen = wanted == "grid"
        self.set_layout(wanted)
        self._place()

    def toggle_pin(self, user_id: str) -> None:
        """Give somebody a place of their own, or take it away; of more than two the one of the oldest pin loses it."""
        if user_id in self._pinned:
            self._pinned.remove(user_id)
        elif user_id in self._all:
            self._pinned = [*self._pinned, user_id][-MAX_PINNED:]
        for each, tile in self._all.items():
            tile.set_pinned(each in self._pinned)
        self._place()

    def turn_page(self, step: int) -> None:
        """Show another page, if there is one."""
        number = max(0, min(self._page.pages - 1, self._page.number + step))
        if number == self._page.number:
            return
        focused = self._focused()
        self._page = self._page._replace(start=number * self._page.room)
        self._place()
        if focused is not None and not focused.isVisible():
            self._focus_first()

    def set_strip(self, strip: bool) -> None:
        """Be small beside something else: everybody in a row or column, and nothing but tiles."""
        self._strip = strip
        self._page = self._page._replace(start=0)
        self.setMinimumSize(QSize(0, 0) if strip else MINIMUM)
        self._place()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn pages."""
        if self._page.pages > 1:
            delta = event.angleDelta()
            if step := self._turning.turn(delta.y() or -delta.x(), event.timestamp()):
                self.turn_page(step)
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn pages; go from tile to tile."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        focused = self._focused()
        if event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.turn_page(1 if event.key() == Qt.Key.Key_PageDown else -1)
        elif event.key() in steps and focused is not None:
            tiles = [self._all[key] for key in self._page_keys()]
            place = tiles.index(focused) + steps[Qt.Key(event.key())]
            if 0 <= place < len(tiles):
                tiles[place].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)

    def _focused(self) -> PersonTile | None:
        return next((tile for tile in self._all.values() if tile.hasFocus()), None)

    def _focus_first(self) -> None:
        for key in self._page_keys():
            if key not in self._pinned:
                self._all[key].setFocus(Qt.FocusReason.TabFocusReason)
                return

    # Places

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the tiles anew."""
        super().resizeEvent(event)
        self._place()

    def showEvent(self, event: QShowEvent) -> None:
        """Say who is seen again."""
        super().showEvent(event)
        self._on_screen = True
        self._tell_view()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody is seen, also in a window that is minimised."""
        super().hideEvent(event)
        self._on_screen = False
        self._tell_view()

    def sizeHint(self) -> QSize:
        """Room for a picture at its own size."""
        return QSize(800, 500)

    def _place(self) -> None:
        others = self._screens.placed(self._tiles)
        self._waiting.setVisible(not others and not self._strip)
        if self.width() <= 0 or self.height() <= 0:
            return
        if not others and not self._strip:
            self._place_alone()
            plan = Plan((), Page((OWN,), 0, 1, 0, 1))
        else:
            if not self._strip:
                self._choose_layout()
            plan = self._plan(others)
            self._put(plan)
        self.own.set_floating(plan.own_floats)
        self._plan_shown = plan
        self._show_page(plan)
        self._tell_view()

    def _place_alone(self) -> None:
        bar = self._waiting.sizeHint().height()
        cell = arrange_one(self.width(), self.height() - bar - theme.Spacing.L, self.own.aspect)
        self.own.setGeometry(QRect(*cell))
        self.own.show()
        bottom = min(cell.y + cell.height + theme.Spacing.M, self.height() - bar)
        self._waiting.setGeometry(0, bottom, self.width(), bar)

    def _plan(self, others: tuple[str, ...]) -> Plan:
        width, height = self.width(), self.height()
        pinned = tuple(each for each in self._pinned if each in others)
        screens = tuple(self._screens.tiles)
        room = Room(others, width, height, pinned, self._hold.recent, self._page.start, screens)
        if self._strip:
            return plan_strip(room, self._aspect_of)
        if len(others) == 1 and not screens:
            return plan_two(others[0], self.own.aspect, self._tiles[others[0]].aspect, width, height)
        if self._layout == "grid":
            return plan_grid(room, self._aspect_of)
        return plan_speaker(room, self._aspect_of)

    def _choose_layout(self) -> None:
        shown: Layout = "speaker" if self._wanted == "speaker" else "grid"
        if self._wanted == AUTOMATIC:
            capacity = grid_capacity(self.width(), self.height())
            shown = automatic_layout(len(self._tiles) + 1, len(self._pinned), capacity, self._layout)
        if self._screens.tiles and not self._grid_chosen:
            shown = "speaker"  # a screen is there to be read
        if shown != self._layout:
            self._layout = shown
            self.layout_changed.emit(shown)

    def _aspect_of(self, key: str) -> float | None:
        tile = self.own if key == OWN else self._all[key]
        return tile.aspect if tile.picture_size else None

    def _put(self, plan: Plan) -> None:
        shown = {each.key for each in plan.tiles}
        tiles = self._all
        for key, tile in {**tiles, OWN: self.own}.items():
            if key not in shown:
                tile.hide()
        before: QWidget = self
        for each in plan.tiles:
            tile = self.own if each.key == OWN else tiles[each.key]
            tile.setGeometry(QRect(*each.cell))
            tile.show()
            if each.key != OWN:
                QWidget.setTabOrder(before, tile)
                before = tile
        if plan.own_floats:
            self.own.raise_()

    def _show_page(self, plan: Plan) -> None:
        before = self._page
        self._page = plan.page
        self.pager.setVisible(plan.pager is not None)
        if plan.pager is not None:
            self.pager.setGeometry(QRect(*plan.pager))
            self.pager.show_page(plan.page.number, plan.page.pages, plan.pager.width)
            self._name_hidden_speaker()
        if (before.number, before.pages) != (plan.page.number, plan.page.pages):
            self.pages_changed.emit(plan.page.number, plan.page.pages)

    def _tell_view(self) -> None:
        if not self._tiles:
            return  # there is nobody to be seen or hidden
        large: tuple[str, ...] = ()
        small: tuple[str, ...] = ()
        screens: tuple[str, ...] = ()
        if self._on_screen:
            plan = self._plan_shown
            width = THUMBNAIL_PX / self.devicePixelRatioF()
            if self._strip:
                width = float("inf")
            first = (*self._pinned, *self._hold.recent[:1])
            shared = [user for each in plan.tiles if (user := sharer(each.key)) is not None]
            screens = tuple(shared)[:MAX_LARGE_FEEDS]
            people = plan._replace(tiles=tuple(each for each in plan.tiles if sharer(each.key) is None))
            large = large_view(people, width, first, MAX_LARGE_FEEDS - len(screens))
            small = tuple(each.key for each in people.tiles if each.key not in (OWN, *large))
        self.view_changed.emit(large, small, screens)

    def _page_keys(self) -> list[str]:
        return [each.key for each in self._plan_shown.tiles if each.key != OWN]
