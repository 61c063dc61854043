"""Files between the window and the engine: cards, choosing, dropping, opening."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QObject, QPoint, QRect, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_app.data.events import TransferChanged
from desktop_app.ui.async_slots import run_coroutine
from desktop_app.ui.names import in_sentence

from .arrivals import WITHDRAWN, Arrivals
from .card import FileCard
from .drop import FileDrop, Target
from .opening import ask_then, could_be_program, open_path
from .preview import decode_preview
from .words import folders_sentence, offer_notice

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from desktop_app.call.events import CallEvent
    from desktop_app.data.events import Transfer
    from desktop_app.engine.port import EnginePort
    from desktop_app.ui.call_page import CallPage

GONE_SENTENCE = "The file is no longer where it was saved."


class FilesCoordinator(QObject):
    """Owns the cards and the worker thread that looks at files."""

    notice = Signal(str, str, str)
    """Level, sentence, code."""
    notice_over = Signal(str)
    """The code of what is no longer true."""

    def __init__(self, engine: EnginePort, page: CallPage, window: QWidget) -> None:
        super().__init__(window)
        self._engine = engine
        self._page = page
        self._window = window
        self._panel = page.chat
        self._cards: dict[str, FileCard] = {}
        self._transfers: dict[str, Transfer] = {}
        self._noticed: set[str] = set()
        self._unanswered: set[str] = set()
        """Offers that nobody has answered yet, neither here nor by the setting."""
        self._arrivals = Arrivals(self._show_transfer, self)
        self._in_call = False
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="files-ui")
        self.drop = FileDrop(window, page, self.target_at)
        self.drop.dropped.connect(self.send)
        self.drop.refused.connect(lambda sentence: self.notice.emit("warning", sentence, "files"))
        self._panel.composer.files_requested.connect(self.choose)
        self._panel.model.file_removed.connect(self._forget)
        self._panel.model.modelReset.connect(self._arrivals.clear)
        self._panel.shown.connect(self._read_offers)

    def take_event(self, event: CallEvent) -> None:
        """Take in an event of the engine."""
        if isinstance(event, TransferChanged):
            self._take_transfer(event.transfer)

    def set_in_call(self, in_call: bool) -> None:
        """Files can be sent only in a call."""
        self._in_call = in_call

    def close(self) -> None:
        """End the worker thread; it is idle but for a moment."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    @property
    def cards(self) -> dict[str, FileCard]:
        """The cards by transfer."""
        return dict(self._cards)

    # What the engine tells

    def _take_transfer(self, transfer: Transfer) -> None:
        is_new = transfer.transfer_id not in self._transfers
        if is_new and transfer.direction == "in" and not self._arrivals.admits(transfer):
            return
        if transfer.transfer_id in self._unanswered and transfer.state in WITHDRAWN:
            self._panel.take_back(transfer.transfer_id)  # or offers that are withdrawn would fill the list
            return
        self._show_transfer(transfer)

    def _show_transfer(self, transfer: Transfer) -> None:
        before = self._transfers.get(transfer.transfer_id)
        self._transfers[transfer.transfer_id] = transfer
        self._panel.take_transfer(transfer)
        card = self._cards.get(transfer.transfer_id)
        if card is None:
            self._add_card(transfer)
        else:
            card.show_transfer(transfer, self._panel.model.names)
        code = _code(transfer.transfer_id)
        offered = transfer.direction == "in" and transfer.state == "offered"
        if offered and before is None:
            self._unanswered.add(transfer.transfer_id)
        elif transfer.state not in ("offered", "waiting"):
            self._unanswered.discard(transfer.transfer_id)
        if offered and before is None and not self._panel.is_read:
            self._noticed.add(transfer.transfer_id)
            self.notice.emit("info", offer_notice(transfer, self._panel.model.names), code)
        elif not offered and transfer.transfer_id in self._noticed:
            self._noticed.discard(transfer.transfer_id)
            self.notice_over.emit(code)
        ended_badly = transfer.state == "failed" and (before is None or before.state != "failed")
        if ended_badly and not self._panel.isVisible():
            self.notice.emit("error", transfer.message or "A file could not be transferred.", code)

    def _add_card(self, transfer: Transfer) -> None:
        if not self._panel.model.index_for_file(transfer.transfer_id).isValid():
            return
        card = FileCard(transfer, self._panel.model.names)
        card.height_changed.connect(self._panel.view.card_changed)
        card.accepted.connect(self._accept)
        card.declined.connect(lambda each: self._run(self._engine.decline_file(each)))
        card.cancelled.connect(lambda each: self._run(self._engine.cancel_file(each)))
        card.open_requested.connect(self._open)
        card.folder_requested.connect(self._open_folder)
        self._cards[transfer.transfer_id] = card
        self._panel.view.add_card(transfer.transfer_id, card)
        if transfer.preview:
            run_coroutine(card, self._show_preview(card, transfer.preview), lambda _sentence: None)

    def _accept(self, transfer_id: str) -> None:
        self._unanswered.discard(transfer_id)
        self._run(self._engine.accept_file(transfer_id))

    async def _show_preview(self, card: FileCard, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        image = await loop.run_in_executor(self._worker, decode_preview, data)
        if image is not None and shiboken6.isValid(card):
            card.show_preview(image)

    def _forget(self, transfer_id: str) -> None:
        self._cards.pop(transfer_id, None)
        self._transfers.pop(transfer_id, None)
        self._unanswered.discard(transfer_id)
        self._panel.view.remove_card(transfer_id)
        if transfer_id in self._noticed:
            self._noticed.discard(transfer_id)
            self.notice_over.emit(_code(transfer_id))

    def _read_offers(self) -> None:
        for transfer_id in self._noticed:
            self.notice_over.emit(_code(transfer_id))
        self._noticed.clear()

    # Sending

    def choose(self, to: str | None) -> None:
        """Let the person choose files for one, or for everybody."""
        dialog = QFileDialog(self._window, "Send files")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda paths: self.send(paths, to))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def send(self, paths: Sequence[str], to: str | None) -> None:
        """Offer files; folders among them are refused with a sentence."""
        self._run(self._send(list(paths), to))

    async def _send(self, paths: list[str], to: str | None) -> None:
        loop = asyncio.get_running_loop()
        folders = await loop.run_in_executor(self._worker, _folders, paths)
        if folders:
            names = [os.path.basename(path.rstrip("/\\")) for path in folders]
            self.notice.emit("warning", folders_sentence(names), "files")
        files = [path for path in paths if path not in folders]
        if files:
            await self._engine.send_files(files, to)
            self._page.show_chat()

    def target_at(self, point: QPoint) -> Target | None:
        """Whom files go to that are dropped at a point of the window."""
        page, grid = self._page, self._page.grid
        if not self._in_call or not page.isVisible():
            return None
        if grid.isVisible():
            only = " only" * (len(grid.tiles) > 1)
            for user_id, tile in (*grid.tiles.items(), *grid.screens.items()):
                if tile.isVisible() and self._is_over(tile, point) and not self._is_over(grid.own, point):
                    name = in_sentence(grid.tiles[user_id].name)
                    return Target(user_id, f"Drop to send to {name}{only}", self._place(tile))
        panel = self._panel
        if panel.isVisible() and self._is_over(panel, point):
            to = panel.composer.to
            if to is not None:
                return Target(
                    to, f"Drop to send to {in_sentence(panel.model.names[to])} only", self._place(panel)
                )
            return self._all(panel)
        return self._all(page.stage if page.stage.isVisible() else page)

    def _all(self, place: QWidget) -> Target:
        others = list(self._page.grid.tiles.values())
        words = (
            f"Drop to send to {in_sentence(others[0].name)}"
            if len(others) == 1
            else "Drop to send to everybody"
        )
        return Target(None, words, self._place(place))

    def _is_over(self, widget: QWidget, point: QPoint) -> bool:
        return widget.rect().contains(widget.mapFrom(self._window, point))

    def _place(self, widget: QWidget) -> QRect:
        return QRect(widget.mapTo(self._window, QPoint(0, 0)), widget.size())

    # Opening

    def _open(self, transfer_id: str) -> None:
        path = self._transfers[transfer_id].path
        if could_be_program(os.path.basename(path)):
            ask_then(self._window, path, lambda: self._run(self._open_existing(path, path)))
        else:
            self._run(self._open_existing(path, path))

    def _open_folder(self, transfer_id: str) -> None:
        path = self._transfers[transfer_id].path
        self._run(self._open_existing(os.path.dirname(path), path))

    async def _open_existing(self, what: str, path: str) -> None:
        exists = await asyncio.get_running_loop().run_in_executor(self._worker, os.path.lexists, path)
        if not exists:
            self.notice.emit("warning", GONE_SENTENCE, "files")
        elif not open_path(what):
            self.notice.emit("info", f"No program could open it; it is {path}.", "files")

    def _run(self, work: Coroutine[object, object, None]) -> None:
        run_coroutine(self, work, lambda sentence: self.notice.emit("error", sentence, "files"))


def _folders(paths: list[str]) -> list[str]:
    return [path for path in paths if os.path.isdir(path)]


def _code(transfer_id: str) -> str:
    return f"file-{transfer_id}"
