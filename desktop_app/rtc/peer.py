"""The connections to one participant: state, liveness, and recovery beside the old one (docs/recovery.md)."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVarTuple

from desktop_app.core.tasks import TaskOwner

from .attempts import Allowance
from .connection import LocalFeeds, MediaConnection, RemoteSinks
from .direct_return import DirectReturn
from .liveness import SILENT, SILENT_S, UNSTABLE_S
from .patience import Patience
from .peer_negotiation import Negotiation
from .peer_recovery import Recovery
from .peer_session import WATCH_INTERVAL_S, PeerSession
from .peer_sessions import PeerSessions
from .state import UP, PeerState

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from desktop_app.protocol.json_value import JsonValue

    from .channel_spec import ChannelSpec
    from .counters import PeerCounters
    from .data_channels import DataChannels
    from .encoded_feed import EncodedFeed
    from .ice import IceConfiguration
    from .negotiation import Description
    from .send_estimate import PathEstimate

logger = logging.getLogger(__name__)
Told = TypeVarTuple("Told")

CONNECT_LIMIT_S = 10.0
"""aiortc takes 63 s for a dead pair."""
EXPECT_CALL_S = 6.0
"""Longer than gathering takes where only a relay may be used, and its server does not answer (4 s)."""
OFFERS, OFFER_EVERY_S = 10, 1.0
"""What the far end may offer at once, and how often after that."""
MAX_CLOSING = 8
"""Connections on their way out: with a silent TURN server each takes a second."""


class Peer:
    """Makes and takes calls with one participant. Lives on the engine loop.

    There is one connection that media and data take, the current one. When it falls silent others are tried beside it;
    the newest that comes up takes its place. It is never given up for silence: it may be the first that lives again.

    The participant who was in the room first offers. A foreign client that offers all the same wins over our offer.
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
        more_sinks: Callable[[], RemoteSinks] | None = None,
        on_take_over: Callable[[RemoteSinks], None] = lambda _remote: None,
        on_certificates: Callable[[tuple[bytes, bytes] | None], None] = lambda _certificates: None,
    ) -> None:
        """Calls `on_channels` with the channels of each new connection before they open, and with None as soon as
        there is none.

        Args:
            remote: where what the first connection brings goes.
            more_sinks: makes the same for each connection beside another one; without it all bring it to `remote`.
            on_take_over: told whose sinks are to be seen and heard from now on, when a connection takes another's
                place.
            on_certificates: told ours and theirs, as DTLS used them (DER), whenever a connection is up.
        """
        self.user_id = user_id
        self._ice = ice
        self._local = local
        self._remote = remote
        self._more_sinks = more_sinks or (lambda: remote)
        self._on_take_over = on_take_over
        self._on_certificates = on_certificates
        self._on_state = on_state
        self._channels = channels
        self._on_channels = on_channels
        self._loop = asyncio.get_running_loop()
        self._state = PeerState.NEW
        self._all = PeerSessions(user_id, on_gone=lambda: self._tell_of_channels(None))
        self._data_kbps: float | None = None
        self._tasks = TaskOwner(f"peer-{user_id}")
        self._watching: asyncio.Task[None] | None = None
        self._offers = Allowance(OFFERS, OFFER_EVERY_S, self._loop.time())
        self._hung_up = False
        self.is_offerer = False
        """True for the side whose task it is to offer again after a failure."""
        self.offered_unasked = False
        """True when the other side should have offered and did not."""
        self.offers_media = True
        """Whether what we offer has lines for sound and pictures, or is for data alone."""
        self._expect_timer: asyncio.TimerHandle | None = None
        self._expected_s = 0.0
        self.patience = Patience()
        self._negotiation = Negotiation(self, send_signal, self._tasks)
        self._recovery = Recovery(self, self._tasks)
        self._direct = DirectReturn(self, self._tasks)

    # --- what the call asks for -----------------------------------------------------------------

    @property
    def state(self) -> PeerState:
        """Where the connection is."""
        return self._state

    @property
    def _connection(self) -> MediaConnection | None:
        return None if self.current is None else self.current.connection

    def make_call(self) -> None:
        """Offer a connection, beside an older one that lives."""
        self.is_offerer = True
        self._offer()

    def _offer(self) -> None:
        if not self._hung_up:
            self._negotiation.offer()

    def require_media(self) -> None:
        """Sound and pictures are about to be sent: a connection for data alone is offered anew, by who offered it."""
        is_for_data = self._connection is not None and not self._connection.has_media
        self.offers_media = True
        if is_for_data and self._offers_anew:
            self._offer()

    @property
    def _offers_anew(self) -> bool:
        return self.is_offerer or self.offered_unasked

    def expect_call(self) -> None:
        """They were here first and offer. A foreign client may not know that: after a while we offer ourselves."""
        self._expect_timer = self._loop.call_later(EXPECT_CALL_S, self._offer_unasked)
        self._expected_s += EXPECT_CALL_S

    def _offer_unasked(self) -> None:
        self._expect_timer = None
        if self._state is PeerState.NEW and self._expected_s < EXPECT_CALL_S * self.patience.times:
            self.expect_call()
        elif self._state is PeerState.NEW:
            logger.info("peer %s has not offered", self.user_id)
            self.offered_unasked = True
            self._offer()

    def handle_signal(self, data: JsonValue) -> None:
        """Take what the participant sent through the server. Never raises: the data is a stranger's."""
        if not self._hung_up:
            self._negotiation.take(data)

    def recover(self) -> None:
        """The network has changed: do not wait for silence."""
        if self._state in UP:
            self._recovery.begin(is_forced=True)

    def network_changed(self, gone: Container[str | None], *, has_new_address: bool, slept: bool) -> None:
        """Recover at once what cannot go on without the addresses in `gone`; what a relay carries tries without it."""
        address = None if self._connection is None else self._connection.pc.local_address()
        if slept or address in gone or self._state is PeerState.RECONNECTING:
            self.recover()
        else:
            self._direct.network_changed(has_new_address=has_new_address and not self._ice.relay_only)

    def hang_up(self) -> None:
        """End for good. Returns at once; sockets, tasks and threads end in the background (`wait_closed`)."""
        if self._hung_up:
            return
        self._hung_up = True
        self._set_state(PeerState.CLOSED)
        if self._expect_timer is not None:
            self._expect_timer.cancel()
        self._tasks.cancel()
        self._drop_all()

    async def wait_closed(self) -> None:
        """Wait until nothing of this peer is left."""
        await self._tasks.drain()
        await self._all.closing.drain()

    @property
    def closed(self) -> bool:
        """True when nothing of this peer is left."""
        return self._hung_up and not len(self._tasks) and not len(self._all.closing)

    def counters(self) -> PeerCounters | None:
        """What the connection has counted; None before there is one."""
        return None if self._connection is None else self._connection.counters()

    def all_counters(self) -> tuple[PeerCounters, ...]:
        """What every connection has counted that there is, the current one last."""
        sessions = [each for each in self.sessions() if each is not self.current and each.was_up]
        if self.current is not None:
            sessions.append(self.current)
        return tuple(each.connection.counters() for each in sessions)

    def estimate_path(self, at_s: float) -> PathEstimate | None:
        """What the path to the participant carries; None while there is none."""
        if self._connection is None or self._state not in (PeerState.CONNECTED, PeerState.UNSTABLE):
            return None
        return self._connection.estimate_path(at_s)

    def send_video(self, feed: EncodedFeed | None) -> None:
        """Send this encoding of the picture, also over later connections; None sends no picture."""
        self._local = replace(self._local, video=feed)
        for each in self.sessions():
            each.connection.send_video(feed)

    def send_audio(self, feed: EncodedFeed | None) -> None:
        """Send this sound, also over later connections; None sends none."""
        self._local = replace(self._local, audio=feed)
        for each in self.sessions():
            each.connection.send_audio(feed)

    def limit_data(self, kbps: float) -> None:
        """What data may take, while sound and pictures take another way and `estimate_path` is not asked."""
        self._data_kbps = kbps
        if self._connection is not None:
            self._connection.limit_data(kbps)

    def pause_freeze_detection(self) -> None:
        """The participant switched the camera off on purpose."""
        for each in self.sessions():
            each.connection.pause_freeze_detection()

    def _set_state(self, state: PeerState, reason: str = "") -> None:
        if state is self._state or self._state is PeerState.CLOSED:
            return
        logger.info("peer %s: %s -> %s%s", self.user_id, self._state, state, f" ({reason})" if reason else "")
        self._state = state
        self._tell("the state", self._on_state, state, reason)

    def _tell(self, what: str, listener: Callable[[*Told], None], *arguments: *Told) -> None:
        try:
            listener(*arguments)
        except Exception:
            logger.exception("the listener for %s of %s failed", what, self.user_id)

    def _fail(self, reason: str) -> None:
        self._drop_all()
        self._set_state(PeerState.FAILED, reason)

    # --- for the negotiation --------------------------------------------------------------------

    def sessions(self) -> tuple[PeerSession, ...]:
        """Every connection there is, the newest first."""
        return self._all.newest_first()

    def open(
        self, session: str | None, *, offered: bool, like: Description | None = None
    ) -> PeerSession | None:
        """Another connection: beside the one that is up, and else in its place."""
        if self._hung_up:
            return None
        if not offered and (
            not self._offers.take(self._loop.time()) or len(self._all.closing) >= MAX_CLOSING
        ):
            logger.info("peer %s offers more often than can be answered; an offer was dropped", self.user_id)
            return None
        is_beside = self._state in UP
        ice = self._ice
        if is_beside:
            remote = self._more_sinks()
            if like is not None and self.current is not None and self.current.is_restarted_by(like):
                # A browser keeps its DTLS association for as long as our certificate stays the same (RFC 8842 5.4).
                ice = replace(ice, certificate=None)
        else:
            remote = self._remote
            self._drop_all()
        if not offered:
            self.offered_unasked = self.is_offerer = False
        connection = MediaConnection(ice, self._local, remote, self._channels)
        made = PeerSession(session, connection, remote, number=self._all.next_number(), offered=offered)
        made.on_other_path = self.recover  # what the old path could carry, the new one may not
        connection.pc.on("connectionstatechange", lambda: self._connection_changed(made))
        if is_beside:
            self._all.add_attempt(made)
        else:
            self._all.current = made
            self._set_state(PeerState.CONNECTING)
        if not self._hung_up:  # by whoever was told of the state
            made.connect_timer = self._loop.call_later(CONNECT_LIMIT_S, self._connect_limit, made)
        return made

    def yields(self, description: Description) -> bool:
        """Whether an offer of theirs is answered although one of ours may be on its way."""
        ours = next((each for each in self.sessions() if each.is_waiting), None)
        if ours is None:
            return True
        if self._state not in UP:
            # One of our own kind (it names a session) that grew tired of waiting for our offer: it yields to ours,
            # so ours must not yield to it. A foreign client's offer wins over ours instead.
            return not (self.is_offerer and description.session is not None)
        # Both ends believe that it is their turn, and both know both names.
        if (
            description.session is not None
            and ours.session is not None
            and ours.session > description.session
        ):
            return False
        self._all.drop(ours)
        return True

    def describe_channels(self, session: PeerSession) -> None:
        """Make the data channels of a connection."""
        if session.connection.channels.make() and session is self.current:
            self._tell_of_channels(session)

    def _tell_of_channels(self, session: PeerSession | None) -> None:
        channels = None
        if session is not None and session.connection.channels.are_made:
            channels = session.connection.channels
        self._tell("the channels", self._on_channels, channels)

    def asked_again(self) -> None:
        """They hear nothing and want an offer."""
        if self._offers_anew and self._state in UP:
            self._recovery.asked()

    def try_again(self) -> None:
        """One more attempt: an offer, or a request for one."""
        if self._offers_anew:
            self._offer()
        else:
            self._negotiation.ask_again(None if self.current is None else self.current.session)

    @property
    def newest_attempt(self) -> PeerSession | None:
        """What is on its way."""
        return self._all.attempts[-1] if self._all.attempts else None

    @property
    def current(self) -> PeerSession | None:
        """The connection that media and data take; None while there is none."""
        return self._all.current

    def negotiation_failed(self, session: PeerSession | None) -> None:
        """A connection cannot be negotiated."""
        if session is None or session is self.current or self._state not in UP:
            self._fail("The connection could not be negotiated.")
        else:
            self._all.drop(session)

    # --- connections, liveness and recovery -----------------------------------------------------------

    def _connect_limit(self, session: PeerSession) -> None:
        if session.age_s() + WATCH_INTERVAL_S < CONNECT_LIMIT_S * self.patience.times:
            session.connect_timer = self._loop.call_later(CONNECT_LIMIT_S, self._connect_limit, session)
        else:
            self._ended(session, f"No connection came up within {session.age_s():.0f} seconds.")

    def _connection_changed(self, session: PeerSession) -> None:
        if session not in self.sessions():
            return  # an older connection on its way out
        state = session.connection.pc.connectionState
        if state == "connected" and not session.was_up:
            self._came_up(session)
        elif state == "failed":
            self._ended(session, "No network path to this participant was found.")
        elif state == "closed" and not self._hung_up:
            self._ended(session, "The connection was closed by the other side.")

    def _came_up(self, session: PeerSession) -> None:
        session.up()
        if session is not self.current:
            self._take_over(session)
        self._set_state(PeerState.CONNECTED)
        self._on_certificates(session.connection.pc.dtls_certificates())
        if self._watching is None and not self._hung_up:
            self._watching = self._tasks.spawn(self._watch(), name="liveness")

    def _take_over(self, session: PeerSession) -> None:
        logger.info("peer %s: another connection takes over", self.user_id)
        self._all.take_over(session)
        self._use(session)

    def _use(self, session: PeerSession) -> None:
        self._remote = session.remote
        session.connection.send_audio(self._local.audio)
        session.connection.send_video(self._local.video)
        if self._data_kbps is not None:
            session.connection.limit_data(self._data_kbps)
        self._tell_of_channels(session)
        self._tell("another connection", self._on_take_over, session.remote)

    def _ended(self, session: PeerSession, reason: str) -> None:
        if session is not self.current:
            self._all.drop(session)
        elif not session.was_up:
            self._fail(reason)
        elif self._all.past is not None:
            self._return_to_past()
        elif self._all.attempts:
            self._all.drop(session)
            self._set_state(PeerState.RECONNECTING, reason)
            self._recovery.begin()
        else:
            self._fail(reason)

    def _return_to_past(self) -> None:
        logger.info("peer %s: the older connection is the one that lives", self.user_id)
        self._use(self._all.return_to_past())
        self._recovery.begin()

    def _drop_all(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        self._recovery.end()
        for each in self.sessions():
            self._all.drop(each)

    async def _watch(self) -> None:
        """aiortc says nothing of a dead network for 30 s: judge by the packets that come."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            self._judge()

    def _judge(self) -> None:
        current, past = self._all.current, self._all.past
        if past is not None:
            past.look()
        if current is None or not current.was_up:
            return
        quiet_s = current.look() / self.patience.times
        if past is not None and quiet_s >= UNSTABLE_S and past.quiet_s < UNSTABLE_S:
            self._return_to_past()
            return
        self._all.end_past()
        if quiet_s < UNSTABLE_S:
            self._set_state(PeerState.CONNECTED)
            self._direct.look()
        elif quiet_s < SILENT_S:
            self._set_state(PeerState.UNSTABLE)
        else:
            self._set_state(PeerState.RECONNECTING, SILENT)
            self._recovery.begin()
