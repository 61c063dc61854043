"""Says, by a sentence and a sound, that a connection was lost and that it is back: to people, and to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.call.events import CallState, CallStateChanged, ParticipantGone, PeerStateChanged
from desktop_app.rtc.state import PeerState

from .names import in_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.call.events import CallEvent

    from .event_sounds import EventSounds
    from .notice_bar import NoticeBar
    from .room_model import RoomModel

SERVER, PEOPLE, BACK = "server-lost", "people-lost", "connection-back"
_SERVER_KEY = ""
"""Among user ids, none of which is empty."""


class ConnectionWatch:
    """Takes in events after the model has them."""

    def __init__(self, model: RoomModel, notices: NoticeBar, sounds: EventSounds) -> None:
        self._model = model
        self._notices = notices
        self._sounds = sounds
        self._lost: dict[str, str] = {}
        """Who is not reached, by user id, in the order of the losses: the name. The server is among them."""

    def take_event(self, event: CallEvent) -> None:
        """Say what an event means for the connections."""
        match event:
            case CallStateChanged(CallState.SERVER_LOST, _, reason):
                words = reason or "The server cannot be reached; the call goes on while it is tried again."
                self._notices.show_notice("warning", words, SERVER)
                self._lose(_SERVER_KEY, "the server")
            case CallStateChanged(CallState.IN_CALL):
                self._notices.remove(SERVER)
                self._find(_SERVER_KEY)
            case CallStateChanged():
                for code in (SERVER, PEOPLE, BACK):
                    self._notices.remove(code)
                self._lost.clear()
            case PeerStateChanged(user_id, PeerState.RECONNECTING):
                person = self._model.people.get(user_id)
                if person is not None:
                    self._lose(user_id, person.name)
            case PeerStateChanged(user_id, PeerState.CONNECTED):
                self._find(user_id)
            case PeerStateChanged(user_id, PeerState.FAILED | PeerState.CLOSED):
                self._forget(user_id)  # the tile says why
            case ParticipantGone(user_id):
                self._forget(user_id)

    def _lose(self, key: str, name: str) -> None:
        if key in self._lost:
            return
        if not self._lost:
            self._sounds.play("lost")
            self._notices.remove(BACK)
        self._lost[key] = name
        self._show_people()

    def _find(self, key: str) -> None:
        if key not in self._lost:
            return
        name = self._lost.pop(key)
        self._show_people()
        text = (
            "The server is back." if key == _SERVER_KEY else f"The connection to {in_sentence(name)} is back."
        )
        self._notices.show_notice("info", text, BACK)
        if not self._lost:
            self._sounds.play("back")

    def _forget(self, key: str) -> None:
        if self._lost.pop(key, None) is not None:
            self._show_people()

    def _show_people(self) -> None:
        names = [name for key, name in self._lost.items() if key != _SERVER_KEY]
        if names:
            self._notices.show_notice("warning", lost_sentence(names), PEOPLE)
        else:
            self._notices.remove(PEOPLE)


def lost_sentence(names: Sequence[str]) -> str:
    """Whom the connection was lost to."""
    whom = in_sentence(names[0]) if len(names) == 1 else f"{len(names)} people"
    return f"The connection to {whom} was lost; it is being made again."
