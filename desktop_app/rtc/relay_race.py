"""Several TURN servers, of which the best that answers gives the relay."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .aiortc_internals.relay import Relay, RelayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.core.tasks import TaskOwner

    from .ice_address import ServerAddress
    from .ice_choice import IceChoice

logger = logging.getLogger(__name__)

ALLOCATE_LIMIT_S = 6.0
UNKNOWN_HEAD_START_S, GOOD_HEAD_START_S = 0.1, 0.3
"""How long a server is tried alone before the next one is tried beside it."""


LOSER_LIMIT_S = 1.0
"""How long a server that is still being asked may take, so that its relay can be given back."""


async def first_relay(
    servers: Sequence[ServerAddress], choice: IceChoice | None, losers: TaskOwner
) -> Relay | None:
    """A relay of the first server that gives one; the others are told that theirs are not needed.

    Args:
        servers: best first.
        choice: what is known of them; it is told what was learned.
        losers: owns the giving back of what is not needed.
    """
    asking: dict[asyncio.Task[Relay], ServerAddress] = {}
    left = list(servers)
    try:
        while left or asking:
            if left:
                server = left.pop(0)
                asking[asyncio.create_task(Relay.allocate(server, ALLOCATE_LIMIT_S))] = server
                is_good = choice is not None and choice.is_good(server)
                limit_s: float | None = GOOD_HEAD_START_S if is_good else UNKNOWN_HEAD_START_S
            limit_s = limit_s if left else None
            done, _ = await asyncio.wait(asking, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                server = asking.pop(task)
                error = task.exception()
                if error is None:
                    for loser in asking:
                        losers.spawn(_give_back(loser), name="give-back")
                    asking.clear()
                    return task.result()
                if not isinstance(error, RelayError):
                    raise error
                logger.info("no relay of %s: %s", server.url, error)
                if choice is not None:
                    choice.has_failed(server, str(error))
        return None
    finally:
        for task in asking:
            task.cancel()


async def _give_back(asking: asyncio.Task[Relay]) -> None:
    try:
        done, _ = await asyncio.wait((asking,), timeout=LOSER_LIMIT_S)
    finally:
        asking.cancel()
    if done and asking.exception() is None:
        await asking.result().wait_closed()
