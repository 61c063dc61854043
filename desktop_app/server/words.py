"""What messages are called in /metrics, and what is said to clients that are refused."""

from __future__ import annotations

from desktop_app.protocol.errors import ErrorCode
from desktop_app.protocol.messages import JoinRoom, LeaveRoom, Signal, UpdateParticipant
from desktop_app.protocol.rights import Admit, AskMute, GiveHost, Kick, Refuse, SetRoom
from desktop_app.protocol.topology import (
    AudioLevel,
    SfuAnswer,
    SfuCandidate,
    SfuPublish,
    SfuSubscribe,
    TopologyReady,
)

TYPE_NAMES = {
    JoinRoom: "join-room",
    Signal: "signal",
    LeaveRoom: "leave-room",
    UpdateParticipant: "update-participant",
    TopologyReady: "topology-ready",
    SfuPublish: "sfu-publish",
    SfuSubscribe: "sfu-subscribe",
    SfuAnswer: "sfu-answer",
    SfuCandidate: "sfu-candidate",
    AudioLevel: "audio-level",
    SetRoom: "set-room",
    Admit: "admit",
    Refuse: "refuse",
    Kick: "kick",
    AskMute: "ask-mute",
    GiveHost: "give-host",
}
SENTENCES = {
    ErrorCode.BINARY_FRAME: "Messages are JSON text; binary frames are not understood.",
    ErrorCode.FRAME_TOO_LARGE: "The message is longer than 64 KiB.",
    ErrorCode.SLOW_READER: "This client does not read its messages fast enough.",
    ErrorCode.SERVER_SHUTDOWN: "The server is shutting down.",
    ErrorCode.INTERNAL: "Something went wrong inside the server.",
    ErrorCode.TAKEN_OVER: "A newer connection of this client has taken the place of this one.",
    ErrorCode.TOO_FAST: "This client sends messages faster than it may.",
    ErrorCode.NOT_JOINED: "This connection has been in no room for too long.",
    ErrorCode.USER_ID_TAKEN: "Somebody in this room has come in under this user id by way of another server.",
}
