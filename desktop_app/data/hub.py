"""All links of a call, and the services that they share messages out to."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .channels import OWN_CHUNK_BYTES
from .link import ParticipantLink
from .messages.control import Hello

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .port import Service

logger = logging.getLogger(__name__)


class DataHub:
    """Lives on the engine loop as long as a call."""

    def __init__(
        self,
        services: Sequence[Service],
        *,
        now_s: Callable[[], float],
        now_ms: Callable[[], float],
        hand_raised: Callable[[], bool] = lambda: False,
        on_left: Callable[[str], None] = lambda _user_id: None,
    ) -> None:
        """`hand_raised` goes into each hello; `on_left` is told of everybody who leaves, links or not."""
        self._services = tuple(services)
        self._now_s = now_s
        self._now_ms = now_ms
        self._hand_raised = hand_raised
        self._on_left = on_left
        self._links: dict[str, ParticipantLink] = {}

    @property
    def links(self) -> Mapping[str, ParticipantLink]:
        """By user id: of everybody in the room."""
        return self._links

    def join(self, user_id: str) -> ParticipantLink:
        """A participant is in the room; one who is there already keeps the link."""
        link = self._links.get(user_id)
        if link is None:
            link = ParticipantLink(
                user_id, self._services, hello=self._hello, now_s=self._now_s, now_ms=self._now_ms
            )
            self._links[user_id] = link
        return link

    def leave(self, user_id: str) -> None:
        """A participant left the room; harmless for one who was not there."""
        link = self._links.pop(user_id, None)
        if link is not None:
            link.end()
            self._on_left(user_id)

    async def close(self) -> None:
        """The call is over: end the links, then the services."""
        for user_id in tuple(self._links):
            self.leave(user_id)
        results = await asyncio.gather(
            *(service.close() for service in self._services), return_exceptions=True
        )
        for service, result in zip(self._services, results, strict=True):
            if isinstance(result, Exception):
                logger.error("%s did not end cleanly", service.capability, exc_info=result)

    def _hello(self) -> Hello:
        return Hello(
            capabilities=tuple(service.capability for service in self._services),
            chunk_bytes=OWN_CHUNK_BYTES,
            hand_raised=self._hand_raised(),
        )
