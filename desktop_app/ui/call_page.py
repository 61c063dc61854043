"""The page of a call: tiles, toolbar, and the panels beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from . import theme
from .board.panel import BoardPanel
from .chat.panel import ChatPanel
from .lobby import camera_is_dark, camera_sentence
from .people.panel import PeoplePanel
from .side_panels import SidePanels
from .stage import Stage
from .stats_panel import StatsPanel
from .tile_grid import TileGrid
from .toolbar import Toolbar

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.stats.model import CallStats

    from .actions import Actions
    from .frame_converter import ConversionPool
    from .room_model import RoomModel

TALKING_LEVEL = 0.02
"""RMS of full scale from which somebody counts as heard: about -34 dBFS, above the noise of most rooms."""


class CallPage(QWidget):
    """Shows what the model says; what the person wants goes through the actions and signals."""

    copy_link_requested = Signal()
    invite_requested = Signal()

    def __init__(
        self,
        pool: ConversionPool,
        local_slot: FrameSlot,
        remote_slot: Callable[[str], FrameSlot],
        screen_slot: Callable[[str], FrameSlot],
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._actions = actions
        self.grid = TileGrid(pool, local_slot, remote_slot, screen_slot=screen_slot)
        self.grid.copy_link_requested.connect(self.copy_link_requested)
        self.grid.invite_requested.connect(self.invite_requested)
        self.board = BoardPanel()
        self.stage = Stage(self.grid, self.board)
        self.toolbar = Toolbar(actions)
        self.stats = StatsPanel()
        self.stats.close_requested.connect(lambda: actions.statistics.setChecked(False))
        self.people = PeoplePanel()
        self.people.close_requested.connect(lambda: actions.people.setChecked(False))
        self.chat = ChatPanel()
        self.chat.close_requested.connect(lambda: actions.chat.setChecked(False))

        grid_box = QWidget()
        grid_layout = QVBoxLayout(grid_box)
        grid_layout.setContentsMargins(*(theme.Spacing.S,) * 4)
        grid_layout.addWidget(self.stage)
        self._panels = SidePanels(grid_box, self)
        self._panels.add(self.people, actions.people)
        self._panels.add(self.chat, actions.chat)
        self._panels.add(self.stats, actions.statistics)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._panels.splitter, 1)
        layout.addWidget(self.toolbar)

    def show_model(self, model: RoomModel) -> None:
        """Show who is there and how they are."""
        self.grid.show_people(model.people.values(), screens_have_lines=model.screens_have_lines)
        self.grid.own.set_audio_muted(model.audio_muted)
        self.grid.own.set_video_muted(camera_is_dark(model))
        self.grid.own.set_status(camera_sentence(model))
        names = {person.user_id: person.name for person in model.people.values()}
        self.stats.set_people(names)
        self.stats.set_topology(model.topology)
        self.chat.set_people(names)

    def show_qualities(self, model: RoomModel) -> None:
        """Show how good the connections are; nothing else has changed."""
        for user_id, tile in self.grid.tiles.items():
            if (person := model.people.get(user_id)) is not None:
                tile.set_quality(person.shown_quality)

    def show_chat(self) -> None:
        """Open chat and files."""
        self._actions.chat.setChecked(True)

    def take_stats(self, stats: CallStats) -> None:
        """Take one second of statistics."""
        self.stats.take_stats(stats)
        self.grid.set_talking(
            {
                user_id
                for user_id, peer in stats.peers.items()
                if peer.inbound_audio is not None and peer.inbound_audio.audio_level >= TALKING_LEVEL
            }
        )

    def reset(self) -> None:
        """The call is over."""
        self.grid.show_people(())
        self.stats.clear()
        self.chat.reset()
