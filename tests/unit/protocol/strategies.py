"""Hypothesis strategies for messages, valid and hostile."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from desktop_app.protocol import limits
from desktop_app.protocol.messages import (
    ClientMessage,
    ErrorMessage,
    IceServer,
    JoinRoom,
    LeaveRoom,
    Limits,
    NewPeer,
    ParticipantInfo,
    ParticipantUpdated,
    PeerLeft,
    PeerSignal,
    ServerMessage,
    Signal,
    UpdateParticipant,
    Welcome,
)
from desktop_app.protocol.text import has_forbidden_characters


def _allowed(text: str) -> bool:
    return not has_forbidden_characters(text)


ids = st.text(min_size=1, max_size=limits.MAX_ID_CHARS).filter(_allowed)
names = st.text(max_size=limits.MAX_NAME_CHARS).filter(_allowed)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)

participants = st.builds(
    ParticipantInfo,
    user_id=ids,
    display_name=names,
    audio_muted=st.booleans(),
    video_muted=st.booleans(),
)
ice_servers = st.builds(
    IceServer,
    urls=st.lists(st.text(), max_size=3).map(tuple),
    username=st.none() | st.text(),
    credential=st.none() | st.text(),
)

client_messages: st.SearchStrategy[ClientMessage] = st.one_of(
    st.builds(
        JoinRoom,
        room_id=ids,
        user_id=ids,
        display_name=names,
        audio_muted=st.booleans(),
        video_muted=st.booleans(),
    ),
    st.builds(Signal, target_user_id=ids, data=json_values),
    st.just(LeaveRoom()),
    st.builds(
        UpdateParticipant,
        display_name=st.none() | names,
        audio_muted=st.none() | st.booleans(),
        video_muted=st.none() | st.booleans(),
    ),
)

server_messages: st.SearchStrategy[ServerMessage] = st.one_of(
    st.builds(
        Welcome,
        protocol_version=st.integers(min_value=1, max_value=9),
        room_id=ids,
        user_id=ids,
        participants=st.lists(participants, max_size=3).map(tuple),
        ice_servers=st.lists(ice_servers, max_size=3).map(tuple),
        limits=st.builds(
            Limits,
            frame_bytes=st.integers(min_value=1),
            id_chars=st.integers(min_value=1),
            name_chars=st.integers(min_value=1),
            participants=st.integers(min_value=1),
        ),
    ),
    st.builds(NewPeer, participant=participants),
    st.builds(PeerSignal, from_user_id=ids, data=json_values),
    st.builds(PeerLeft, user_id=ids),
    st.builds(ParticipantUpdated, participant=participants),
    st.builds(ErrorMessage, code=ids, message=names),
)

_TYPES = [
    "join-room", "signal", "leave-room", "update-participant",
    "welcome", "new-peer", "peer-left", "participant-updated", "error", "no-such-type",
]  # fmt: skip
_KEYS = [
    "type", "roomId", "userId", "targetUserId", "from", "data", "displayName", "audioMuted", "videoMuted",
    "participants", "iceServers", "limits", "protocolVersion", "code", "message", "urls",
]  # fmt: skip

hostile_objects = st.builds(
    lambda kind, rest: {"type": kind, **rest},
    st.sampled_from(_TYPES) | json_values,
    st.dictionaries(st.sampled_from(_KEYS[1:]), json_values | st.text(min_size=120, max_size=140)),
)
"""Objects with known types and field names and anything at all as their values."""
