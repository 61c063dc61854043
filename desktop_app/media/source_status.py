"""What a source or sink says of itself, the same for video and audio."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

logger = logging.getLogger(__name__)


class SourceState(StrEnum):
    """Off, being opened, delivering, or failed (and trying again by itself)."""

    OFF = "off"
    OPENING = "opening"
    LIVE = "live"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """`message` is one sentence for the person when the state is `failed`, else empty."""

    state: SourceState
    message: str = ""


StatusListener: TypeAlias = Callable[[SourceStatus], None]


class StatusReporter:
    """Tells one listener of changes, never the same status twice in a row; a listener that raises is logged."""

    def __init__(self, name: str, listener: StatusListener) -> None:
        self._name = name
        self._listener = listener
        self._lock = threading.Lock()
        self._last = SourceStatus(SourceState.OFF)

    @property
    def state(self) -> SourceState:
        """The state reported last."""
        return self._last.state

    def report(self, state: SourceState, message: str = "") -> None:
        """Report `state` when it differs from the last report, on the calling thread."""
        status = SourceStatus(state, message)
        with self._lock:
            if status == self._last:
                return
            logger.info("%s: %s -> %s %s", self._name, self._last.state, state, message)
            self._last = status
        try:
            self._listener(status)
        except Exception:  # a broken listener must not end the source's thread
            logger.exception("the status listener of %s failed", self._name)
