"""The people of a call between the window and the engine: the host's decisions, who waits, safety codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from desktop_app.call.events import Knocked, KnockGone, MuteRequested, RoomChanged, SafetyCodeChanged
from desktop_app.ui import theme
from desktop_app.ui.async_slots import run_coroutine
from desktop_app.ui.names import in_sentence
from desktop_app.ui.notice_bar import Offer

from .password_dialog import SET_TEXT, SET_TITLE, PasswordDialog
from .safety_dialog import SafetyDialog
from .words import changed_notice, waiting_sentence

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from desktop_app.call.events import CallEvent
    from desktop_app.engine.port import EnginePort
    from desktop_app.ui.actions import Actions
    from desktop_app.ui.call_page import CallPage
    from desktop_app.ui.event_sounds import EventSounds
    from desktop_app.ui.notice_bar import NoticeBar
    from desktop_app.ui.room_model import RoomModel

KNOCKS = "knocks"
_DEVICES = {"audio": "microphone", "video": "camera"}


class PeopleCoordinator(QObject):
    """Made once for the window."""

    def __init__(
        self,
        engine: EnginePort,
        page: CallPage,
        actions: Actions,
        model: RoomModel,
        notices: NoticeBar,
        sounds: EventSounds,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._engine = engine
        self._panel = page.people
        self._actions = actions
        self._model = model
        self._notices = notices
        self._sounds = sounds
        self._window = window
        self._host: str | None = None
        self._safety: SafetyDialog | None = None
        self._panel.chosen.connect(self.do)
        self._panel.waiting.answered.connect(self.answer)
        self._panel.waiting.all_admitted.connect(self.admit_all)
        actions.people.toggled.connect(lambda _open: self._show_waiting(False))
        doors = self._panel.doors
        doors.lock_wanted.connect(lambda on: self._change_room(engine.change_room(locked=on)))
        doors.lobby_wanted.connect(lambda on: self._change_room(engine.change_room(lobby=on)))
        doors.password_wanted.connect(self.ask_new_password)
        doors.no_password_wanted.connect(lambda: self._change_room(engine.change_room(password="")))

    def take_event(self, event: CallEvent) -> None:
        """Say what the person has to know of an event; the model has it already."""
        match event:
            case Knocked() | KnockGone():
                self._show_waiting(isinstance(event, Knocked))
            case MuteRequested(kind):
                host = self._model.people.get(self._model.rules.host)
                who = f"{in_sentence(host.name)}, the host," if host is not None else "The host"
                self._notices.show_notice(
                    "info", f"{who} switched your {_DEVICES[kind]} off.", f"asked-{kind}"
                )
            case SafetyCodeChanged(user_id, _, True):
                person = self._model.people.get(user_id)
                if person is not None:
                    offer = Offer("Compare", lambda: self.show_code(user_id), primary=True)
                    text = changed_notice(person.name)
                    self._notices.show_notice("warning", text, f"code-{user_id}", offers=(offer,))
            case RoomChanged(rules):
                # The first word of a host is not news: whoever makes a room knows it.
                if self._host and rules.host != self._host and rules.host == self._model.own_id:
                    self._notices.show_notice("info", "You are the host of the room now.", "host")
                self._host = rules.host
                self._show_waiting(False)

    def show_model(self) -> None:
        """Show the people of now."""
        model = self._model
        if not model.in_call:
            self._host = None
            self._actions.people.setChecked(False)
        if not model.knocks:
            self._notices.remove(KNOCKS)
        self._actions.show_waiting(len(model.knocks))
        self._panel.show_model(model)
        if self._safety is not None:
            self._safety.show_model(model)

    def _show_waiting(self, is_new: bool) -> None:
        knocks = dict(self._model.knocks)
        if is_new and knocks:
            self._sounds.play("knock")
        if not knocks or self._actions.people.isChecked():  # the panel shows who waits, with the same buttons
            self._notices.remove(KNOCKS)
            return
        sentence = waiting_sentence(list(knocks.values()))
        if len(knocks) == 1:
            user_id = next(iter(knocks))
            offers = (
                Offer("Refuse", lambda: self.answer(user_id, False)),
                Offer("Admit", lambda: self.answer(user_id, True), primary=True),
            )
        else:
            offers = (
                Offer("Show", lambda: self._actions.people.setChecked(True)),
                Offer("Admit all", self.admit_all, primary=True),
            )
        self._notices.show_notice("info", sentence, KNOCKS, lasting=True, offers=offers)

    # What the host decides

    def answer(self, user_id: str, let_in: bool) -> None:
        """Let somebody in who waits, or not."""
        self._run(self._engine.admit(user_id, let_in=let_in))

    def admit_all(self) -> None:
        """Let everybody in who waits."""
        for user_id in list(self._model.knocks):
            self.answer(user_id, True)

    def do(self, user_id: str, what: str) -> None:
        """What was chosen in somebody's menu."""
        engine = self._engine
        if what == "safety":
            self.show_code(user_id)
        elif what == "ask-audio":
            self._run(engine.ask_mute(user_id, "audio"))
        elif what == "ask-video":
            self._run(engine.ask_mute(user_id, "video"))
        elif what == "give-host":
            self._run(engine.give_host(user_id))
        elif what in ("kick", "ban"):
            self._confirm_kick(user_id, ban=what == "ban")

    def _confirm_kick(self, user_id: str, *, ban: bool) -> None:
        person = self._model.people.get(user_id)
        if person is None:
            return
        name = in_sentence(person.name)
        question = (
            f"Remove {name} and keep them out of this room?" if ban else f"Remove {name} from the call?"
        )
        box = QMessageBox(QMessageBox.Icon.Question, "Remove", question, parent=self._window)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText(
            "They cannot come back while the room exists." if ban else "They can come back with the link."
        )
        yes = box.addButton("Remove and ban" if ban else "Remove", QMessageBox.ButtonRole.DestructiveRole)
        theme.set_style(yes, kind="danger")
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        yes.clicked.connect(lambda: self._run(self._engine.kick(user_id, ban=ban)))
        box.open()

    def ask_new_password(self) -> None:
        """Let the host type a password for the room."""
        dialog = PasswordDialog(SET_TITLE, SET_TEXT, "Set", parent=self._window)
        dialog.entered.connect(
            lambda password: self._change_room(self._engine.change_room(password=password))
        )
        dialog.open()

    def _change_room(self, change: Coroutine[Any, Any, None]) -> None:
        # A switch that was clicked shows what is wanted; whatever comes of it, it shows what is in the end.
        async def changed() -> None:
            try:
                await change
            finally:
                self._panel.doors.show_rules(self._model.rules, is_host=self._model.is_host)

        self._run(changed())

    def show_code(self, user_id: str) -> None:
        """Show the safety code with somebody, and how to compare it."""
        if user_id not in self._model.people:
            return
        self._notices.remove(f"code-{user_id}")
        if self._safety is not None:
            self._safety.close()
        dialog = self._safety = SafetyDialog(user_id, self._window)
        dialog.finished.connect(lambda _result: self._safety_closed(dialog))
        dialog.compared.connect(lambda compared: self._compared(user_id, compared))
        dialog.show_model(self._model)
        dialog.show()

    def _safety_closed(self, dialog: SafetyDialog) -> None:
        if self._safety is dialog:
            self._safety = None

    def _compared(self, user_id: str, compared: bool) -> None:
        self._model.set_compared(user_id, compared)
        self.show_model()

    def _run(self, command: Coroutine[Any, Any, None]) -> None:
        run_coroutine(self, command, lambda sentence: self._notices.show_notice("error", sentence, "people"))
