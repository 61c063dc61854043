"""What the bot says in the chat, and what it prints of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desktop_app.core.errors import UserFacingError
from desktop_app.data.events import ChatLineChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.call.events import CallEvent
    from desktop_app.call.session import Session


class Talk:
    """Lives on the bot's loop."""

    def __init__(self, session: Session, write: Callable[..., None]) -> None:
        self._session = session
        self._write = write
        session.events.subscribe(self._report)

    async def say_when_heard(self, text: str) -> None:
        """Say it to everybody once there is somebody who chats."""
        await self._session.data.chat.somebody.wait()
        self.say(text, None)

    def say(self, text: str, to: str | None) -> None:
        """Say it to everybody, or to one participant; an `error` event tells why it could not be said."""
        try:
            self._session.data.chat.say(text, to)
        except UserFacingError as error:
            self._write("error", code=error.code, message=str(error))

    def _report(self, event: CallEvent) -> None:
        if not isinstance(event, ChatLineChanged):
            return
        entry = event.entry
        line: dict[str, Any] = {"text": entry.text, "to": entry.to, "id": entry.id}
        if entry.own:
            state = {"state": entry.state, "delivered": entry.delivered, "recipients": entry.recipients}
            self._write("said", **line, **state)
        else:
            self._write("chat", **{"from": entry.author}, **line, history=entry.from_history)
