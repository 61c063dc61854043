"""Reactions and raised hands between the window and the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.data.events import HandChanged, ReactionShown
from desktop_app.ui.async_slots import run_coroutine
from desktop_app.ui.names import in_sentence

from .hands import OWN, Hands
from .overlay import ReactionOverlay
from .popup import ReactionPopup

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from PySide6.QtWidgets import QWidget

    from desktop_app.call.events import CallEvent
    from desktop_app.engine.port import EnginePort
    from desktop_app.ui.actions import Actions
    from desktop_app.ui.call_page import CallPage
    from desktop_app.ui.room_model import RoomModel
    from desktop_app.ui.video_tile import VideoTile


class SignsCoordinator(QObject):
    """Shows them on the tiles, and makes one's own."""

    notice = Signal(str, str, str)
    """Level, sentence, code."""
    notice_over = Signal(str)
    """The code of what is no longer true."""

    def __init__(self, engine: EnginePort, page: CallPage, actions: Actions, window: QWidget) -> None:
        super().__init__(window)
        self._engine = engine
        self._page = page
        self._actions = actions
        self.hands = Hands()
        self.popup = ReactionPopup(window)
        self.popup.chosen.connect(lambda emoji: self._run(self._engine.react(emoji)))
        actions.react.triggered.connect(lambda: self.popup.open_over(page.toolbar.button(actions.react)))
        actions.hand.triggered.connect(self._switch_hand)

    def take_event(self, event: CallEvent) -> None:
        """Take in an event of the engine."""
        match event:
            case ReactionShown(user_id, emoji):
                tile = self._tile(user_id)
                if tile is not None:
                    self._overlay(tile).react(emoji)
            case HandChanged(user_id, raised):
                self._change_hand(user_id, raised)

    def show_model(self, model: RoomModel) -> None:
        """Forget the hands of those who are gone."""
        if not model.in_call:
            for user_id in self.hands.order:
                self.notice_over.emit(_code(user_id))
            self.hands.clear()
        for user_id in self.hands.keep(set(model.people)):
            self.notice_over.emit(_code(user_id))
        self._show_hands()

    def _change_hand(self, user_id: str, raised: bool) -> None:
        if not self.hands.change(user_id, raised):
            return
        self._show_hands()
        if user_id == OWN:
            return
        tile = self._tile(user_id)
        if raised and tile is not None:
            self.notice.emit("info", f"{in_sentence(tile.name)} raised a hand.", _code(user_id))
        else:
            self.notice_over.emit(_code(user_id))

    def _show_hands(self) -> None:
        for user_id, tile in {OWN: self._page.grid.own, **self._page.grid.tiles}.items():
            tile.set_hand(self.hands.place(user_id))
        self._actions.show_hand(bool(self.hands.place(OWN)))

    def _switch_hand(self) -> None:
        self._run(self._engine.raise_hand(not self.hands.place(OWN)))

    def _tile(self, user_id: str) -> VideoTile | None:
        return self._page.grid.own if user_id == OWN else self._page.grid.tiles.get(user_id)

    def _overlay(self, tile: VideoTile) -> ReactionOverlay:
        found = tile.findChild(ReactionOverlay)
        return found if isinstance(found, ReactionOverlay) else ReactionOverlay(tile)

    def _run(self, work: Coroutine[object, object, None]) -> None:
        run_coroutine(self, work, lambda sentence: self.notice.emit("error", sentence, "signs"))


def _code(user_id: str) -> str:
    return f"hand-{user_id}"
