"""What servers that share rooms tell each other, and what one server does alone when it shares none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.protocol.json_value import JsonValue

    Message = dict[str, JsonValue]
    Listener = Callable[[str, Message], None]


class RoomBus(Protocol):
    """One server's end. Everything is called on the server's loop and returns at once.

    A room has one leader among the servers that have participants of it: it decides for the room (topology, active
    speaker, SFU node). Another one takes over when it is gone, with what was stored.
    """

    def is_leader(self, room_id: str) -> bool:
        """Whether this server decides for the room now."""

    def publish(self, room_id: str, message: Message) -> None:
        """Tell every server that has participants of the room, this one included, in one order for all."""

    def subscribe(self, listener: Listener) -> None:
        """Call `listener(room_id, message)` for everything that is published from now on."""

    def store(self, room_id: str, values: Message) -> None:
        """Keep for a leader who takes over; in place of what was kept before. Forgotten with the room."""

    def stored(self, room_id: str) -> Message:
        """What was stored last, by whichever server; empty when nothing was."""

    def on_leader(self, listener: Callable[[str], None]) -> None:
        """Call `listener(room_id)` when this server has become the room's leader in place of another."""

    def on_stored(self, listener: Callable[[str, bool], None]) -> None:
        """Call `listener(room_id, resumed)` when another server has stored something; `resumed` after an
        interruption, when anything that was published may have been missed."""

    def forget(self, room_id: str) -> None:
        """This server has nobody in the room any more."""


class LocalBus:
    """Implements RoomBus for a server that runs alone."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._stored: dict[str, Message] = {}

    def is_leader(self, room_id: str) -> bool:
        """Always."""
        return True

    def publish(self, room_id: str, message: Message) -> None:
        """Tell ourselves."""
        for listener in self._listeners:
            listener(room_id, message)

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` for everything that is published."""
        self._listeners.append(listener)

    def store(self, room_id: str, values: Message) -> None:
        """Keep it as long as the room."""
        self._stored[room_id] = values

    def stored(self, room_id: str) -> Message:
        """What was stored last."""
        return self._stored.get(room_id, {})

    def on_leader(self, listener: Callable[[str], None]) -> None:
        """Never happens."""

    def on_stored(self, listener: Callable[[str, bool], None]) -> None:
        """Never happens."""

    def forget(self, room_id: str) -> None:
        """The room is empty."""
        self._stored.pop(room_id, None)
