"""Notice at once that the network of this machine has changed, or that the machine has slept (docs/recovery.md)."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from desktop_app.core.tasks import TaskOwner

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

# linux/netlink.h and linux/rtnetlink.h: links, IPv4 and IPv6 addresses that come, go or change.
_NETLINK_ROUTE = 0
_GROUPS = 0x1 | 0x10 | 0x100
MAX_MESSAGE_BYTES = 65536
MAX_READS = 64
SETTLE_S = 0.05
"""Changes come in groups: link, IPv4, IPv6."""
CLOCK_INTERVAL_S = 1.0
SLEPT_S = 2.0
"""A clock that ran on for so long while this process did not: the machine slept."""


@dataclass(frozen=True, slots=True)
class NetworkChange:
    """What happened."""

    gone: frozenset[str] = frozenset()
    """Addresses of this machine that are not any more."""
    come: frozenset[str] = frozenset()
    slept_s: float = 0.0
    """How long the machine slept; 0: it did not."""


def local_addresses() -> frozenset[str]:
    """The IPv4 and IPv6 addresses of the interfaces that are up, without loopback."""
    states = psutil.net_if_stats()
    found: set[str] = set()
    for name, entries in psutil.net_if_addrs().items():
        if name not in states or not states[name].isup:
            continue
        for entry in entries:
            if entry.family in (socket.AF_INET, socket.AF_INET6):
                address = str(entry.address).partition("%")[0]
                if not address.startswith("127.") and address != "::1":
                    found.add(address)
    return frozenset(found)


def sleep_clock_s() -> float:
    """A clock that runs on while the machine sleeps, minus one that does not, as far as the system has such."""
    boot_clock: int | None = getattr(time, "CLOCK_BOOTTIME", None)  # Linux
    now_s = time.time() if boot_clock is None else time.clock_gettime(boot_clock)
    return now_s - time.monotonic()


class NetworkWatch:
    """Calls `on_change` until closed. Lives on the engine loop.

    On Linux the kernel tells (netlink); elsewhere somebody has to call `look`, as Qt does. A clock that is set is taken
    for sleep where there is nothing better than the wall clock; that only has connections tested.
    """

    def __init__(
        self,
        on_change: Callable[[NetworkChange], None],
        *,
        addresses: Callable[[], frozenset[str]] = local_addresses,
        clock_s: Callable[[], float] = sleep_clock_s,
    ) -> None:
        self._on_change = on_change
        self._addresses = addresses
        self._clock_s = clock_s
        self._loop = asyncio.get_running_loop()
        self._tasks = TaskOwner("network-watch")
        self._known = addresses()
        self._timer: asyncio.TimerHandle | None = None
        self._socket: socket.socket | None = None
        self._listen()
        self._tasks.spawn(self._watch_clock(), name="clock")

    def _listen(self) -> None:
        if not hasattr(socket, "AF_NETLINK"):
            return
        try:
            self._socket = socket.socket(
                socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_ROUTE
            )
            self._socket.bind((0, _GROUPS))
        except OSError:  # not allowed in some containers
            logger.info("the kernel does not tell of changes of the network", exc_info=True)
            self._close_socket()
            return
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket.fileno(), self._told)

    def _told(self) -> None:
        # What it says is not read: the addresses are compared, so that a lost message (ENOBUFS) does no harm either.
        assert self._socket is not None
        for _ in range(MAX_READS):
            try:
                self._socket.recv(MAX_MESSAGE_BYTES)
            except BlockingIOError:
                break
            except OSError:
                logger.debug("messages of netlink were lost", exc_info=True)
                break
        self.look()

    def look(self) -> None:
        """Something may have changed: compare, in a moment."""
        if self._timer is None:
            self._timer = self._loop.call_later(SETTLE_S, self._compare)

    def _compare(self) -> None:
        self._timer = None
        before, self._known = self._known, self._addresses()
        gone, come = before - self._known, self._known - before
        if gone or come:
            logger.info("the network changed: %d addresses gone, %d new", len(gone), len(come))
            self._tell(NetworkChange(gone, come))

    async def _watch_clock(self) -> None:
        before_s = self._clock_s()
        while True:
            await asyncio.sleep(CLOCK_INTERVAL_S)
            now_s = self._clock_s()
            slept_s, before_s = now_s - before_s, now_s
            if slept_s >= SLEPT_S:
                logger.info("the machine slept for %.0f s", slept_s)
                self._tell(NetworkChange(slept_s=slept_s))
                self.look()

    def _tell(self, change: NetworkChange) -> None:
        try:
            self._on_change(change)
        except Exception:
            logger.exception("a change of the network could not be dealt with")

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    async def close(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
        self._close_socket()
        await self._tasks.close()
