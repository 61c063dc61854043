"""State, time limits and liveness of one connection with an SFU."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aiortc.rtcsessiondescription import RTCSessionDescription

from desktop_app.core.tasks import TaskOwner
from desktop_app.media.clock import now_s
from desktop_app.rtc.counters import next_serial
from desktop_app.rtc.state import PeerState

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.rtc.aiortc_internals import PeerConnection

logger = logging.getLogger(__name__)

CONNECT_LIMIT_S = 10.0
"""From the first description on."""
ASK_INTERVAL_S = 0.5
ASK_LIMIT_S = 1.0
SILENT_RECONNECTING_S = 1.5
SILENT_FAILED_S = 4.0
"""An SFU that is there answers at once; where it is not, the room goes on without it. Sooner than between two people,
whose network may come back, since a new connection to the same place costs nobody else anything."""
RTT_SMOOTHING = 0.8
NO_PATH = "No network path to the media server was found."
NO_ANSWER = "The media server does not answer."
CLOSED_THERE = "The media server closed the connection."

_ENDS = (PeerState.FAILED, PeerState.CLOSED)


class SfuLink:
    """Lives on the engine loop, as long as one peer connection. What has failed does not come back.

    That the far end is there is not seen from media, of which there may be none: it is asked (RFC 7675), which also
    tells the round trip.
    """

    def __init__(
        self,
        name: str,
        pc: PeerConnection,
        on_state: Callable[[PeerState, str], None],
        *,
        on_end: Callable[[], None],
        on_round_trip: Callable[[float, float], None] = lambda _at_s, _round_trip_s: None,
    ) -> None:
        self.pc = pc
        self.serial = next_serial()
        self.tasks = TaskOwner(name)
        self.state = PeerState.NEW
        self.round_trip_s: float | None = None
        """Smoothed."""
        self._name = name
        self._on_state = on_state
        self._on_end = on_end
        self._on_round_trip = on_round_trip
        self._closing = TaskOwner(f"{name}-closing")
        self._describing: asyncio.Task[None] | None = None
        self._connect_timer: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._is_watched = False
        pc.on("connectionstatechange", self._connection_changed)

    @property
    def is_begun(self) -> bool:
        """Whether there was a description already."""
        return self.state is not PeerState.NEW

    @property
    def is_up(self) -> bool:
        """Whether media can travel."""
        return self.state in (PeerState.CONNECTED, PeerState.RECONNECTING)

    @property
    def is_over(self) -> bool:
        """Whether it has failed or was closed."""
        return self.state in _ENDS

    def begin(self) -> None:
        """The first description is about to be made."""
        if self.state is PeerState.NEW:
            self._set_state(PeerState.CONNECTING)
            self._connect_timer = asyncio.get_running_loop().call_later(CONNECT_LIMIT_S, self._connect_limit)

    async def describe(self, description: RTCSessionDescription) -> None:
        """Take a local description, and gather candidates with the first one.

        It goes on to its end when the caller is cancelled: aioice forgets the sockets that it is just opening.
        """
        self._describing = asyncio.create_task(self.pc.setLocalDescription(description), name="describing")
        await asyncio.shield(self._describing)

    async def take(self, sdp: str, kind: str) -> None:
        """Take the far end's description.

        Raises:
            ValueError: it cannot be used, or this connection is over.
        """
        if self.is_over:
            raise ValueError("the connection is over")
        try:
            await self.pc.setRemoteDescription(RTCSessionDescription(sdp, kind))
        except Exception as error:  # aiortc's parser was not written for strangers
            raise ValueError(f"the description cannot be used: {error}") from error

    def fail(self, reason: str) -> None:
        """Give it up."""
        if not self.is_over:
            self._release()
            self._set_state(PeerState.FAILED, reason)

    def note_failure(self, reason: str, error: Exception) -> None:
        """Give it up for something that the far end said."""
        if not self.is_over:
            logger.warning("%s: %s", self._name, error)
            self.fail(reason)

    def close(self) -> None:
        """End for good. Returns at once; sockets and tasks end in the background."""
        self._release()
        self._set_state(PeerState.CLOSED)

    async def wait_closed(self) -> None:
        """Wait until nothing is left."""
        await self.tasks.drain()
        await self._closing.drain()

    @property
    def closed(self) -> bool:
        """True when nothing is left."""
        return self._is_closed and not len(self.tasks) and not len(self._closing)

    def _release(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._connect_timer is not None:
            self._connect_timer.cancel()
        self.tasks.cancel()
        self._on_end()
        self._closing.spawn(self._end(), name="close")

    async def _end(self) -> None:
        if self._describing is not None:
            await asyncio.wait((self._describing,))
        await self.pc.close()

    def _set_state(self, state: PeerState, reason: str = "") -> None:
        if state is self.state or self.state is PeerState.CLOSED:
            return
        logger.info("%s: %s -> %s%s", self._name, self.state, state, f" ({reason})" if reason else "")
        self.state = state
        try:
            self._on_state(state, reason)
        except Exception:
            logger.exception("the listener for the state of %s failed", self._name)

    def _connect_limit(self) -> None:
        self._connect_timer = None
        self.fail(f"No connection to the media server came up within {CONNECT_LIMIT_S:.0f} seconds.")

    def _connection_changed(self) -> None:
        state = self.pc.connectionState
        if self.is_over:
            return
        if state == "connected":
            if self._connect_timer is not None:
                self._connect_timer.cancel()
                self._connect_timer = None
            self._set_state(PeerState.CONNECTED)
            if not self._is_watched and not self.is_over:
                self._is_watched = True
                self.tasks.spawn(self._watch(), name="liveness")
        elif state == "failed":
            self.fail(NO_PATH)
        elif state == "closed":
            self.fail(CLOSED_THERE)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        packets, heard_s = -1, loop.time()
        while not self.is_over:
            asked_s = loop.time()
            round_trip_s = await self.pc.ask_round_trip_s(ASK_LIMIT_S)
            if round_trip_s is not None:
                self._on_round_trip(now_s(), round_trip_s)
                old = self.round_trip_s or round_trip_s
                self.round_trip_s = RTT_SMOOTHING * old + (1 - RTT_SMOOTHING) * round_trip_s
            received = self.pc.transport_packets_received()
            if round_trip_s is not None or received != packets:
                packets, heard_s = received, loop.time()
                self._set_state(PeerState.CONNECTED)
            elif loop.time() - heard_s > SILENT_FAILED_S:
                self.fail(NO_ANSWER)
                return
            elif loop.time() - heard_s > SILENT_RECONNECTING_S:
                self._set_state(PeerState.RECONNECTING, NO_ANSWER)
            await asyncio.sleep(max(0.0, asked_s + ASK_INTERVAL_S - loop.time()))
