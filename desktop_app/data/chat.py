"""Chat: lines to everybody or to one participant, who has them, and their history.

What may be believed: a live line is from the participant whose channel it came through. The history may name
anybody, since it is there to bring what others said; but it changes no line that is here, brings no line of
others' private talk, and none of our own that was said after this call began for us: those we know better. Older
ones of our own it may bring back, for a participant who was started anew under the same name.
"""

from __future__ import annotations

import logging
import secrets
from asyncio import Event
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from desktop_app.core.errors import UserFacingError

from .channels import CHAT
from .chat_history import MAX_RECEIVERS, ChatHistory, HeldLine, in_messages
from .events import ChatLineChanged
from .messages import chat as wire
from .port import Service
from .rate import TokenBucket
from .text import clean_name, clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .events import ChatEntry, DataEvent
    from .messages.base import Message
    from .port import Link

logger = logging.getLogger(__name__)

CLOCK_TOLERANCE_MS = 60_000.0
"""A participant's clock that is farther off is not believed."""
MAX_AGE_MS = 7 * 24 * 3600 * 1000.0
LINES_PER_S, LINES_BURST = 20.0, 500.0
"""From one participant."""
OWN_LINES_PER_S, OWN_LINES_BURST = 15.0, 400.0
HISTORY_PER_S, HISTORY_BURST = 50.0, 4500.0
"""Three whole histories."""
MAX_NAME_CHARS = 80


class ChatError(UserFacingError):
    """A line that cannot be said."""

    code = "chat"


@dataclass(slots=True)
class _Talk:
    """What there is with one participant who understands chat, until they leave."""

    link: Link
    lines: TokenBucket
    history: TokenBucket
    sent: set[str] = field(default_factory=set)
    """On this connection."""
    told_known: bool = False
    """They have said what they know, on this connection."""


class ChatService(Service):
    """Lives on the engine loop as long as a call."""

    def __init__(
        self,
        user_id: str,
        *,
        name: Callable[[], str],
        links: Callable[[], Mapping[str, Link]],
        emit: Callable[[DataEvent], None],
        now_s: Callable[[], float],
        now_ms: Callable[[], float],
    ) -> None:
        """`links` are those of everybody in the room, by user id; `now_s` is monotonic, `now_ms` Unix time."""
        self._me = user_id
        self._name = name
        self._links = links
        self._emit = emit
        self._now_s = now_s
        self._now_ms = now_ms
        self._began_ms = now_ms()
        self._history = ChatHistory()
        self._talks: dict[str, _Talk] = {}
        self._own = TokenBucket(OWN_LINES_PER_S, OWN_LINES_BURST, now_s)
        self.somebody = Event()
        """Set when there is somebody who chats, for the first time."""

    @property
    def capability(self) -> str:
        """Its word in the hello."""
        return "chat"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its channel."""
        return (CHAT.label,)

    def entries(self) -> list[ChatEntry]:
        """All lines that are held, in order."""
        return [line.entry() for line in self._history]

    # --- saying ---------------------------------------------------------------------------------

    def say(self, text: str, to: str | None = None) -> ChatEntry:
        """Say a line to everybody, or to one participant.

        Raises:
            ChatError: it is empty or too long, they are not in the call, or it is too much at once.
        """
        text = self._checked(text, to)
        sent_ms = self._now_ms()
        if self._history.newest_ms < sent_ms + CLOCK_TOLERANCE_MS / 2:
            # After what it answers, also when the other's clock is somewhat ahead of ours.
            sent_ms = max(sent_ms, self._history.newest_ms + 0.001)
        line = self._history.add(
            wire.WireLine(
                id=secrets.token_hex(16),
                author=self._me,
                author_name=self._name()[:MAX_NAME_CHARS],
                text=text,
                sent_ms=sent_ms,
                to=to,
            ),
            own=True,
        )
        if line is None:
            raise ChatError("This message could not be sent; try again.")  # 16 random bytes were not new
        line.receivers = dict.fromkeys([to] if to is not None else self._talks, "waiting")
        line.present = frozenset(self._links())
        for user_id in line.receivers:
            if user_id in self._talks:
                self._send(self._talks[user_id], line)
        self._changed(line)
        return line.entry()

    def _checked(self, text: str, to: str | None) -> str:
        text = clean_text(text)
        if not text:
            raise ChatError("There is nothing to send.", code="chat-empty")
        if len(text) > wire.MAX_LINE_CHARS:
            raise ChatError(
                f"A message may have {wire.MAX_LINE_CHARS:,} characters; this one has {len(text):,}.",
                code="chat-too-long",
            )
        if to is not None:
            link = None if to == self._me else self._links().get(to)
            if link is None:
                raise ChatError("This participant is not in the call.", code="chat-unknown-recipient")
            if link.is_ready and not link.understands(self.capability):
                raise ChatError("This participant's program has no chat.", code="chat-unknown-recipient")
        if not self._own.take():
            raise ChatError("That was too much at once; wait a moment.", code="chat-too-fast")
        return text

    def _send(self, talk: _Talk, line: HeldLine) -> None:
        if talk.link.is_ready and line.receivers.get(talk.link.user_id) != "delivered":
            line.receivers[talk.link.user_id] = "sent"
            talk.sent.add(line.wire.id)
            talk.link.send(CHAT.label, wire.ChatLine(line=line.wire))

    def _changed(self, line: HeldLine) -> None:
        self._emit(ChatLineChanged(line.entry()))

    # --- participants ---------------------------------------------------------------------------

    def link_ready(self, link: Link) -> None:
        """Say what we have, and once more what they may not have got of ours."""
        talk = self._talks.get(link.user_id)
        if talk is None or talk.link is not link:
            talk = self._talks[link.user_id] = _Talk(
                link,
                TokenBucket(LINES_PER_S, LINES_BURST, self._now_s),
                TokenBucket(HISTORY_PER_S, HISTORY_BURST, self._now_s),
            )
        talk.sent, talk.told_known = set(), False
        ours = [line for line in self._history if line.concerns(self._me, link.user_id)]
        link.send(CHAT.label, wire.ChatKnown(ids=tuple(line.wire.id for line in ours[-wire.MAX_KNOWN_IDS :])))
        for line in ours:
            if link.user_id in line.present:
                line.receivers.setdefault(link.user_id, "waiting")  # it was said before we could tell them
            if line.own and line.receivers.get(link.user_id, "delivered") != "delivered":
                self._send(talk, line)
                self._changed(line)
        self.somebody.set()

    def link_lost(self, link: Link) -> None:
        """What they did not confirm waits for the next connection."""
        for line in self._history:
            if line.receivers.get(link.user_id) == "sent":
                line.receivers[link.user_id] = "waiting"
                self._changed(line)

    def link_gone(self, link: Link) -> None:
        """They left."""
        talk = self._talks.get(link.user_id)
        if talk is not None and talk.link is link:
            del self._talks[link.user_id]
        self.participant_left(link.user_id)

    def participant_left(self, user_id: str) -> None:
        """Somebody left, who may never have had a connection: what was for them alone has failed."""
        for line in self._history:
            if line.receivers.get(user_id, "delivered") in ("delivered", "failed"):
                continue
            if line.wire.to is None:
                del line.receivers[user_id]
            else:
                line.receivers[user_id] = "failed"
            self._changed(line)

    async def close(self) -> None:
        """Nothing of it outlives the call."""

    # --- receiving ------------------------------------------------------------------------------

    def received(self, link: Link, message: Message) -> None:
        """A message of the chat channel."""
        talk = self._talks.get(link.user_id)
        if talk is None:
            return
        match message:
            case wire.ChatLine(line=line):
                self._take_line(talk, message, line)
            case wire.ChatHistory(lines=lines):
                self._take_history(talk, message, lines)
            case wire.ChatReceived(ids=ids):
                self._confirm(link.user_id, ids)
            case wire.ChatKnown(ids=ids) if not talk.told_known:
                talk.told_known = True
                self._confirm(link.user_id, ids)
                self._send_missing(talk, set(ids))
            case wire.ChatKnown():
                link.count_dropped(CHAT.label, "repeated")

    def received_bulk(self, link: Link, data: bytes) -> None:
        """Chat has no binary channel."""

    def bulk_drained(self, link: Link) -> None:
        """Chat has no binary channel."""

    def dropped(self, link: Link, message: Message) -> None:
        """It was not sent after all: at the latest the next connection brings it."""
        talk = self._talks.get(link.user_id)
        if talk is None:
            return
        lines = (
            (message.line,)
            if isinstance(message, wire.ChatLine)
            else message.lines
            if isinstance(message, wire.ChatHistory)
            else ()
        )
        for each in lines:
            talk.sent.discard(each.id)
            line = self._history.get(each.id)
            if line is not None and line.receivers.get(link.user_id) == "sent":
                line.receivers[link.user_id] = "waiting"
                self._changed(line)

    def _take_line(self, talk: _Talk, message: Message, line: wire.WireLine) -> None:
        link = talk.link
        if line.author != link.user_id or line.to not in (None, self._me):
            link.count_dropped(CHAT.label, "not-theirs")
            return
        if not talk.lines.take():
            link.count_dropped(CHAT.label, "flood")
            return
        if self._hold(link, message, line, from_history=False):
            link.send(CHAT.label, wire.ChatReceived(ids=(line.id,)))

    def _take_history(self, talk: _Talk, message: Message, lines: tuple[wire.WireLine, ...]) -> None:
        link = talk.link
        if not lines:
            return
        if not talk.history.take(len(lines)):
            link.count_dropped(CHAT.label, "flood")
            return
        ids = tuple(line.id for line in lines if self._hold(link, message, line, from_history=True))
        if ids:
            link.send(CHAT.label, wire.ChatReceived(ids=ids))

    def _hold(self, link: Link, message: Message, line: wire.WireLine, *, from_history: bool) -> bool:
        """Whether the line is here now, or was."""
        first_hand = line.author == link.user_id
        held = self._history.get(line.id)
        if held is not None and first_hand and held.wire.author != line.author:
            link.count_dropped(
                CHAT.label, "id-taken"
            )  # not confirmed: the author is not to think it were here
            return False
        if self._history.had(line.id) and (held is None or held.first_hand or not first_hand):
            return True
        text = clean_text(line.text)
        between_us = {line.author, line.to} == {self._me, link.user_id}
        sent_ms = self._believable_ms(message, line.sent_ms)
        own = line.author == self._me
        if not text or (line.to is not None and not between_us) or (own and sent_ms >= self._began_ms):
            link.count_dropped(CHAT.label, "not-theirs" if text else "empty")
            return False
        if self._history.is_too_old(line):
            if from_history:
                return True  # newer ones have taken its place
            sent_ms = self._now_ms()
        line = msgspec.structs.replace(
            line, text=text, author_name=clean_name(line.author_name), sent_ms=sent_ms
        )
        held = self._history.add(line, own=own, from_history=from_history, first_hand=first_hand)
        if held is not None:
            held.restored = own
            self._changed(held)
        return True

    def _believable_ms(self, message: Message, sent_ms: float) -> float:
        """When a line was said, by our own clock where theirs is far off: their message tells the line's age."""
        now_ms = self._now_ms()
        if message.t and abs(now_ms - message.t) > CLOCK_TOLERANCE_MS:
            sent_ms = now_ms - (message.t - sent_ms)
        if sent_ms > now_ms + CLOCK_TOLERANCE_MS:
            return now_ms
        return max(sent_ms, now_ms - MAX_AGE_MS)

    def _confirm(self, user_id: str, ids: Iterable[str]) -> None:
        """They have these lines; only of ours does it mean something."""
        for line_id in ids:
            line = self._history.get(line_id)
            if (
                line is not None
                and line.own
                and not line.restored
                and line.concerns(self._me, user_id)
                and line.receivers.get(user_id) != "delivered"
                and (user_id in line.receivers or len(line.receivers) < MAX_RECEIVERS)
            ):
                line.receivers[user_id] = "delivered"
                self._changed(line)

    def _send_missing(self, talk: _Talk, known: set[str]) -> None:
        missing = [
            line
            for line in self._history
            if line.wire.id not in known
            and line.wire.id not in talk.sent
            and line.concerns(self._me, talk.link.user_id)
        ]
        for lines in in_messages(missing):
            talk.sent.update(line.id for line in lines)
            talk.link.send(CHAT.label, wire.ChatHistory(lines=lines))
