"""What participants say to each other directly in one call: the services, and the links that carry them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from desktop_app.data.chat import ChatService
from desktop_app.data.hub import DataHub
from desktop_app.data.signs import SignService

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.data.events import DataEvent
    from desktop_app.data.port import Service


def _now_ms() -> float:
    return time.time() * 1000


class CallData:
    """Made when a call begins, closed when it ends. Lives on the engine loop."""

    def __init__(self, user_id: str, *, name: Callable[[], str], emit: Callable[[DataEvent], None]) -> None:
        """`user_id` is ours, and `name` tells what we are called now."""
        self.signs = SignService(emit=emit, now_s=time.monotonic)
        self.chat = ChatService(
            user_id,
            name=name,
            links=lambda: self.hub.links,
            emit=emit,
            now_s=time.monotonic,
            now_ms=_now_ms,
        )
        services: tuple[Service, ...] = (self.chat, self.signs)
        self.hub = DataHub(
            services,
            now_s=time.monotonic,
            now_ms=_now_ms,
            hand_raised=lambda: self.signs.hand_raised,
            on_left=self.chat.participant_left,
        )

    async def close(self) -> None:
        """End the links and the services."""
        await self.hub.close()
