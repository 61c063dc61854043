"""The signaling client without I/O: text in, events out; what it may say depends on its state.

After the sans-IO manner: a thin shell (client.py) moves the bytes.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from desktop_app.protocol import codec
from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.messages import (
    ErrorMessage,
    JoinRoom,
    LeaveRoom,
    NewPeer,
    ParticipantUpdated,
    PeerLeft,
    PeerSignal,
    ServerMessage,
    Signal,
    UpdateParticipant,
    Welcome,
)
from desktop_app.protocol.rights import RESUME_CAPABILITY, SetRoom
from desktop_app.protocol.topology import SFU_CAPABILITY

from .errors import ConnectError
from .passwords import Passwords

if TYPE_CHECKING:
    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.protocol.messages import ClientMessage, ParticipantInfo, SessionTicket
    from desktop_app.protocol.rights import RightsClientMessage
    from desktop_app.protocol.topology import TopologyClientMessage

logger = logging.getLogger(__name__)

MAX_OTHERS = 64
"""Whatever a server says: each participant costs a connection with sockets of its own."""


class SignalingState(StrEnum):
    """CLOSED -> JOINING -> JOINED -> CLOSED."""

    CLOSED = "closed"
    JOINING = "joining"
    JOINED = "joined"


class SignalingMachine:
    """One membership of one room. `take_outgoing` is what the shell has to send."""

    def __init__(self, me: ParticipantInfo, room_id: str, *, access: str = "", password: str = "") -> None:
        self.me = me
        self.room_id = room_id
        # Kept for coming back: after a restart of the server whoever is first makes the room anew with them.
        self._access = access
        self.passwords = Passwords(password)
        self.instance = secrets.token_urlsafe(16)
        """Says to the others that it is the same call that goes on (docs/recovery.md)."""
        self._ticket: SessionTicket | None = None
        self.state = SignalingState.CLOSED
        self.participants: dict[str, ParticipantInfo] = {}
        """The others, by user id, in the order of joining."""
        self._outgoing: list[str] = []

    def take_outgoing(self) -> list[str]:
        """The texts to send now, oldest first."""
        texts, self._outgoing = self._outgoing, []
        return texts

    # --- what we do -----------------------------------------------------------------------------

    def connected(self) -> None:
        """The WebSocket is open: ask for the room."""
        self.state = SignalingState.JOINING
        me = self.me
        self._send(
            JoinRoom(
                self.room_id,
                me.user_id,
                me.display_name,
                me.audio_muted,
                me.video_muted,
                capabilities=(SFU_CAPABILITY, RESUME_CAPABILITY),
                instance=self.instance,
                resume="" if self._ticket is None else self._ticket.token,
                screen=me.screen,
                access=self._access,
                password=self.passwords.current,
            )
        )

    def disconnected(self) -> None:
        """The WebSocket is gone."""
        self.state = SignalingState.CLOSED
        self._outgoing.clear()

    def signal(self, user_id: str, data: JsonValue) -> None:
        """Send `data` to a participant; silently nothing when they have left or we are not in the room."""
        if self.state is SignalingState.JOINED and user_id in self.participants:
            self._send(Signal(user_id, data))

    def say(self, message: TopologyClientMessage | RightsClientMessage) -> None:
        """Say something about the topology, or as the host; silently nothing when we are not in the room."""
        if self.state is SignalingState.JOINED:
            if isinstance(message, SetRoom) and message.password is not None:
                self.passwords.add(message.password)
            self._send(message)

    def update(self, me: ParticipantInfo) -> None:
        """Tell the others our new name or states."""
        self.me = me
        if self.state is SignalingState.JOINED:
            self._send(UpdateParticipant(me.display_name, me.audio_muted, me.video_muted, me.screen))

    @property
    def can_resume(self) -> bool:
        """Whether the server keeps our place while the connection is lost."""
        return self._ticket is not None

    def leave(self) -> None:
        """Say that we leave."""
        self._ticket = None
        if self.state is not SignalingState.CLOSED:
            self._send(LeaveRoom())
            self.state = SignalingState.CLOSED

    # --- what the server says -------------------------------------------------------------------

    def receive(self, text: str) -> ServerMessage | None:
        """Take one text frame; returns the event for the call, or None when there is nothing to tell.

        Raises:
            ConnectError: the server refuses to let us in.
        """
        try:
            message = codec.decode_server_message(text)
        except ProtocolError:
            logger.warning("the server sent a message that is not of the protocol", exc_info=True)
            return None
        match message:
            case Welcome():
                if self.state is not SignalingState.JOINING:
                    return None
                self.state = SignalingState.JOINED
                self._ticket = message.session
                self.passwords.accepted()
                others = [one for one in message.participants if one.user_id != self.me.user_id]
                self.participants = {one.user_id: one for one in others[:MAX_OTHERS]}
            case ErrorMessage():
                if self.state is SignalingState.JOINING:
                    raise ConnectError(
                        message.message or "The server refused to let you in.", code=message.code
                    )
                if message.code == ErrorCode.KICKED:
                    self._ticket = None
                    self.state = SignalingState.CLOSED
                    self.participants = {}
            case NewPeer(participant=one) | ParticipantUpdated(participant=one):
                known = one.user_id in self.participants
                if one.user_id == self.me.user_id or (isinstance(message, ParticipantUpdated) and not known):
                    return None
                if not known and len(self.participants) >= MAX_OTHERS:
                    logger.warning("there are more participants than we can talk to")
                    return None
                if isinstance(message, ParticipantUpdated):  # which says nothing of the instance
                    one = replace(one, instance=self.participants[one.user_id].instance)
                    message = ParticipantUpdated(one)
                self.participants[one.user_id] = one
            case PeerLeft(user_id=user_id):
                if self.participants.pop(user_id, None) is None:
                    return None
            case PeerSignal(from_user_id=user_id):
                if user_id not in self.participants:
                    return None  # the server guarantees it; a signal of a stranger is dropped all the same
        return message

    def _send(self, message: ClientMessage) -> None:
        self._outgoing.append(codec.encode_client_message(message))
