"""Keeps the place of whoever lost the connection, and gives it back to them.

What is sent to somebody who is away goes into the outbox of the connection that ended, which is bounded: whoever
overruns it has left. So nothing else on the server needs to know whether somebody is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from desktop_app.protocol.messages import SessionTicket
from desktop_app.protocol.rights import RESUME_CAPABILITY

from .absences import GRACE_S, Absences
from .tickets import digest_of, fits, new_token

if TYPE_CHECKING:
    from desktop_app.protocol.messages import JoinRoom
    from desktop_app.server.rooms import Delivery, Member, Rooms


class Connection(Hashable, Protocol):
    """What this needs of a session."""

    @property
    def waiting_bytes(self) -> int:
        """Of everything that was to be sent and was not."""

    def take_waiting(self) -> list[bytes]:
        """Everything that was to be sent and was not, oldest first."""


C = TypeVar("C", bound=Connection)

MOST_WAITING_BYTES = 64 * 1024 * 1024
"""For all who are away: each may have a megabyte, and a thousand may be away."""
_WEIGHED_AFTER_BYTES = 4 * 1024 * 1024
"""So much may be added until all is counted anew: it takes a millisecond for a thousand."""

_REPEATED = (b'{"type":"signal"', b'{"type":"sfu-')
"""What waits and is sent after a welcome. The outcome of everything else is in the welcome itself."""


class Resuming(Generic[C]):
    """Lives on the server's loop.

    Args:
        rooms: of this server.
        deliver: sends messages to clients.
        pass_on: sends an encoded message to one client.
        retire: ends a connection whose place has another one now.
        on_away: `on_away(member, away)` when somebody goes away, and when they are back.
        on_ticket: told of each member with a new ticket, and of the grace.
        grace_s: how long a place is kept.
    """

    def __init__(
        self,
        rooms: Rooms[C],
        *,
        deliver: Callable[[Sequence[Delivery[C]]], None],
        pass_on: Callable[[C, bytes], None],
        retire: Callable[[C], None],
        on_away: Callable[[Member[C], bool], None],
        on_ticket: Callable[[Member[C], float], None] = lambda _member, _grace_s: None,
        grace_s: float = GRACE_S,
    ) -> None:
        self._rooms = rooms
        self._deliver = deliver
        self._pass_on = pass_on
        self._retire = retire
        self._on_away = on_away
        self._on_ticket = on_ticket
        self._absences: Absences[C] = Absences(grace_s)
        self._timer: asyncio.TimerHandle | None = None
        self._unweighed_bytes = 0

    @property
    def away_count(self) -> int:
        """How many are away now."""
        return sum(self._rooms.room_of(client) is not None for client in self._absences)

    def close(self) -> None:
        """No place is kept any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def ticket(self, client: C) -> SessionTicket | None:
        """What `client` comes back with; None for one that is not capable of it. The one before is worth nothing."""
        member = self._rooms.member_of(client)
        if member is None or RESUME_CAPABILITY not in member.capabilities:
            return None
        token = new_token()
        member.ticket = digest_of(token)
        self._on_ticket(member, self._absences.grace_s)
        return SessionTicket(token, self._absences.grace_s)

    def heard(self, client: C) -> None:
        """`client` has said something, and so it has its welcome: what it came back with works no more."""
        member = self._rooms.member_of(client)
        if member is not None and member.ticket_before:
            member.ticket_before = ""
            self._on_ticket(member, self._absences.grace_s)

    def keep(self, client: C) -> bool:
        """A connection ended without a word; False when nobody is to be waited for."""
        member = self._rooms.member_of(client)
        if member is None or not member.ticket or self._absences.grace_s <= 0:
            return False
        member.is_away = True
        given_up = self._absences.begin(client, asyncio.get_running_loop().time())
        self._on_away(member, True)
        if given_up is not None:
            self._deliver(self._rooms.disconnect(given_up))
        self._set_timer()
        return True

    def waits(self, client: C, size_bytes: int) -> None:
        """A message was queued for `client`, away or not: with too much in all, who has the most has left."""
        if client not in self._absences:
            return
        self._unweighed_bytes += size_bytes
        if self._unweighed_bytes < _WEIGHED_AFTER_BYTES:
            return
        self._unweighed_bytes = 0
        sizes = {each: each.waiting_bytes for each in self._absences}
        over = sum(sizes.values()) - MOST_WAITING_BYTES
        for each in sorted(sizes, key=sizes.__getitem__, reverse=True):
            if over <= 0:
                break
            over -= sizes[each]
            self._absences.end(each)
            each.take_waiting()
            if (member := self._rooms.member_of(each)) is not None:
                member.ticket = member.ticket_before = ""
            asyncio.get_running_loop().call_soon(self._give_up, each)  # we are in the middle of a delivery

    def _give_up(self, client: C) -> None:
        self._deliver(self._rooms.disconnect(client))

    def resume(self, client: C, message: JoinRoom) -> bool:
        """Give `client` the place of the connection before; False when it is a join like any other."""
        if not message.resume or self._rooms.member_of(client) is not None:
            return False
        member = self._rooms.find(message.room_id, message.user_id)
        if member is None or member.client is None or member.info.instance != message.instance:
            return False
        if not (fits(message.resume, member.ticket) or fits(message.resume, member.ticket_before)):
            return False
        before = member.client
        waiting = before.take_waiting()
        self._absences.end(before)
        welcome, *news = self._rooms.take_over(member, client, message)
        self._retire(before)
        self._deliver([welcome])
        self.repeat(client, waiting)
        self._deliver(news)
        if self._rooms.member_of(client) is member:
            self._on_away(member, False)
        return True

    def leave_to_another(self, client: C) -> list[bytes]:
        """`client` has come back by another server: end it; returns what that one shall pass on."""
        waiting = client.take_waiting()
        self._absences.end(client)
        self._retire(client)
        return [each for each in waiting if each.startswith(_REPEATED)]

    def repeat(self, client: C, waiting: Sequence[bytes]) -> None:
        """Send what waited for somebody who is back."""
        for each in waiting:
            if each.startswith(_REPEATED):
                self._pass_on(client, each)

    def _look(self) -> None:
        self._timer = None
        for client in self._absences.take_due(asyncio.get_running_loop().time()):
            self._deliver(self._rooms.disconnect(client))
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is None and (next_s := self._absences.next_s) is not None:
            self._timer = asyncio.get_running_loop().call_at(next_s + 0.001, self._look)
