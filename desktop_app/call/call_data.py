"""What participants say to each other directly in one call: the services, and the links that carry them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from desktop_app.data.hub import DataHub

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.data.events import DataEvent
    from desktop_app.data.port import Service


def _now_ms() -> float:
    return time.time() * 1000


class CallData:
    """Made when a call begins, closed when it ends. Lives on the engine loop."""

    def __init__(self, emit: Callable[[DataEvent], None]) -> None:
        services: tuple[Service, ...] = ()
        self.hub = DataHub(services, now_s=time.monotonic, now_ms=_now_ms)

    async def close(self) -> None:
        """End the links and the services."""
        await self.hub.close()
