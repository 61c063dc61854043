"""The safety code of each participant, and the warning when it becomes another one."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from desktop_app.core.tasks import TaskOwner
from desktop_app.rtc.safety_code import safety_words

from .events import SafetyCodeChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.rtc.patience import Patience

logger = logging.getLogger(__name__)

CALM_S = (2.0, 5.0)
"""A code is for people who have begun to talk. A room that comes together, or changes between mesh and SFU, needs the
processors of all ends at the same moment: computed at once, the codes of four people cost half a second of sound."""
MOST_STAYS = 1000
"""How many stays are remembered after their ends."""
LOOK_S, MOST_WAITS = 1.0, 15
"""A code costs a core 0.3 s: where the computer is short of time one is computed every so many seconds at most."""


class SafetyCodes:
    """One call's. Lives on the engine loop; the codes are computed in a worker, one at a time."""

    def __init__(self, emit: Callable[[SafetyCodeChanged], None], patience: Patience) -> None:
        self._emit = emit
        self._patience = patience
        self._tasks = TaskOwner("safety-codes")
        self._one = asyncio.Lock()
        self._seen: dict[str, tuple[bytes, bytes]] = {}
        """Both certificates by user id, as digests."""
        self._stays: dict[tuple[str, str], bytes] = {}
        """Their certificate by user id and instance. It outlives a `peer-left`: a server that puts somebody in between
        could send one to have the old certificate forgotten."""

    def connected(
        self, user_id: str, certificates: tuple[bytes, bytes] | None, *, instance: str = ""
    ) -> None:
        """A connection to a participant has come up, with these certificates (ours and theirs, DER)."""
        if certificates is None:
            return
        ours, theirs = (hashlib.sha256(each).digest() for each in certificates)
        before = self._seen.get(user_id)
        if before == (ours, theirs):
            return
        self._seen[user_id] = ours, theirs
        known = before[1] if before is not None else self._stays.get((user_id, instance))
        is_other = known is not None and known != theirs
        if instance and (user_id, instance) not in self._stays and len(self._stays) < MOST_STAYS:
            self._stays[user_id, instance] = theirs
        if is_other:
            logger.warning("the DTLS certificate of %s is another one than before", user_id)
        self._tasks.spawn(self._tell(user_id, certificates, is_other=is_other), name="code")

    def gone(self, user_id: str) -> None:
        """They left: who comes under that name again is somebody new, unless their instance is the same."""
        self._seen.pop(user_id, None)

    async def _tell(self, user_id: str, certificates: tuple[bytes, bytes], *, is_other: bool) -> None:
        known = self._seen.get(user_id)
        if not is_other:
            await asyncio.sleep(random.uniform(*CALM_S))
        async with self._one:
            for _ in range(MOST_WAITS):
                if not self._patience.is_short:
                    break
                await asyncio.sleep(LOOK_S)
            if self._seen.get(user_id) != known:
                return
            # A thread of its own, which ends with it: it comes once for each participant.
            worker = ThreadPoolExecutor(1, "safety-code")
            try:
                words = await asyncio.get_running_loop().run_in_executor(worker, safety_words, *certificates)
            finally:
                worker.shutdown(wait=False)
        if self._seen.get(user_id) == known:
            self._emit(SafetyCodeChanged(user_id, words, is_other))

    async def close(self) -> None:
        """End what still computes."""
        await self._tasks.close()
