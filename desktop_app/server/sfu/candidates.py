"""The candidates that a participant trickles for one connection (RFC 8838), bounded and one at a time."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

from desktop_app.server.janus.client import JanusError

if TYPE_CHECKING:
    from desktop_app.core.tasks import TaskOwner
    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.server.janus.client import Handle

logger = logging.getLogger(__name__)

MAX_CANDIDATES = 100
"""Of one connection: more are left out."""
MAX_CHARS = 1000
_FIELDS = ("candidate", "sdpMid", "sdpMLineIndex")


class Candidates:
    """Keeps what comes before there is a handle that takes it."""

    def __init__(self, tasks: TaskOwner) -> None:
        self._tasks = tasks
        self._handle: Handle | None = None
        self._waiting: deque[JsonValue] = deque()
        self._count = 0
        self._busy = False

    def put(self, candidate: JsonValue) -> None:
        """Pass it on when that is possible; None, or an empty one, is the end of them."""
        if candidate is not None and not isinstance(candidate, dict):
            return
        kept: dict[str, JsonValue] = {}
        for name in _FIELDS:
            value = (candidate or {}).get(name)
            if isinstance(value, int) or (isinstance(value, str) and len(value) <= MAX_CHARS):
                kept[name] = value
        self._count += 1
        if self._count <= MAX_CANDIDATES:
            self._waiting.append(kept if kept.get("candidate") else None)
            self._go_on()

    def open(self, handle: Handle) -> None:
        """From now on this one takes them."""
        self._handle = handle
        self._go_on()

    def _go_on(self) -> None:
        if self._handle is not None and self._waiting and not self._busy:
            self._busy = True
            self._tasks.spawn(self._trickle(self._handle), name="trickle")

    async def _trickle(self, handle: Handle) -> None:
        try:
            while self._waiting:
                await handle.trickle(self._waiting.popleft())
        except JanusError as error:
            logger.debug("a candidate was refused: %s", error)
        finally:
            self._busy = False
