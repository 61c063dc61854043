"""Offers, answers and candidates of one participant, in the order in which they come."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from typing import TYPE_CHECKING, Protocol

from aiortc.rtcsessiondescription import RTCSessionDescription

from .data_section import is_offered
from .negotiation import Candidate, Description, Reconnect, ice_username_fragment, media_kinds, parse_signal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiortc.rtcicetransport import RTCIceCandidate

    from desktop_app.core.tasks import TaskOwner
    from desktop_app.protocol.json_value import JsonValue

    from .peer_session import PeerSession

logger = logging.getLogger(__name__)

MAX_WAITING_CANDIDATES = 100
MAX_CANDIDATES = 100
"""For one connection; ICE pairs and checks each of them."""
MAX_WAITING_OPERATIONS = 200


class Sessions(Protocol):
    """The connections that are negotiated; implemented by the peer."""

    user_id: str
    offers_media: bool

    def sessions(self) -> tuple[PeerSession, ...]:
        """All there are, the newest first."""

    def open(
        self, session: str | None, *, offered: bool, like: Description | None = None
    ) -> PeerSession | None:
        """Another one; None when the far end asks for more than it may. `like` is the offer that it is for."""

    def yields(self, description: Description) -> bool:
        """Whether an offer of the far end is to be answered although one of ours is on its way."""

    def describe_channels(self, session: PeerSession) -> None:
        """Make its data channels."""

    def asked_again(self) -> None:
        """The far end hears nothing and wants an offer."""

    def negotiation_failed(self, session: PeerSession | None) -> None:
        """It cannot be used; None: no connection came of it."""


class Negotiation:
    """All of it runs through one queue. Lives on the engine loop."""

    def __init__(self, peer: Sessions, send_signal: Callable[[JsonValue], None], tasks: TaskOwner) -> None:
        self._peer = peer
        self._send_signal = send_signal
        self._tasks = tasks
        self._at: PeerSession | None = None
        """What is being negotiated."""
        self.waiting_candidates: deque[Candidate] = deque(maxlen=MAX_WAITING_CANDIDATES)
        self.operations: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(MAX_WAITING_OPERATIONS)
        tasks.spawn(self._work(), name="negotiation")

    def offer(self) -> None:
        """Offer a connection, soon."""
        self._enqueue(self._offer)

    def take(self, data: JsonValue) -> None:
        """Take what the participant sent through the server. Never raises: the data is a stranger's."""
        try:
            message = parse_signal(data)
        except ValueError as error:
            logger.warning("a malformed signal from %s was dropped: %s", self._peer.user_id, error)
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
        elif isinstance(message, Reconnect):
            self._peer.asked_again()

    def ask_again(self, session: str | None) -> None:
        """Tell the offerer that we hear nothing (docs/recovery.md)."""
        message: dict[str, JsonValue] = {"type": "reconnect"}
        if session is not None:
            message["session"] = session
        self._send_signal(message)

    def _enqueue(self, operation: Callable[[], Awaitable[None]]) -> None:
        try:
            self.operations.put_nowait(operation)
        except asyncio.QueueFull:
            logger.warning(
                "peer %s sends signals faster than they can be handled; one was dropped", self._peer.user_id
            )

    async def _work(self) -> None:
        while True:
            operation = await self.operations.get()
            self._at = None
            try:
                await operation()
            except Exception:
                logger.exception("negotiation with %s failed", self._peer.user_id)
                self._peer.negotiation_failed(self._at)

    async def _offer(self) -> None:
        session = self._at = self._peer.open(secrets.token_hex(8), offered=True)
        if session is None:
            return
        # Nobody can have candidates for an offer that was not sent yet: these belong to an older connection.
        for candidate in tuple(self.waiting_candidates):
            if candidate.session is None:
                self.waiting_candidates.remove(candidate)
        connection = session.connection
        if self._peer.offers_media:
            connection.add_transceivers()
        self._peer.describe_channels(session)
        await connection.set_local(await connection.pc.createOffer())
        self._send_description(session)

    async def _answer(self, description: Description) -> None:
        session = self._renegotiated(description)
        if session is None:
            if not self._peer.yields(description):
                logger.info("peer %s offers while our offer is on its way; ours stands", self._peer.user_id)
                return
            session = self._peer.open(description.session, offered=False, like=description)
        self._at = session
        if session is None:
            return
        connection = session.connection
        # Made before the offer is applied, so that its lines find transceivers that send and receive our codecs
        # alone; and only such as it has lines for: aiortc cannot answer with any others.
        connection.add_transceivers(media_kinds(description.sdp))
        if is_offered(description.sdp):
            self._peer.describe_channels(session)
        await connection.pc.setRemoteDescription(RTCSessionDescription(description.sdp, "offer"))
        connection.prefer_codecs()
        await self._flush_candidates(session)
        await connection.set_local(await connection.pc.createAnswer())
        self._send_description(session)

    def _renegotiated(self, description: Description) -> PeerSession | None:
        """The connection that an offer is about, by its ICE credentials (RFC 8839 5.4)."""
        fragment = ice_username_fragment(description.sdp)
        for session in self._peer.sessions():
            remote_sdp = session.connection.pc.remote_sdp()
            if (
                session.connection.pc.signalingState == "stable"
                and remote_sdp is not None
                and ice_username_fragment(remote_sdp) == fragment
            ):
                return session
        return None

    async def _take_answer(self, description: Description) -> None:
        waiting = [each for each in self._peer.sessions() if each.is_waiting]
        session = next((each for each in waiting if _is_of(each, description.session)), None)
        if session is None:
            logger.info("an answer from %s that nobody waits for was dropped", self._peer.user_id)
            return
        self._at = session
        await session.connection.pc.setRemoteDescription(RTCSessionDescription(description.sdp, "answer"))
        await self._flush_candidates(session)

    async def _take_candidate(self, candidate: Candidate) -> None:
        session = next((each for each in self._peer.sessions() if _is_of(each, candidate.session)), None)
        if session is None or session.connection.pc.remote_sdp() is None:
            # It came before its description: an offer that is still on the way, or one of an older session,
            # which is never applied.
            self.waiting_candidates.append(candidate)
            return
        await self._take_one(session, candidate.candidate)

    async def _flush_candidates(self, session: PeerSession) -> None:
        waiting = tuple(self.waiting_candidates)
        self.waiting_candidates.clear()
        for candidate in waiting:
            if _is_of(session, candidate.session):
                await self._take_one(session, candidate.candidate)
            elif candidate.session is not None:
                self.waiting_candidates.append(candidate)

    async def _take_one(self, session: PeerSession, candidate: RTCIceCandidate | None) -> None:
        session.candidates += 1
        if session.candidates > MAX_CANDIDATES:
            logger.info("%s has more candidates than can be of use", self._peer.user_id)
        elif candidate is not None and candidate.ip.endswith(".local"):
            # A browser hides its addresses behind mDNS names; asking the network for one takes up to a second.
            self._tasks.spawn(self._add_candidate(session, candidate), name="mdns")
        else:
            await self._add_candidate(session, candidate)

    async def _add_candidate(self, session: PeerSession, candidate: RTCIceCandidate | None) -> None:
        try:
            await session.connection.pc.addIceCandidate(candidate)
        except Exception:
            logger.warning("a candidate of %s was dropped", self._peer.user_id, exc_info=True)

    def _send_description(self, session: PeerSession) -> None:
        if session not in self._peer.sessions():
            return  # it failed or was given up while it gathered
        local = session.connection.pc.localDescription
        named: dict[str, JsonValue] = {} if session.session is None else {"session": session.session}
        self._send_signal({"type": local.type, "sdp": local.sdp, **named})

        def send(candidate: JsonValue) -> None:
            if session in self._peer.sessions():
                self._send_signal({"type": "candidate", "candidate": candidate, **named})

        session.connection.pc.tell_later_candidates(send)


def _is_of(session: PeerSession, name: str | None) -> bool:
    return name is None or session.session is None or name == session.session
