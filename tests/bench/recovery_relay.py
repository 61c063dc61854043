"""The direct path is blocked in mid-call, for good, and a TURN server is there."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.turn_server import SECRET, TurnServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.netlab import NetLab

    from .recovery_call import Going


@contextmanager
def turn_options(folder: Path, lab: NetLab, *, has_turn: bool) -> Iterator[tuple[str, ...]]:
    """What the signaling server on host c is started with; coturn runs beside it."""
    if not has_turn:
        yield ()
        return
    prefix = tuple(lab.command("c", []))
    with TurnServer(folder, lab.address("c"), prefix=prefix, rest_api=True) as turn:
        yield "--turn-server", f"{turn.url()},{SECRET}"


async def direct_path_blocked(going: Going) -> float:
    """Seconds from the last packet on the direct path to the pictures of both through the relay."""
    await going.say("before")
    blocked_s = time.monotonic()
    going.lab.set("a-b", block=1)
    back_s = await going.back_s(blocked_s)
    await going.say("after")
    return back_s
