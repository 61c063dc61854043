"""One membership of one room: who is there, and the peers to them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
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
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.state import PeerState
from desktop_app.signaling.client import SignalingClient
from desktop_app.signaling.errors import ConnectError
from desktop_app.signaling.machine import SignalingMachine

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
from .remote_participant import RemoteParticipant
from .topology.control import TopologyControl

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.data.hub import DataHub
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.protocol.messages import JsonValue
    from desktop_app.protocol.topology import TopologyClientMessage

    from .local_media import LocalMedia

logger = logging.getLogger(__name__)

REJOIN_DELAYS_S = (0.3, 1.2, 2.7, 4.8, 7.0)
"""After a lost server; the last one repeats."""
RETURN_S = 15.0
"""After we found the server again: so long the others may need for that, too."""
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


class Call:
    """Lives on the engine loop from `join` to `leave`."""

    def __init__(
        self,
        request: JoinRequest,
        *,
        media: LocalMedia,
        slot_of: Callable[[str], FrameSlot],
        emit: Callable[[CallEvent], None],
        hub: DataHub,
        decode: bool = True,
    ) -> None:
        self._request = request
        self._media = media
        self._slot_of = slot_of
        self._emit = emit
        self._hub = hub
        self._decode = decode
        self._loop = asyncio.get_running_loop()
        self._machine = SignalingMachine(request.me, request.room_id)
        self._client: SignalingClient | None = None
        self._ice = IceConfiguration(request.ice_servers, request.relay_only)
        self._tasks = TaskOwner("call")
        self._ending: list[RemoteParticipant] = []
        self._redials: dict[str, int] = {}
        self._left = False
        self._state = CallState.IDLE
        self._join_sent_s = 0.0
        self.participants: dict[str, RemoteParticipant] = {}
        self.topology = TopologyControl(media=media, ice=lambda: self._ice, say=self.say, emit=emit)

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
        request = self._request
        client = SignalingClient(
            self._machine,
            request.url,
            fingerprint_sha256=request.fingerprint_sha256,
            on_message=self._received,
            on_lost=self._server_lost,
        )
        self._client = client
        self._join_sent_s = self._loop.time()
        welcome = await client.connect()
        self._ice = IceConfiguration((*request.ice_servers, *welcome.ice_servers), request.relay_only)
        self._set_state(CallState.IN_CALL)
        self._enter_topology(welcome)
        return welcome

    def _enter_topology(self, welcome: Welcome) -> None:
        self.topology.enter(welcome)
        for info in self._machine.participants.values():
            self._add(info).peer.expect_call()  # they were here first: they offer

    async def leave(self) -> None:
        """Leave the room and end every peer; safe to call twice."""
        if self._left:
            return
        self._left = True
        await self._tasks.close()
        self.topology.close()
        for user_id in tuple(self.participants):
            self._remove(user_id)
        for user_id in tuple(self._hub.links):  # of those who have not returned
            self._hub.leave(user_id)
        if self._client is not None:
            await self._client.close()
        self._set_state(CallState.IDLE)

    async def wait_closed(self) -> None:
        """Wait until nothing of the peers is left, also of those who went before."""
        await asyncio.gather(self.topology.wait_closed(), *(each.peer.wait_closed() for each in self._ending))

    def say(self, message: TopologyClientMessage) -> None:
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
                if info.user_id in self.participants:
                    self._remove(info.user_id)
                self.topology.call(self._add(info))
            case ParticipantUpdated(participant=info):
                participant = self.participants.get(info.user_id)
                if participant is not None and participant.update(info):
                    self._emit(ParticipantChanged(participant.info))
            case PeerLeft(user_id=user_id):
                self._remove(user_id)
            case PeerSignal(from_user_id=user_id, data=data):
                participant = self.participants.get(user_id)
                if participant is not None and participant.take(data):
                    self._emit(ParticipantChanged(participant.info))
            case ErrorMessage(code=code, message=text):
                # An unknown target is a race with somebody's leaving, not the person's business.
                if code != "unknown-target":
                    self._emit(Notice("warning", text or "The server refused a message.", code))
            case Welcome():
                logger.warning("the server welcomed us twice")
            case Waiting() | RoomUpdated() | Knock() | KnockEnded() | MuteAsked():
                logger.debug("the server says who may enter")
            case _:
                self.topology.received(message)

    def _flush(self) -> None:
        if self._client is not None:
            self._client.flush()

    def _server_lost(self, reason: str) -> None:
        if self._left:
            return
        self.topology.server_lost()
        self._set_state(CallState.SERVER_LOST, f"{reason} The call goes on; trying to reach it again.")
        self._tasks.spawn(self._rejoin(), name="rejoin")

    async def _rejoin(self) -> None:
        attempt = 0
        while True:
            await asyncio.sleep(REJOIN_DELAYS_S[min(attempt, len(REJOIN_DELAYS_S) - 1)])
            attempt += 1
            if self._client is not None:
                await self._client.close()
            before = tuple(self.participants)
            try:
                await self._reenter(before)
            except ConnectError as error:
                logger.info("the server is still away: %s", error)
            else:
                return

    async def _reenter(self, before: tuple[str, ...]) -> None:
        # The others see us leave and come back: they drop the old peers and offer new ones, so we do the same.
        request = self._request
        self._client = SignalingClient(
            self._machine,
            request.url,
            fingerprint_sha256=request.fingerprint_sha256,
            on_message=self._received,
            on_lost=self._server_lost,
        )
        welcome = await self._client.connect()
        for user_id in before:
            # Whoever is there again keeps the link, and what waits in it; they may still look for the server, too.
            self._remove(user_id, left=False)
            self._tasks.spawn(self._await_return(user_id), name="return")
        self._set_state(CallState.IN_CALL)
        self._enter_topology(welcome)

    async def _await_return(self, user_id: str) -> None:
        await asyncio.sleep(RETURN_S)
        if user_id not in self.participants:
            self._hub.leave(user_id)

    # --- participants ---------------------------------------------------------------------------

    def _add(self, info: ParticipantInfo) -> RemoteParticipant:
        user_id = info.user_id
        participant = RemoteParticipant(
            info,
            slot=self._slot_of(user_id),
            mixer=self._media.mixer,
            ice=self._ice,
            local=self._media.feeds,
            send_signal=lambda data: self._send_signal(user_id, data),
            on_state=lambda state, reason: self._peer_changed(user_id, state, reason),
            on_first_frame=lambda kind: self._first_frame(user_id, kind),
            on_dark=lambda: self.topology.pause_freeze_detection(user_id),
            link=self._hub.join(user_id),
            decode=self._decode,
        )
        self.participants[user_id] = participant
        self.topology.add(participant)
        self._emit(ParticipantJoined(info))
        return participant

    def _remove(self, user_id: str, *, left: bool = True) -> None:
        participant = self.participants.pop(user_id, None)
        if participant is None:
            return
        self._redials.pop(user_id, None)
        self.topology.remove(user_id)
        participant.hang_up()
        if left:
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
