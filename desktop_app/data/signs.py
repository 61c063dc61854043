"""Reactions, shown for a moment, and the raised hand, which newcomers see too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.core.errors import UserFacingError

from .channels import CONTROL
from .events import HandChanged, ReactionShown
from .messages.control import Hand, Hello, Reaction
from .port import Service
from .rate import TokenBucket
from .text import is_emoji

if TYPE_CHECKING:
    from collections.abc import Callable

    from .events import DataEvent
    from .messages.base import Message
    from .port import Link

SIGNS_PER_S, SIGNS_BURST = 3.0, 12.0
"""From one participant, oneself among them."""


class SignError(UserFacingError):
    """A reaction that cannot be shown."""

    code = "reaction"


class SignService(Service):
    """Lives on the engine loop as long as a call."""

    def __init__(self, *, emit: Callable[[DataEvent], None], now_s: Callable[[], float]) -> None:
        self._emit = emit
        self._now_s = now_s
        self._links: dict[str, Link] = {}
        self._rates: dict[str, TokenBucket] = {}
        self._own = self._new_rate()
        self._raised: set[str] = set()
        self.hand_raised = False
        """One's own hand."""

    @property
    def capability(self) -> str:
        """Its word in the hello."""
        return "reactions"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its channel."""
        return (CONTROL.label,)

    def _new_rate(self) -> TokenBucket:
        return TokenBucket(SIGNS_PER_S, SIGNS_BURST, self._now_s)

    # --- our own --------------------------------------------------------------------------------

    def react(self, emoji: str) -> None:
        """Show a reaction to everybody; more than a few a second are not shown.

        Raises:
            SignError: it is not an emoji.
        """
        if not is_emoji(emoji):
            raise SignError("A reaction must be an emoji.")
        if self._own.take():
            self._emit(ReactionShown("", emoji))
            self._send(Reaction(emoji=emoji))

    def raise_hand(self, raised: bool) -> None:
        """Raise one's hand, or take it down."""
        if raised != self.hand_raised:
            self.hand_raised = raised
            self._emit(HandChanged("", raised))
            self._send(Hand(raised=raised))

    def _send(self, message: Message) -> None:
        for link in self._links.values():
            if link.is_ready:  # a later hello tells of the hand, and a later reaction nobody needs
                link.send(CONTROL.label, message)

    # --- others' --------------------------------------------------------------------------------

    def link_ready(self, link: Link) -> None:
        """Their hello, which follows, tells of their hand."""
        if self._links.get(link.user_id) is not link:
            self._links[link.user_id] = link
            self._rates[link.user_id] = self._new_rate()

    def link_lost(self, link: Link) -> None:
        """Their hand stays as it was."""

    def link_gone(self, link: Link) -> None:
        """They left, and their hand with them."""
        if self._links.get(link.user_id) is link:
            del self._links[link.user_id], self._rates[link.user_id]
            self._hand(link.user_id, raised=False)

    def received(self, link: Link, message: Message) -> None:
        """A message of the control channel."""
        user_id = link.user_id
        if isinstance(message, Hello):
            self._hand(user_id, raised=message.hand_raised)
            return
        rate = self._rates.get(user_id)
        if rate is None or not rate.take():
            link.count_dropped(CONTROL.label, "flood")
        elif isinstance(message, Hand):
            self._hand(user_id, raised=message.raised)
        elif isinstance(message, Reaction) and is_emoji(message.emoji):
            self._emit(ReactionShown(user_id, message.emoji))
        else:
            link.count_dropped(CONTROL.label, "no-emoji")

    def _hand(self, user_id: str, *, raised: bool) -> None:
        if raised != (user_id in self._raised):
            (self._raised.add if raised else self._raised.discard)(user_id)
            self._emit(HandChanged(user_id, raised))

    def received_bulk(self, link: Link, data: bytes) -> None:
        """Signs have no binary channel."""

    def bulk_drained(self, link: Link) -> None:
        """Signs have no binary channel."""

    def dropped(self, link: Link, message: Message) -> None:
        """A sign that comes late is worth nothing, and the next hello tells of the hand."""

    async def close(self) -> None:
        """Nothing of it outlives the call."""
