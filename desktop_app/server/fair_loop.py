"""An event loop that looks at few connections at a time.

One message takes several turns of asyncio's loop: it is read in one, acted upon in the next, written in a third.
asyncio takes up in one turn whatever is ready. With thousands of connections that all want something a turn takes a
second, and the message of somebody in a call three of them. With few in a turn it waits once: Linux hands out what is
ready in the order in which it became so, each behind those that were not asked yet (epoll(7)).
"""

from __future__ import annotations

import asyncio
import select
import selectors
import sys
from typing import Any

AT_A_TIME = 16
"""Some 10 ms of work, when each of them has messages and others are let in."""

if sys.platform == "linux":

    class FewAtATime:
        """An epoll that names no more than AT_A_TIME at once."""

        def __init__(self) -> None:
            self._epoll = select.epoll()

        def poll(self, timeout: float, maxevents: int) -> list[tuple[int, int]]:
            """As select.epoll.poll."""
            return self._epoll.poll(timeout, min(maxevents, AT_A_TIME))

        def __getattr__(self, name: str) -> Any:
            return getattr(self._epoll, name)

    class FairSelector(selectors.EpollSelector):
        """Which connections are ready, a few at a time. A private name read in Python 3.11 to 3.13."""

        _selector_cls = FewAtATime


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop for a server; the system's usual one where there is no epoll."""
    return asyncio.SelectorEventLoop(FairSelector()) if sys.platform == "linux" else asyncio.new_event_loop()
