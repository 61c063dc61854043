"""Between the whiteboard's widgets, the pointers, and the engine."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from desktop_app.data.board_changes import BoardChange, Draw, Rub
from desktop_app.data.events import BoardChanged, BoardCleared, PointerMoved, StrokeMoved
from desktop_app.ui.async_slots import run_coroutine

from .export import save
from .gathering import Gathering
from .pointers import Pointed
from .tile_pointers import SCREEN, TilePointers

if TYPE_CHECKING:
    from desktop_app.data.events import DataEvent
    from desktop_app.data.messages.board import Op
    from desktop_app.engine.port import EnginePort
    from desktop_app.ui.actions import Actions
    from desktop_app.ui.call_page import CallPage
    from desktop_app.ui.room_model import RoomModel

NOTICE = "whiteboard"
SAVED = "whiteboard-saved"
BOARD = "board"
_FILTERS = {"png": "Pictures (*.png)", "svg": "Drawings (*.svg)"}


class BoardCoordinator(QObject):
    """Changes and pointers go to the engine; what the engine tells goes to the panel and the tiles."""

    notice = Signal(str, str, str)
    """Level, sentence, code."""
    notice_over = Signal(str)
    """What was said with this code is no longer true."""

    def __init__(self, engine: EnginePort, page: CallPage, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self._page = page
        self._panel = page.board
        self._action = actions.whiteboard
        self._names: dict[str, str] = {}
        self._pointers: dict[str, PointerMoved] = {}
        self._told_of_drawing = False
        self.tile_pointers = TilePointers(page.grid, self)
        self.tile_pointers.pointed.connect(engine.point)
        panel = self._panel
        self._gathering = Gathering(self._show_ops, panel.canvas.show_live, self)
        panel.change_requested.connect(self._change)
        panel.stroke_shown.connect(engine.show_stroke)
        panel.pointed.connect(partial(engine.point, BOARD))
        panel.export_requested.connect(self._choose_file)
        actions.whiteboard.toggled.connect(self._show_board)
        actions.pointer.toggled.connect(self.tile_pointers.set_pointing)

    # --- from the engine ------------------------------------------------------------------------

    def take_event(self, event: DataEvent) -> None:
        """Show what concerns the whiteboard and pointers."""
        match event:
            case BoardChanged(ops, own):
                self._gathering.take(event)
                if not own and ops and not self._action.isChecked():
                    self._tell_of_drawing(ops[-1].author)
            case BoardCleared():
                self._gathering.clear()
                self._panel.reset()
                self._pointers.clear()
                self._told_of_drawing = False
                self._show_pointers()
            case StrokeMoved(user_id, shape):
                self._gathering.take_stroke(user_id, shape)
            case PointerMoved():
                if event.visible:
                    self._pointers[event.user_id] = event
                else:
                    self._pointers.pop(event.user_id, None)
                self._show_pointers()
            case _:
                pass

    def _show_ops(self, ops: list[Op], last: BoardChanged) -> None:
        self._panel.take(ops, own=last.own, can_undo=last.can_undo, can_redo=last.can_redo)

    def show_model(self, model: RoomModel) -> None:
        """The people, or their names, have changed."""
        self._names = {person.user_id: person.name for person in model.people.values()}
        self.tile_pointers.sync()
        self._show_pointers()

    def _show_pointers(self) -> None:
        surfaces: dict[str, list[Pointed]] = {}
        for user_id, moved in self._pointers.items():
            if (name := self._names.get(user_id)) is not None:
                pointed = Pointed(user_id, name, moved.x, moved.y)
                surfaces.setdefault(moved.surface, []).append(pointed)
        self._panel.canvas.show_pointers({each.user_id: each for each in surfaces.pop(BOARD, [])})
        at_ours = tuple(each.name for each in surfaces.pop(SCREEN, []))
        self._page.stage.sharing.show_pointing(at_ours)
        self.tile_pointers.show({surface: tuple(all_) for surface, all_ in surfaces.items()})

    def _tell_of_drawing(self, user_id: str) -> None:
        if not self._told_of_drawing:
            self._told_of_drawing = True
            name = self._names.get(user_id, "Somebody")
            keys = self._action.shortcut().toString()
            self.notice.emit("info", f"{name} draws on the whiteboard ({keys} shows it).", NOTICE)

    def _show_board(self, on: bool) -> None:
        self._page.stage.show_board(on)
        if on:
            self._told_of_drawing = True
            self.notice_over.emit(NOTICE)
            self._panel.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- to the engine --------------------------------------------------------------------------

    def _change(self, change: BoardChange) -> None:
        run_coroutine(self, self._engine.change_board(change), partial(self._not_changed, change))

    def _not_changed(self, change: BoardChange, sentence: str) -> None:
        if isinstance(change, Draw):
            self._panel.canvas.forget_waiting(change.shape)
        elif isinstance(change, Rub):
            self._panel.canvas.erasing_failed()
        self.notice.emit("error", sentence, "whiteboard-error")

    # --- export ---------------------------------------------------------------------------------

    def _choose_file(self, kind: str) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        dialog = QFileDialog(self._page.window(), "Save the whiteboard", folder, _FILTERS[kind])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.selectFile(f"Whiteboard.{kind}")
        dialog.fileSelected.connect(lambda path: self.export(path))
        dialog.open()

    def export(self, path: str) -> None:
        """Save what is on the board now; its format is that of the suffix, a picture without one."""
        run_coroutine(self, self._export(path), lambda sentence: self.notice.emit("error", sentence, SAVED))

    async def _export(self, path: str) -> None:
        self._gathering.show_all()
        shapes = self._panel.canvas.scene.shapes()
        await asyncio.get_running_loop().run_in_executor(None, save, shapes, path)
        self.notice.emit("info", f"The whiteboard was saved as {Path(path).name}.", SAVED)
