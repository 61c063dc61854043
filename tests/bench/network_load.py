"""CPU and memory of process trees, and of the machine while they were measured."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Load:
    """Of one process tree over an interval; CPU in percent of one core."""

    cpu_pct: float
    memory_mb: float
    """Proportional set size where the system tells it (Linux): what processes share counts once."""


def tree(pid: int) -> list[psutil.Process]:
    """A process and its descendants."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


class LoadMeter:
    """Measures named process trees and the machine from its making to `read`.

    Args:
        pids: the root of each tree.
        own: the name under which to count this process with all of its descendants in no other tree.
    """

    def __init__(self, pids: dict[str, int], own: str) -> None:
        self._pids, self._own = pids, own
        self._begin_s = time.monotonic()
        self._begin = self._cpu_s()
        psutil.cpu_percent()  # the first call only sets the mark

    def read(self) -> tuple[dict[str, Load], float]:
        """The load of each tree, and that of the machine in percent of all its cores."""
        length_s = time.monotonic() - self._begin_s
        now = self._cpu_s()
        loads = {
            name: Load(max(0.0, now[name][0] - self._begin[name][0]) / length_s * 100, now[name][1] / 1e6)
            for name in now
        }
        return loads, float(psutil.cpu_percent())

    def _cpu_s(self) -> dict[str, tuple[float, float]]:
        found: dict[str, tuple[float, float]] = {}
        seen: set[int] = set()
        for name, pid in (*self._pids.items(), (self._own, os.getpid())):
            cpu_s = memory_bytes = 0.0
            for process in tree(pid):
                if process.pid in seen:
                    continue
                seen.add(process.pid)
                with contextlib.suppress(psutil.Error), process.oneshot():
                    times = process.cpu_times()
                    cpu_s += times.user + times.system
                    memory_bytes += _memory_bytes(process)
            found[name] = (cpu_s, memory_bytes)
        return found


def _memory_bytes(process: psutil.Process) -> int:
    return int(process.memory_full_info().pss if psutil.LINUX else process.memory_info().rss)
