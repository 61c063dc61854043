"""Between the action that shows our screen, the picker, the line over the tiles, and the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.ui.async_slots import run_coroutine

from .picker import ScreenPicker

if TYPE_CHECKING:
    from desktop_app.call.events import LocalScreenChanged
    from desktop_app.engine.port import EnginePort
    from desktop_app.media.screen.source import ScreenSource
    from desktop_app.ui.actions import Actions
    from desktop_app.ui.call_page import CallPage
    from desktop_app.ui.room_model import RoomModel

ENDED = "screen-ended"
FAILED = "screen-failed"


class ScreensCoordinator(QObject):
    """One press chooses and shows, the next one ends it."""

    notice = Signal(str, str, str)
    """Level, sentence, code."""
    notice_over = Signal(str)
    """What was said with this code is no longer true."""

    def __init__(self, engine: EnginePort, page: CallPage, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self._page = page
        self._actions = actions
        self._shown = False
        self._busy = False
        self._title = ""
        self._picker: ScreenPicker | None = None
        actions.share_screen.triggered.connect(self._pressed)
        page.stage.sharing.stop_requested.connect(self._stop)

    @property
    def picker(self) -> ScreenPicker | None:
        """The dialog, while it is open."""
        return self._picker

    def take_event(self, event: LocalScreenChanged) -> None:
        """Our screen is shown, or no longer."""
        self._shown = event.shown
        if event.shown:
            self.notice_over.emit(ENDED)
            self.notice_over.emit(FAILED)
        elif event.message:
            self.notice.emit("warning", f"Your screen is no longer shown. {event.message}", ENDED)
        self._page.stage.sharing.show_title(self._title)
        self._page.stage.show_sharing(event.shown)
        self._actions.show_sharing(event.shown)

    def show_model(self, model: RoomModel) -> None:
        """The call has ended, or goes on."""
        if not model.in_call:
            if self._picker is not None:
                self._picker.close()
            self.notice_over.emit(ENDED)
            self.notice_over.emit(FAILED)

    def _pressed(self) -> None:
        if self._shown:
            self._stop()
        elif self._picker is not None:
            self._picker.raise_()
            self._picker.activateWindow()
        elif not self._busy:
            self._busy = True
            run_coroutine(self, self._choose(), self._failed)

    async def _choose(self) -> None:
        try:
            sources = await self._engine.list_screens()
        finally:
            self._busy = False
        if not self._actions.share_screen.isEnabled():
            return  # the call has ended meanwhile
        if not sources:
            self._failed("There is no screen and no window that could be shown.")
            return
        picker = self._picker = ScreenPicker(sources, self._page.window())
        picker.chosen.connect(self._chosen)
        picker.destroyed.connect(self._picker_closed)
        picker.finished.connect(self._picker_closed)
        picker.show()

    def _picker_closed(self) -> None:
        self._picker = None

    def _chosen(self, source: ScreenSource) -> None:
        self._title = source.title
        run_coroutine(self, self._engine.share_screen(source), self._failed)

    def _stop(self) -> None:
        run_coroutine(self, self._engine.share_screen(None), self._failed)

    def _failed(self, sentence: str) -> None:
        self.notice.emit("error", sentence, FAILED)
