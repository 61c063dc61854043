"""What a test must not leave behind or let pass: threads, processes, asyncio tasks, unexpected warnings."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
import time
from pathlib import Path

GRACE_S = 5.0
"""How long something that is on its way out may take; a test that leaves nothing waits for nothing."""
_LOOK_AGAIN_S = 0.01
_BY_DESIGN = b"multiprocessing.resource_tracker"  # Python's own helper lives as long as the process


class WarningWatch(logging.Handler):
    """Collects what is logged at WARNING or above and was not expected."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._records: list[logging.LogRecord] = []
        self._expected: list[re.Pattern[str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; any thread."""
        self._records.append(record)

    def expect(self, pattern: str) -> None:
        """Let pass every record whose `logger: message` has a match for the regular expression `pattern`."""
        self._expected.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        """A line for each record that nobody expected, with the last line of its traceback."""
        lines = []
        for record in self._records:
            line = f"{record.name}: {record.getMessage()}"
            if any(pattern.search(line) for pattern in self._expected):
                continue
            if record.exc_info and record.exc_info[1] is not None:
                line += f" [{record.exc_info[1]!r}]"
            lines.append(f"{record.levelname} {line}")
        return lines


def running_threads() -> set[threading.Thread]:
    """The threads that Python started; those of C libraries that called into Python are not ours."""
    foreign = threading._DummyThread
    return {thread for thread in threading.enumerate() if not isinstance(thread, foreign)}


def threads_left(before: set[threading.Thread]) -> list[str]:
    """The names of the threads that came since `before` and do not end within the grace time."""
    deadline = time.monotonic() + GRACE_S
    new = running_threads() - before
    for thread in new:
        thread.join(max(0.0, deadline - time.monotonic()))
    return sorted(thread.name for thread in new if thread.is_alive())


def child_processes() -> set[int]:
    """The process ids of our children; none where the kernel does not list them."""
    found: set[int] = set()
    for listing in Path("/proc/self/task").glob("*/children"):
        try:
            found.update(int(pid) for pid in listing.read_text().split())
        except OSError:
            continue  # the thread has just ended
    return found


def _command_line(pid: int) -> bytes | None:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None


def processes_left(before: set[int]) -> list[str]:
    """The child processes that came since `before` and do not end within the grace time."""
    deadline = time.monotonic() + GRACE_S
    while True:
        left = []
        for pid in child_processes() - before:
            command = _command_line(pid)
            if command is not None and _BY_DESIGN not in command:
                words = command.replace(b"\0", b" ").decode(errors="replace").strip()
                left.append(f"{pid} {words or '(ended, but nobody waited for it)'}")
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(_LOOK_AGAIN_S)


async def tasks_left(before: set[asyncio.Task[object]]) -> list[str]:
    """The tasks of this loop that came since `before` and do not end within the grace time."""
    new = asyncio.all_tasks() - before - {asyncio.current_task()}
    if new:
        await asyncio.wait(new, timeout=GRACE_S)
    return sorted(repr(task) for task in new if not task.done())


def is_root() -> bool:
    """Whether we may do what only root may."""
    return os.name == "posix" and os.geteuid() == 0
