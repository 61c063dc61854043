"""What a packet costs, counted and not timed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from desktop_app.rtc import sctp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

FOLDER = sctp.__path__[0]


class Steps:
    """How many instructions of rtc/sctp/ were executed."""

    def __init__(self) -> None:
        self.count = 0


@contextmanager
def counted() -> Iterator[Steps]:
    """Count what is executed within."""
    steps = Steps()

    def step(_frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        steps.count += event == "opcode"
        return step

    def enter(frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        frame.f_trace_opcodes = True
        return step

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield steps
    finally:
        sys.settrace(before)
