"""The connection to one participant: negotiation, state and recovery from a silent network."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from aiortc.rtcsessiondescription import RTCSessionDescription

from desktop_app.core.tasks import TaskOwner

from .connection import LocalFeeds, MediaConnection, RemoteSinks
from .data_section import is_offered
from .negotiation import Candidate, Description, ice_username_fragment, media_kinds, parse_signal
from .state import PeerState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiortc.rtcicetransport import RTCIceCandidate

    from desktop_app.protocol.messages import JsonValue

    from .channel_spec import ChannelSpec
    from .counters import PeerCounters
    from .data_channels import DataChannels
    from .encoded_feed import EncodedFeed
    from .ice import IceConfiguration
    from .send_estimate import PathEstimate

logger = logging.getLogger(__name__)

CONNECT_LIMIT_S = 10.0
"""aiortc itself never gives up without an end of candidates, and takes 63 s for a dead pair."""
EXPECT_CALL_S = 6.0
"""Longer than gathering takes with a STUN server that does not answer (5 s)."""
WATCH_INTERVAL_S = 0.5
SILENT_RECONNECTING_S = 3.0
ASK_AFTER_S, ASK_LIMIT_S = 2.0, 1.0
"""On a connection for data alone: after so much silence the far end is asked whether it is there."""
SILENT_FAILED_S = 30.0
MAX_WAITING_CANDIDATES = 100
MAX_CANDIDATES = 100
"""For one connection; ICE pairs and checks each of them."""
MAX_WAITING_OPERATIONS = 200

_ENDS = (PeerState.FAILED, PeerState.CLOSED)


class Peer:
    """Makes and takes calls with one participant. Lives on the engine loop.

    Glare cannot happen between our own ends: the participant who was in the room first offers. A foreign client
    that offers all the same wins; our own offer is dropped. All negotiation runs through one queue.
    """

    def __init__(
        self,
        user_id: str,
        *,
        ice: IceConfiguration,
        local: LocalFeeds,
        remote: RemoteSinks,
        send_signal: Callable[[JsonValue], None],
        on_state: Callable[[PeerState, str], None],
        channels: Sequence[ChannelSpec] = (),
        on_channels: Callable[[DataChannels | None], None] = lambda _channels: None,
    ) -> None:
        """Calls `on_channels` with the channels of each new connection before they open, and with None as soon as
        that connection is given up.
        """
        self.user_id = user_id
        self._ice = ice
        self._local = local
        self._remote = remote
        self._send_signal = send_signal
        self._on_state = on_state
        self._channels = channels
        self._on_channels = on_channels
        self._state = PeerState.NEW
        self._connection: MediaConnection | None = None
        self._session: str | None = None
        self._candidates_added = 0
        self._watched: MediaConnection | None = None
        self._waiting_candidates: deque[Candidate] = deque(maxlen=MAX_WAITING_CANDIDATES)
        self._operations: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(MAX_WAITING_OPERATIONS)
        self._tasks = TaskOwner(f"peer-{user_id}")
        self._closing = TaskOwner(f"peer-{user_id}-closing")
        self._connect_timer: asyncio.TimerHandle | None = None
        self._hung_up = False
        self.is_offerer = False
        """True for the side whose task it is to offer again after a failure."""
        self.offered_unasked = False
        """True when the other side should have offered and did not."""
        self.offers_media = True
        """Whether what we offer has lines for sound and pictures, or is for data alone."""
        self._expect_timer: asyncio.TimerHandle | None = None
        self._tasks.spawn(self._work(), name="negotiation")

    # --- what the call asks for -----------------------------------------------------------------

    @property
    def state(self) -> PeerState:
        """Where the connection is."""
        return self._state

    def make_call(self) -> None:
        """Offer a new connection in place of an older one."""
        self.is_offerer = True
        self._enqueue(self._offer)

    def require_media(self) -> None:
        """Sound and pictures are about to be sent: a connection for data alone is offered anew, by who offered it."""
        is_for_data = self._connection is not None and not self._connection.has_media
        self.offers_media = True
        if is_for_data and (self.is_offerer or self.offered_unasked):
            self._enqueue(self._offer)

    def expect_call(self) -> None:
        """They were here first and offer. A foreign client may not know that: after a while we offer ourselves."""
        self._expect_timer = asyncio.get_running_loop().call_later(EXPECT_CALL_S, self._offer_unasked)

    def _offer_unasked(self) -> None:
        self._expect_timer = None
        if self._state is PeerState.NEW:
            logger.info("peer %s has not offered; we do", self.user_id)
            self.offered_unasked = True
            self._enqueue(self._offer)

    def handle_signal(self, data: JsonValue) -> None:
        """Take what the participant sent through the server. Never raises: the data is a stranger's."""
        try:
            message = parse_signal(data)
        except ValueError as error:
            logger.warning("a malformed signal from %s was dropped: %s", self.user_id, error)
            return
        if isinstance(message, Description):
            description = message
            if description.kind == "offer":
                self._enqueue(lambda: self._answer(description))
            else:
                self._enqueue(lambda: self._take_answer(description))
        elif isinstance(message, Candidate):
            candidate = message
            self._enqueue(lambda: self._take_candidate(candidate))

    def hang_up(self) -> None:
        """End for good. Returns at once; sockets, tasks and threads end in the background (`wait_closed`)."""
        if self._hung_up:
            return
        self._hung_up = True
        self._set_state(PeerState.CLOSED)
        self._cancel_connect_timer()
        if self._expect_timer is not None:
            self._expect_timer.cancel()
        self._tasks.cancel()
        self._drop_connection()

    async def wait_closed(self) -> None:
        """Wait until nothing of this peer is left."""
        await self._tasks.drain()
        await self._closing.drain()

    @property
    def closed(self) -> bool:
        """True when nothing of this peer is left."""
        return self._hung_up and not len(self._tasks) and not len(self._closing)

    def counters(self) -> PeerCounters | None:
        """What the connection has counted; None before there is one."""
        return None if self._connection is None else self._connection.counters()

    def estimate_path(self, at_s: float) -> PathEstimate | None:
        """What the path to the participant carries; None while there is none."""
        if self._connection is None or self._state is not PeerState.CONNECTED:
            return None
        return self._connection.estimate_path(at_s)

    def send_video(self, feed: EncodedFeed | None) -> None:
        """Send this encoding of the picture, also over later connections; None sends no picture."""
        self._local = replace(self._local, video=feed)
        if self._connection is not None:
            self._connection.send_video(feed)

    def send_audio(self, feed: EncodedFeed | None) -> None:
        """Send this sound, also over later connections; None sends none."""
        self._local = replace(self._local, audio=feed)
        if self._connection is not None:
            self._connection.send_audio(feed)

    def limit_data(self, kbps: float) -> None:
        """What data may take, while sound and pictures take another way and `estimate_path` is not asked."""
        if self._connection is not None:
            self._connection.limit_data(kbps)

    def pause_freeze_detection(self) -> None:
        """The participant switched the camera off on purpose."""
        if self._connection is not None:
            self._connection.pause_freeze_detection()

    # --- state ----------------------------------------------------------------------------------

    def _set_state(self, state: PeerState, reason: str = "") -> None:
        if state is self._state or self._state is PeerState.CLOSED:
            return
        logger.info("peer %s: %s -> %s%s", self.user_id, self._state, state, f" ({reason})" if reason else "")
        self._state = state
        try:
            self._on_state(state, reason)
        except Exception:
            logger.exception("the listener for the state of %s failed", self.user_id)

    def _fail(self, reason: str) -> None:
        self._cancel_connect_timer()
        self._drop_connection()
        self._set_state(PeerState.FAILED, reason)

    # --- the one queue of negotiation -----------------------------------------------------------

    def _enqueue(self, operation: Callable[[], Awaitable[None]]) -> None:
        if self._hung_up:
            return
        try:
            self._operations.put_nowait(operation)
        except asyncio.QueueFull:
            logger.warning(
                "peer %s sends signals faster than they can be handled; one was dropped", self.user_id
            )

    async def _work(self) -> None:
        while True:
            operation = await self._operations.get()
            try:
                await operation()
            except Exception:
                logger.exception("negotiation with %s failed", self.user_id)
                self._fail("The connection could not be negotiated.")

    async def _offer(self) -> None:
        connection = self._new_connection(secrets.token_hex(8))
        # Nobody can have candidates for an offer that was not sent yet: these belong to an older connection.
        self._waiting_candidates.clear()
        if self.offers_media:
            connection.add_transceivers()
        self._make_channels(connection)
        await connection.set_local(await connection.pc.createOffer())
        self._send_description(connection)

    async def _answer(self, description: Description) -> None:
        connection = self._connection
        if self._is_unasked(connection, description):
            logger.info("peer %s offers while our offer is on its way; ours stands", self.user_id)
            return
        if connection is None or not self._is_renegotiation(connection, description):
            self.offered_unasked = False
            self.is_offerer = False
            connection = self._new_connection(description.session)
        # Made before the offer is applied, so that its lines find transceivers that send and receive our codecs
        # alone; and only such as it has lines for: aiortc cannot answer with any others.
        connection.add_transceivers(media_kinds(description.sdp))
        if is_offered(description.sdp):
            self._make_channels(connection)
        await connection.pc.setRemoteDescription(RTCSessionDescription(description.sdp, "offer"))
        connection.prefer_codecs()
        await self._flush_candidates(connection)
        await connection.set_local(await connection.pc.createAnswer())
        self._send_description(connection)

    async def _take_answer(self, description: Description) -> None:
        connection = self._connection
        if connection is None or connection.pc.signalingState != "have-local-offer":
            logger.info("an answer from %s that nobody waits for was dropped", self.user_id)
            return
        if not self._is_current(description.session):
            return
        await connection.pc.setRemoteDescription(RTCSessionDescription(description.sdp, "answer"))
        await self._flush_candidates(connection)

    async def _take_candidate(self, candidate: Candidate) -> None:
        connection = self._connection
        if (
            connection is None
            or connection.pc.remote_sdp() is None
            or not self._is_current(candidate.session)
        ):
            # It came before its description: an offer that is still on the way, or one of an older session,
            # which is never applied.
            self._waiting_candidates.append(candidate)
            return
        await self._take_one(connection, candidate.candidate)

    async def _flush_candidates(self, connection: MediaConnection) -> None:
        waiting = tuple(self._waiting_candidates)
        self._waiting_candidates.clear()
        for candidate in waiting:
            if self._is_current(candidate.session):
                await self._take_one(connection, candidate.candidate)

    async def _take_one(self, connection: MediaConnection, candidate: RTCIceCandidate | None) -> None:
        self._candidates_added += 1
        if self._candidates_added > MAX_CANDIDATES:
            logger.info("%s has more candidates than can be of use", self.user_id)
        elif candidate is not None and candidate.ip.endswith(".local"):
            # A browser hides its addresses behind mDNS names; asking the network for one takes up to a second.
            self._tasks.spawn(self._add_candidate(connection, candidate), name="mdns")
        else:
            await self._add_candidate(connection, candidate)

    async def _add_candidate(self, connection: MediaConnection, candidate: RTCIceCandidate | None) -> None:
        try:
            await connection.pc.addIceCandidate(candidate)
        except Exception:
            logger.warning("a candidate of %s was dropped", self.user_id, exc_info=True)

    def _is_current(self, session: str | None) -> bool:
        return session is None or self._session is None or session == self._session

    def _is_unasked(self, connection: MediaConnection | None, description: Description) -> bool:
        # One of our own kind (it names a session) that grew tired of waiting for our offer: it yields to ours,
        # so ours must not yield to it. A foreign client's offer wins over ours instead.
        return (
            self.is_offerer
            and description.session is not None
            and connection is not None
            and connection.pc.signalingState == "have-local-offer"
        )

    def _is_renegotiation(self, connection: MediaConnection, description: Description) -> bool:
        remote_sdp = connection.pc.remote_sdp()
        return (
            connection.pc.signalingState == "stable"
            and remote_sdp is not None
            and ice_username_fragment(remote_sdp) == ice_username_fragment(description.sdp)
        )

    def _send_description(self, connection: MediaConnection) -> None:
        if connection is not self._connection:
            return  # it failed or was given up while it gathered
        local = connection.pc.localDescription
        session: dict[str, JsonValue] = {} if self._session is None else {"session": self._session}
        self._send_signal({"type": local.type, "sdp": local.sdp, **session})

        def send(candidate: JsonValue) -> None:
            self._send_signal({"type": "candidate", "candidate": candidate, **session})

        connection.pc.tell_later_candidates(send)

    # --- the connection -------------------------------------------------------------------------

    def _new_connection(self, session: str | None) -> MediaConnection:
        self._drop_connection()
        self._session = session
        connection = MediaConnection(self._ice, self._local, self._remote, self._channels)
        self._connection = connection
        self._candidates_added = 0
        connection.pc.on("connectionstatechange", lambda: self._connection_changed(connection))
        was_connected = self._state in (PeerState.CONNECTED, PeerState.RECONNECTING)
        self._set_state(PeerState.RECONNECTING if was_connected else PeerState.CONNECTING)
        self._cancel_connect_timer()
        if not self._hung_up:  # by whoever was told of the state
            self._connect_timer = asyncio.get_running_loop().call_later(CONNECT_LIMIT_S, self._connect_limit)
        return connection

    def _make_channels(self, connection: MediaConnection) -> None:
        if connection.channels.make() and connection is self._connection:
            self._tell_of_channels(connection.channels)

    def _tell_of_channels(self, channels: DataChannels | None) -> None:
        try:
            self._on_channels(channels)
        except Exception:
            logger.exception("the listener for the channels of %s failed", self.user_id)

    def _connect_limit(self) -> None:
        self._connect_timer = None
        self._fail(f"No connection came up within {CONNECT_LIMIT_S:.0f} seconds.")

    def _cancel_connect_timer(self) -> None:
        if self._connect_timer is not None:
            self._connect_timer.cancel()
            self._connect_timer = None

    def _connection_changed(self, connection: MediaConnection) -> None:
        if connection is not self._connection:
            return  # an older connection on its way out
        state = connection.pc.connectionState
        if state == "connected":
            self._cancel_connect_timer()
            self._set_state(PeerState.CONNECTED)
            if self._watched is not connection:
                self._watched = connection
                self._tasks.spawn(self._watch(connection), name="liveness")
        elif state == "failed":
            self._fail("No network path to this participant was found.")
        elif state == "closed" and not self._hung_up:
            self._fail("The connection was closed by the other side.")

    async def _watch(self, connection: MediaConnection) -> None:
        """aiortc says nothing of a dead network for 30 s: judge by the packets that come."""
        loop = asyncio.get_running_loop()
        packets, since_s = -1, loop.time()
        while connection is self._connection and self._state not in _ENDS:
            received = connection.pc.transport_packets_received()
            quiet_s = loop.time() - since_s
            if received == packets and not connection.has_media and quiet_s >= ASK_AFTER_S:
                # Nothing comes by itself where there is no RTCP.
                is_there = await connection.pc.ask_round_trip_s(ASK_LIMIT_S) is not None
            else:
                is_there = received != packets
            if is_there:
                packets, since_s = received, loop.time()
                self._set_state(PeerState.CONNECTED)
            elif loop.time() - since_s > SILENT_FAILED_S:
                self._fail("Nothing came from this participant for 30 seconds.")
                return
            elif loop.time() - since_s > SILENT_RECONNECTING_S:
                self._set_state(PeerState.RECONNECTING, "Nothing comes from this participant.")
            await asyncio.sleep(WATCH_INTERVAL_S)

    def _drop_connection(self) -> None:
        connection, self._connection, self._watched = self._connection, None, None
        if connection is not None:
            if connection.channels.are_made:
                connection.channels.detach()
                self._tell_of_channels(None)
            # In the background: with a silent TURN server it takes a minute.
            self._closing.spawn(connection.close(), name="close")
