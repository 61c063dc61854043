"""The way back from a relay to a direct path of the same connection. Private names read in aioice 0.13.0.

The pairs that ICE once found, or did not, are asked again beside the one in use, which carries media meanwhile. When
one answers, and goes on to answer at once, the controlling end nominates it: both ends send on it from then on.
Nothing is negotiated, and nothing is lost: what is on its way through the relay still arrives.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from aioice.ice import CandidatePair, sort_candidate_pairs

from . import other_paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioice import stun
    from aioice.ice import StunProtocol
    from aiortc.rtcicetransport import RTCIceTransport

logger = logging.getLogger(__name__)

TRIAL_S = 3.0
"""Each pair is asked at 0, 0.5 and 1.5 s (RFC 8489 6.2.1): long enough for both ends to open their NATs."""
PROOFS, PROOF_S, PROOF_LIMIT_S = 4, 0.2, 0.45
"""So many more answers are wanted, so far apart, and none of them to a repeated question."""
MOST_MISSED = 2
"""Answers that may be late or lost before the path is not good enough."""


def is_relayed(transport: RTCIceTransport) -> bool:
    """Whether a relay is between the two ends, on either side; False while there is no path."""
    connection: Any = transport._connection
    used = connection._nominated.get(1)
    return used is not None and _has_relay(connection, used.protocol, used.remote_addr)


def watch(connection: Any, on_heard: Callable[[], None]) -> None:
    """Keep the choice of the path with the end whose it is, and tell `on_heard` of checks that came past the relay.

    aioice answers every check of the far end with a nomination of its own when it is controlling. So a browser that
    keeps a spare pair by a relay alive would bring a direct connection to the relay.
    """
    usual = connection.check_incoming

    def check_incoming(message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        used = connection._nominated.get(1)
        if connection._check_list_done and used is not None:
            is_by_relay = _has_relay(connection, protocol, addr)
            is_used_by_relay = _has_relay(connection, used.protocol, used.remote_addr)
            if is_used_by_relay and not is_by_relay:
                on_heard()
            is_other = is_by_relay is not is_used_by_relay
            if (
                connection.ice_controlling
                and is_other
                and not other_paths.is_chosen(connection, protocol, addr)
            ):
                return
        usual(message, addr, protocol)

    connection.check_incoming = check_incoming


async def take_direct(transport: RTCIceTransport) -> bool:
    """Ask the direct pairs; True when the connection goes over to one of them.

    The end that does not choose asks as well: it opens its NAT for the other one, which begins when it hears of it.
    """
    connection: Any = transport._connection
    pairs = _direct_pairs(connection)
    if not pairs or not is_relayed(transport):
        return False
    checks = [asyncio.create_task(other_paths.check(connection, pair, nominate=False)) for pair in pairs]
    first: CandidatePair | None = None
    try:
        async with asyncio.timeout(TRIAL_S):
            for finished in asyncio.as_completed(checks):
                answered = await finished
                if answered is not None and connection.ice_controlling:
                    first = answered
                    break
    except TimeoutError:
        pass
    finally:
        for task in checks:
            task.cancel()
        await asyncio.gather(*checks, return_exceptions=True)
    if first is None or not await _proves_itself(connection, first) or not is_relayed(transport):
        return False
    if await other_paths.check(connection, first, nominate=True) is None:
        return False
    other_paths.take(connection, first)
    return True


async def _proves_itself(connection: Any, pair: CandidatePair) -> bool:
    proofs = missed = 0
    while proofs < PROOFS and missed <= MOST_MISSED:
        await asyncio.sleep(PROOF_S)
        try:
            async with asyncio.timeout(PROOF_LIMIT_S):
                answered = await other_paths.check(connection, pair, nominate=False)
        except TimeoutError:
            answered = None
        proofs, missed = proofs + (answered is not None), missed + (answered is None)
    return proofs >= PROOFS


def _has_relay(connection: Any, protocol: StunProtocol, remote: tuple[str, int]) -> bool:
    # The far end's relay may have been met before its candidate came, and is "prflx" then: the address tells.
    local: Any = protocol.local_candidate
    return local.type == "relay" or any(
        each.type == "relay" and (each._network_host, each.port) == remote
        for each in connection._remote_candidates
    )


def _direct_pairs(connection: Any) -> list[CandidatePair]:
    if connection._closing or connection.remote_password is None:
        return []
    found = []
    for protocol in connection._protocols:
        if protocol.transport.is_closing():
            continue
        for remote in connection._remote_candidates:
            if not protocol.local_candidate.can_pair_with(remote):
                continue
            known: CandidatePair | None = connection._find_pair(protocol, remote)
            pair = CandidatePair(protocol, remote) if known is None else known
            if not _has_relay(connection, protocol, pair.remote_addr):
                found.append(pair)
    sort_candidate_pairs(found, connection.ice_controlling)
    return found[: other_paths.MAX_PAIRS]
