"""One membership of one room: who is there, and the peers to them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.messages import (
    ErrorMessage,
    IceServer,
    NewPeer,
    ParticipantInfo,
    ParticipantUpdated,
    PeerLeft,
    PeerSignal,
    ServerMessage,
    Welcome,
)
from desktop_app.protocol.rights import Knock, KnockEnded, MuteAsked, RoomUpdated, Waiting
from desktop_app.rtc.ice import IceConfiguration, make_certificate
from desktop_app.rtc.ice_choice import IceChoice
from desktop_app.rtc.patience import Patience
from desktop_app.rtc.state import PeerState
from desktop_app.signaling.machine import SignalingMachine
from desktop_app.signaling.secure import PLAIN_TEXT_CODE, PLAIN_TEXT_WARNING, exposes_signaling

from .doors import RoomDoors
from .events import (
    CallEvent,
    CallState,
    CallStateChanged,
    FirstFrame,
    MediaKind,
    Notice,
    ParticipantChanged,
    ParticipantGone,
    ParticipantJoined,
    PeerStateChanged,
)
from .reentry import compare
from .remote_participant import RemoteParticipant
from .safety import SafetyCodes
from .server_line import ServerLine
from .topology.control import TopologyControl

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.data.hub import DataHub
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.protocol.rights import RightsClientMessage
    from desktop_app.protocol.topology import TopologyClientMessage
    from desktop_app.quality.shortage import ShortageControl
    from desktop_app.signaling.errors import ConnectError

    from .local_media import LocalMedia
    from .network_watch import NetworkChange

logger = logging.getLogger(__name__)

RETURN_S = 45.0
"""After we found the server again: so long the others may need for that, too, while the connection to them lives."""
DEAD_S = 5.0
"""A connection that is silent for so long meanwhile does not live."""
LOOK_S = 0.25
REDIAL_DELAYS_S = (0.5, 2.0, 5.0, 10.0)
"""After a failed peer, by the side that offered; the last one repeats."""


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Where to go and as whom."""

    url: str
    """ws:// or wss://"""
    room_id: str
    me: ParticipantInfo
    fingerprint_sha256: str | None = None
    ice_servers: tuple[IceServer, ...] = ()
    """Our own; they come before those that the server names."""
    relay_only: bool = False
    loopback_only: bool = False
    """Everybody is on this machine (rtc.ice)."""
    access: str = field(default="", repr=False)
    """Made of the link's secret (protocol.invite)."""
    password: str = field(default="", repr=False)


class Call:
    """Lives on the engine loop from `join` to `leave`."""

    def __init__(
        self,
        request: JoinRequest,
        *,
        media: LocalMedia,
        slot_of: Callable[[str], FrameSlot],
        screen_slot_of: Callable[[str], FrameSlot],
        emit: Callable[[CallEvent], None],
        hub: DataHub,
        decode: bool = True,
        on_mute_asked: Callable[[MediaKind], None] = lambda _kind: None,
        on_sent_away: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        """`on_sent_away` is called when the server does not want us in the room any more: the call is to be left."""
        self._request = request
        self._media = media
        self._slot_of = slot_of
        self._screen_slot_of = screen_slot_of
        self._emit = emit
        self._hub = hub
        self._decode = decode
        self._loop = asyncio.get_running_loop()
        self._on_mute_asked = on_mute_asked
        self._on_sent_away = on_sent_away
        self._machine = SignalingMachine(
            request.me, request.room_id, access=request.access, password=request.password
        )
        self.doors = RoomDoors(
            request.me.user_id, say=self.say, emit=emit, others=lambda: self._machine.participants
        )
        self._line = ServerLine(
            self._machine,
            request.url,
            request.fingerprint_sha256,
            on_message=self._received,
            on_lost=self._server_lost,
            on_back=self._server_back,
            on_refused=self._refused,
        )
        self.ice_choice = IceChoice()
        """Which STUN and TURN servers are used."""
        self._certificate = make_certificate()
        self._ice = self._ice_with(request.ice_servers)
        self._tasks = TaskOwner("call")
        self._ending: list[RemoteParticipant] = []
        self._redials: dict[str, int] = {}
        self._left = False
        self._state = CallState.IDLE
        self._join_sent_s = 0.0
        self._patience = Patience()
        self._safety = SafetyCodes(emit, self._patience)
        self.participants: dict[str, RemoteParticipant] = {}
        self.topology = TopologyControl(
            media=media, ice=lambda: self._ice, say=self.say, emit=emit, patience=self._patience
        )

    # --- coming and going -----------------------------------------------------------------------

    async def join(self) -> Welcome:
        """Connect and enter the room.

        Raises:
            ConnectError: with the sentence for the person.
        """
        self._set_state(CallState.JOINING)
        try:
            return await self._enter()
        except BaseException:
            self._set_state(CallState.IDLE)
            raise

    async def _enter(self) -> Welcome:
        if exposes_signaling(self._request.url):
            self._emit(Notice("warning", PLAIN_TEXT_WARNING, PLAIN_TEXT_CODE))
        self._join_sent_s = self._loop.time()
        self.ice_choice.use(self._request.ice_servers)
        welcome = await self._line.connect()
        self._use_servers(welcome)
        self._set_state(CallState.IN_CALL)
        self.doors.entered(welcome)
        self.topology.enter(welcome)
        for info in self._machine.participants.values():
            self._add(info).peer.expect_call()  # they were here first: they offer
        return welcome

    def _ice_with(self, servers: tuple[IceServer, ...]) -> IceConfiguration:
        return IceConfiguration(
            servers,
            self._request.relay_only,
            self._certificate,
            self.ice_choice,
            self._request.loopback_only,
        )

    def _use_servers(self, welcome: Welcome) -> None:
        servers = (*self._request.ice_servers, *welcome.ice_servers)
        self._ice = self._ice_with(servers)
        self.ice_choice.use(servers)

    @property
    def ice_servers(self) -> tuple[IceServer, ...]:
        """Our own and those that the server named."""
        return self._ice.servers

    async def leave(self, reason: str = "") -> None:
        """Leave the room and end every peer; safe to call twice. `reason` is a sentence when we were sent away."""
        if self._left:
            return
        self._left = True
        await self._tasks.close()
        await self._safety.close()
        await self.doors.close()
        self.ice_choice.stop()
        self.topology.close()
        for user_id in tuple(self.participants):
            self._remove(user_id)
        await self._line.close()
        self._set_state(CallState.IDLE, reason)

    async def wait_closed(self) -> None:
        """Wait until nothing of the peers is left, also of those who went before."""
        endings = (each.peer.wait_closed() for each in self._ending)
        others = (self._line.wait_closed(), self.topology.wait_closed(), self.ice_choice.wait_closed())
        await asyncio.gather(*others, *endings)

    def say(self, message: TopologyClientMessage | RightsClientMessage) -> None:
        """Say something to the server, if we are in the room."""
        self._machine.say(message)
        self._flush()

    def update_me(self, me: ParticipantInfo) -> None:
        """Tell the others our new name or mute states."""
        self._machine.update(me)
        self._flush()

    def _set_state(self, state: CallState, reason: str = "") -> None:
        if state is not self._state:
            logger.info("call: %s -> %s", self._state, state)
            self._state = state
            self._emit(CallStateChanged(state, self._request.room_id, reason))

    # --- signaling ------------------------------------------------------------------------------

    def _received(self, message: ServerMessage) -> None:
        match message:
            case NewPeer(participant=info):
                known = self.participants.get(info.user_id)
                if known is not None and info.instance and info.instance == known.info.instance:
                    self._go_on_with(known, info)
                    return
                self._remove(info.user_id)
                self.topology.call(self._add(info))
            case ParticipantUpdated(participant=info):
                participant = self.participants.get(info.user_id)
                if participant is not None and participant.update(info):
                    self.topology.state_changed()
                    self._emit(ParticipantChanged(participant.info))
            case PeerLeft(user_id=user_id):
                self._remove(user_id)
            case PeerSignal(from_user_id=user_id, data=data):
                participant = self.participants.get(user_id)
                if participant is not None and participant.take(data):
                    self._emit(ParticipantChanged(participant.info))
            case ErrorMessage(code="kicked", message=text):
                sentence = text or "The host has removed you from the room."
                self._emit(Notice("warning", sentence, "kicked"))
                self._on_sent_away(sentence)
            case ErrorMessage(code=code, message=text):
                # An unknown target is a race with somebody's leaving, not the person's business.
                if code != "unknown-target":
                    self._emit(Notice("warning", text or "The server refused a message.", code))
            case Welcome():
                logger.warning("the server welcomed us twice")
            case Waiting():
                self._set_state(CallState.WAITING)
            case RoomUpdated() | Knock() | KnockEnded():
                self.doors.received(message)
            case MuteAsked(kind=kind):
                self._on_mute_asked(kind)
            case _:
                self.topology.received(message)

    def network_changed(self, change: NetworkChange) -> None:
        """Test the connection to the server, and do not wait for the silence of connections that cannot go on."""
        self._line.check_now(change.gone)
        self.ice_choice.renew()
        for each in self.participants.values():
            each.peer.network_changed(
                change.gone, has_new_address=bool(change.come), slept=bool(change.slept_s)
            )
        self.topology.network_changed(change)

    def _flush(self) -> None:
        self._line.flush()

    def _server_lost(self, reason: str) -> None:
        self.topology.server_lost()
        self._set_state(CallState.SERVER_LOST, f"{reason} The call goes on; trying to reach it again.")

    def _refused(self, error: ConnectError) -> None:
        self._emit(Notice("error", str(error), error.code))
        self._on_sent_away(str(error))

    def _server_back(self, welcome: Welcome) -> None:
        self._use_servers(welcome)
        known = {user_id: each.info for user_id, each in self.participants.items()}
        there = tuple(self._machine.participants.values())
        found = compare(known, there, resumed=welcome.resumed)
        logger.info(
            "the server is there again: %d go on, %d are new, %d have left, %d may still look for it",
            len(found.kept),
            len(found.added),
            len(found.removed),
            len(found.missing),
        )
        for user_id in found.removed:
            self._remove(user_id)
        for user_id in found.missing:
            self._tasks.spawn(self._await_return(user_id, self.participants[user_id]), name="return")
        self._set_state(CallState.IN_CALL)
        self.doors.entered_again(welcome, known)
        self.topology.enter_again(welcome)
        for info in found.kept:
            self._go_on_with(self.participants[info.user_id], info)
        for info in found.added:
            participant = self._add(info)
            # Whoever was there first offers.
            if welcome.resumed:
                self.topology.call(participant)
            else:
                participant.peer.expect_call()

    def _go_on_with(self, participant: RemoteParticipant, info: ParticipantInfo) -> None:
        """They, or we, lost the server and found it again; what we have of them stays."""
        if participant.update(info):
            self._emit(ParticipantChanged(participant.info))
        participant.tell_again()
        peer = participant.peer
        # What was signaled meanwhile did not arrive.
        if peer.state is PeerState.RECONNECTING:
            peer.recover()
        elif peer.state in (PeerState.CONNECTING, PeerState.FAILED):
            peer.try_again()

    async def _await_return(self, user_id: str, participant: RemoteParticipant) -> None:
        begun_s = alive_s = self._loop.time()
        while (now_s := self._loop.time()) < begun_s + RETURN_S and now_s < alive_s + DEAD_S:
            if self.participants.get(user_id) is not participant or user_id in self._machine.participants:
                return
            if participant.peer.state in (PeerState.FAILED, PeerState.CLOSED):
                break
            if participant.peer.state in (PeerState.CONNECTED, PeerState.UNSTABLE):
                alive_s = now_s
            await asyncio.sleep(LOOK_S)
        if self.participants.get(user_id) is participant and user_id not in self._machine.participants:
            self._remove(user_id)

    @property
    def is_short_of_time(self) -> bool:
        """Whether the computer does without something for want of time."""
        return self._patience.is_short or self.topology.is_saving

    def save_time(self, control: ShortageControl) -> None:
        """Do what there is time for, by what was measured last."""
        self._patience.look(self._loop.time(), is_short=control.is_short)
        self.topology.save_time(control.level.max_large, is_late=control.is_late)

    # --- participants ---------------------------------------------------------------------------

    def _add(self, info: ParticipantInfo) -> RemoteParticipant:
        user_id = info.user_id
        participant = RemoteParticipant(
            info,
            slot=self._slot_of(user_id),
            screen_slot=self._screen_slot_of(user_id),
            mixer=self._media.mixer,
            ice=self._ice,
            local=self._media.feeds,
            send_signal=lambda data: self._send_signal(user_id, data),
            on_state=lambda state, reason: self._peer_changed(user_id, state, reason),
            on_first_frame=lambda kind: self._first_frame(user_id, kind),
            on_certificates=lambda pair: self._safety.connected(user_id, pair, instance=info.instance),
            on_dark=lambda: self.topology.pause_freeze_detection(user_id),
            link=self._hub.join(user_id),
            decode=self._decode,
        )
        participant.peer.patience = self._patience
        self.participants[user_id] = participant
        self.topology.add(participant)
        self._emit(ParticipantJoined(info))
        return participant

    def _remove(self, user_id: str) -> None:
        participant = self.participants.pop(user_id, None)
        if participant is None:
            return
        self._redials.pop(user_id, None)
        self._safety.gone(user_id)
        self.topology.remove(user_id)
        participant.hang_up()
        self._hub.leave(user_id)
        self._ending = [each for each in self._ending if not each.peer.closed]
        self._ending.append(participant)
        self._emit(ParticipantGone(user_id))

    def _send_signal(self, user_id: str, data: JsonValue) -> None:
        self._machine.signal(user_id, data)
        self._flush()

    def _peer_changed(self, user_id: str, state: PeerState, reason: str) -> None:
        if (participant := self.participants.get(user_id)) is not None:
            participant.peer_reason = reason
            self.topology.look()
        elif state is PeerState.CLOSED:
            self._emit(PeerStateChanged(user_id, state, reason))
        if state is PeerState.CONNECTED:
            self._redials.pop(user_id, None)
        elif state is PeerState.FAILED and not self._left:
            self._tasks.spawn(self._redial(user_id), name="redial")

    async def _redial(self, user_id: str) -> None:
        participant = self.participants.get(user_id)
        if participant is None or not (participant.peer.is_offerer or participant.peer.offered_unasked):
            return  # the other side offered and does so again
        attempt = self._redials.get(user_id, 0)
        self._redials[user_id] = attempt + 1
        await asyncio.sleep(REDIAL_DELAYS_S[min(attempt, len(REDIAL_DELAYS_S) - 1)])
        if self.participants.get(user_id) is participant and participant.peer.state is PeerState.FAILED:
            participant.peer.make_call()

    def _first_frame(self, user_id: str, kind: MediaKind) -> None:
        # On a decoder's or the speaker's thread.
        since_join_ms = (self._loop.time() - self._join_sent_s) * 1000
        try:
            self._loop.call_soon_threadsafe(self._emit, FirstFrame(user_id, kind, since_join_ms))
        except RuntimeError:
            logger.debug("a first frame came after the end of the engine loop")
