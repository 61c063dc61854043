"""Between the tiles' layout, its actions and settings, and the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.ui.tile_grid import AUTOMATIC, MIN_OTHERS
from desktop_app.ui.toolbar import ABSENT
from desktop_app.ui.topology_words import NO_SFU, no_sfu_sentence

from .view_report import ViewReport

if TYPE_CHECKING:
    from desktop_app.call.events import TopologyChanged
    from desktop_app.engine.port import EnginePort
    from desktop_app.settings.schema import Settings
    from desktop_app.ui.actions import Actions
    from desktop_app.ui.call_controller import CallController
    from desktop_app.ui.call_page import CallPage
    from desktop_app.ui.room_model import RoomModel


class LayoutCoordinator(QObject):
    """The choice of a layout is a setting; who is on screen goes to the engine; what helps is said once a call."""

    notice = Signal(str, str, str, bool)
    """Level, sentence, code, and whether it stays until it is dismissed."""
    notice_over = Signal(str)
    """What was said with this code is no longer true."""

    def __init__(
        self,
        engine: EnginePort,
        page: CallPage,
        actions: Actions,
        controller: CallController,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._grid = page.grid
        self._actions = actions
        self._controller = controller
        self._told_of_sfu = False
        self.report = ViewReport(engine.set_view, self)
        grid = self._grid
        grid.view_changed.connect(self.report.take)
        grid.layout_changed.connect(actions.show_layout)
        grid.pages_changed.connect(lambda *_: self._show_pages())
        actions.layout.triggered.connect(self._switch)
        actions.automatic_layout.triggered.connect(self._choose_automatic)
        actions.previous_page.triggered.connect(lambda: grid.turn_page(-1))
        actions.next_page.triggered.connect(lambda: grid.turn_page(1))
        actions.whiteboard.toggled.connect(lambda _on: self._show_layouts())
        self._use(controller.settings)
        controller.settings_changed.connect(self._use)
        actions.show_layout(grid.shown_layout)
        self._show_layouts()

    def take_topology(self, event: TopologyChanged) -> None:
        """Say once in a call that an SFU would help, for as long as that is so."""
        if event.reason == NO_SFU and not self._told_of_sfu:
            self._told_of_sfu = True
            self.notice.emit("info", no_sfu_sentence(event.mesh_limit), NO_SFU, True)
        elif event.phase == "commit" and event.reason != NO_SFU:
            self.notice_over.emit(NO_SFU)

    def show_model(self, model: RoomModel) -> None:
        """People come, go and speak."""
        if not model.in_call:
            self._told_of_sfu = False
            self.notice_over.emit(NO_SFU)
        if model.active_speaker != self._grid.active_speaker:
            self._grid.set_active_speaker(model.active_speaker)
        self._show_layouts()
        self._show_pages()

    def _show_layouts(self) -> None:
        for action in (self._actions.layout, self._actions.automatic_layout):
            action.setEnabled(self._grid.has_layouts)
        absent = len(self._grid.tiles) < MIN_OTHERS and not self._grid.screens
        if absent != self._actions.layout.property(ABSENT):
            self._actions.layout.setProperty(ABSENT, absent)
            self._actions.layout.changed.emit()

    def _use(self, settings: Settings) -> None:
        self._grid.set_layout(settings.call_layout)
        self._actions.automatic_layout.setChecked(settings.call_layout == AUTOMATIC)

    def _switch(self) -> None:
        self._choose("grid" if self._grid.shown_layout == "speaker" else "speaker")

    def _choose_automatic(self, on: bool) -> None:
        self._choose(AUTOMATIC if on else self._grid.shown_layout)

    def _choose(self, layout: str) -> None:
        self._grid.choose_layout(
            layout
        )  # also where it is the one of the settings, and a screen made it another
        settings = self._controller.settings
        self._controller.change_settings(settings.replace(call_layout=layout))

    def _show_pages(self) -> None:
        page = self._grid.page
        self._actions.previous_page.setEnabled(page.number > 0)
        self._actions.next_page.setEnabled(page.number < page.pages - 1)
