"""Another path of the same connection when the one in use falls silent. Private names read in aioice 0.13.0.

ICE found more ways than it took, above all by way of the relays, which are kept. When the direct path is gone, the
controlling end asks over the others, and takes the first that answers: media goes on with the same DTLS association,
without the server and within two round trips.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from aioice import stun
from aioice.ice import CandidatePair, StunProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc.rtcicetransport import RTCIceTransport

logger = logging.getLogger(__name__)

CHECK_LIMIT_S = 1.2
MAX_PAIRS = 12
_CHOSEN = "_bridgecall_chosen"


def allow(connection: Any) -> None:
    """Let the far end choose another path of a connection that is up.

    aioice cancels the checks that are under way when the first path is chosen, and leaves their pairs as if they were
    under way for ever: a check or a choice of the far end on one of these would have no effect.
    """
    receive = connection.request_received

    def request_received(message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        if connection._check_list_done:
            for pair in connection._check_list:
                if pair.task is not None and pair.task.done():
                    pair.task = None
                    if pair.state is CandidatePair.State.IN_PROGRESS:
                        pair.state = CandidatePair.State.FAILED
        receive(message, addr, protocol)

    connection.request_received = request_received


async def take_another(transport: RTCIceTransport, is_silent: Callable[[], bool]) -> bool:
    """Try the other pairs that have a relay at one end; True when there is a new path.

    Only relays: a direct pair that is not the one in use goes through the same network. The end that does not choose
    opens its relays and NATs for the other one's checks, with indications that nobody answers (RFC 8445, section 11).
    """
    connection: Any = transport._connection
    pairs = _others(connection)
    if not pairs:
        return False
    if not connection.ice_controlling:
        for pair in pairs:
            indication = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.INDICATION)
            pair.protocol.send_stun(indication, pair.remote_addr)
        await asyncio.sleep(CHECK_LIMIT_S)
        return False
    checks = [asyncio.create_task(check(connection, pair, nominate=False)) for pair in pairs]
    try:
        async with asyncio.timeout(CHECK_LIMIT_S):
            for finished in asyncio.as_completed(checks):
                answered = await finished
                if answered is None or not is_silent():
                    continue
                # From here on the far end may be on that pair, whatever comes of the answer, and what it sends on it
                # ends the silence: to stay behind would leave it without anything of ours.
                if await check(connection, answered, nominate=True) is not None:
                    take(connection, answered)
                    return True
    except TimeoutError:
        pass
    finally:
        for task in checks:
            task.cancel()
        await asyncio.gather(*checks, return_exceptions=True)
    return False


def _others(connection: Any) -> list[CandidatePair]:
    used = connection._nominated.get(1)
    if used is None or connection._closing or connection.remote_password is None:
        return []
    found = []
    for protocol in connection._protocols:
        local = protocol.local_candidate
        for remote in connection._remote_candidates:
            if "relay" not in (local.type, remote.type) or not local.can_pair_with(remote):
                continue
            known: CandidatePair | None = connection._find_pair(protocol, remote)
            pair = CandidatePair(protocol, remote) if known is None else known
            if pair is not used and not protocol.transport.is_closing():
                found.append(pair)
    return found[:MAX_PAIRS]


def is_chosen(connection: Any, protocol: StunProtocol, remote: tuple[str, int]) -> bool:
    """Whether it is the pair that we have nominated last, though no answer may have come."""
    return bool(vars(connection).get(_CHOSEN) == (protocol, remote))


async def check(connection: Any, pair: CandidatePair, *, nominate: bool) -> CandidatePair | None:
    """Ask over `pair`; the pair when it answers, and None when it does not, or another address does."""
    if nominate:
        vars(connection)[_CHOSEN] = pair.protocol, pair.remote_addr
    request = connection.build_request(pair, nominate=nominate)
    try:
        _, address = await pair.protocol.request(
            request, pair.remote_addr, integrity_key=connection.remote_password.encode()
        )
    except (stun.TransactionError, OSError, AttributeError):  # the socket may be gone
        return None
    return pair if address == pair.remote_addr else None


def take(connection: Any, pair: CandidatePair) -> None:
    """Send on `pair` from now on."""
    if connection._closing:
        return
    if pair not in connection._check_list:
        connection._check_list.append(pair)
    pair.state = CandidatePair.State.SUCCEEDED
    pair.nominated = True
    connection._nominated[pair.component] = pair
    logger.info("the path is now %s to %s", pair.local_candidate.type, pair.remote_candidate.type)
