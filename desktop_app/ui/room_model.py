"""What the window knows of the call: every event is applied here first, then the widgets show it. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desktop_app.call.events import (
    ActiveSpeakerChanged,
    CallState,
    CallStateChanged,
    DeviceState,
    DeviceStatus,
    Knocked,
    KnockGone,
    LocalMuteChanged,
    LocalScreenChanged,
    ParticipantChanged,
    ParticipantGone,
    ParticipantJoined,
    PeerStateChanged,
    QualityChanged,
    RoomChanged,
    SafetyCodeChanged,
    TopologyChanged,
)
from desktop_app.protocol.rights import OPEN
from desktop_app.quality.score import Quality
from desktop_app.rtc.state import PeerState

from .names import shown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktop_app.call.events import CallEvent, DeviceKind
    from desktop_app.protocol.messages import ParticipantInfo

DEVICE_WORDS: dict[DeviceKind, str] = {"camera": "Camera", "microphone": "Microphone", "speaker": "Speaker"}

MAX_KNOCKS = 50
"""As many as the server lets wait for a room (docs/rights.md)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Another participant as the window shows them."""

    user_id: str
    name: str
    audio_muted: bool = False
    video_muted: bool = False
    screen: bool = False
    """Whether they show their screen."""
    state: PeerState = PeerState.NEW
    reason: str = ""
    quality: str = Quality.UNKNOWN
    """How good the connection is, in a word of quality/score.py."""
    is_host: bool = False

    @property
    def shown_quality(self) -> str:
        """The word for the badge: what is not there cannot be good, whatever the last second was like."""
        if self.state in (PeerState.RECONNECTING, PeerState.FAILED, PeerState.CLOSED):
            return Quality.LOST
        if self.state in (PeerState.NEW, PeerState.CONNECTING):
            return Quality.UNKNOWN
        if self.state is PeerState.UNSTABLE and self.quality in (Quality.EXCELLENT, Quality.GOOD):
            return Quality.POOR
        return self.quality

    def status_text(self) -> str:
        """What is said over the picture: nothing while all is well."""
        if self.state is PeerState.CONNECTED:
            return ""
        if self.state is PeerState.UNSTABLE:
            return "The connection is unstable"
        if self.state is PeerState.RECONNECTING:
            return "Reconnecting…"
        if self.state is PeerState.FAILED:
            return self.reason or "No connection could be made."
        if self.state is PeerState.CLOSED:
            return self.reason or "Disconnected"
        return "Connecting…"


class RoomModel:
    """The state of the call, our devices and the others."""

    def __init__(self, own_id: str = "") -> None:
        self.own_id = own_id
        self.state = CallState.IDLE
        self.room_id = ""
        self.people: dict[str, Person] = {}
        self.shows_screen = False
        """Whether we do."""
        self.audio_muted = False
        self.video_muted = False
        self.devices: dict[DeviceKind, DeviceStatus] = {}
        self.quality: QualityChanged | None = None
        """The newest step of what we send to all; None as long as nothing had to change."""
        self.topology: TopologyChanged | None = None
        """How media travels now; None before that is known."""
        self.active_speaker: str | None = None
        """The user id of whom the room listens to, or nobody's; ours is not among the people."""
        self.rules = OPEN
        """The host and the doors of the room."""
        self.knocks: dict[str, str] = {}
        """Who waits to be let in, by user id: the shown name, in the order of their coming."""
        self.codes: dict[str, SafetyCodeChanged] = {}
        """The newest safety code with each participant."""
        self._compared: dict[str, tuple[str, ...]] = {}
        """The words that the person has compared in this call."""
        self._names: dict[str, tuple[str, str]] = {}
        """By user id: the name that they gave, and the one that is shown."""
        self._quality_of: dict[str, QualityChanged] = {}
        """The newest step for one participant alone."""

    def be_again(self, user_id: str) -> None:
        """We have another id from now on: that of before a crash."""
        self.own_id = user_id

    @property
    def screens_have_lines(self) -> bool:
        """Whether a screen comes beside the camera's picture, as through an SFU, or in its place."""
        return self.topology is not None and self.topology.mode == "sfu"

    @property
    def in_call(self) -> bool:
        """In a room, with or without its server."""
        return self.state in (CallState.IN_CALL, CallState.SERVER_LOST)

    @property
    def is_host(self) -> bool:
        """Whether we decide who may enter."""
        return self.in_call and bool(self.own_id) and self.rules.host == self.own_id

    def is_compared(self, user_id: str) -> bool:
        """Whether the person has compared the words of now."""
        code = self.codes.get(user_id)
        return code is not None and bool(code.words) and self._compared.get(user_id) == code.words

    def set_compared(self, user_id: str, compared: bool) -> None:
        """Note that the words of now were found the same on both ends, or that they were not."""
        code = self.codes.get(user_id)
        if compared and code is not None and code.words:
            self._compared[user_id] = code.words
            self.codes[user_id] = replace(code, is_other=False)
        else:
            self._compared.pop(user_id, None)

    def apply_qualities(self, words: Mapping[str, str]) -> bool:
        """Take in how good the connections are; whether anything that is shown changed."""
        changed = False
        for user_id, word in words.items():
            person = self.people.get(user_id)
            if person is not None and person.quality != word:
                self.people[user_id] = replace(person, quality=word)
                changed = True
        return changed

    def apply(self, event: CallEvent) -> None:
        """Take in one event of the engine."""
        match event:
            case CallStateChanged():
                self._change_state(event)
            case ParticipantJoined(participant) | ParticipantChanged(participant):
                self._update_person(participant)
            case ParticipantGone(user_id):
                self.people.pop(user_id, None)
                self._names.pop(user_id, None)
                self._quality_of.pop(user_id, None)
                self.codes.pop(user_id, None)
                self._compared.pop(user_id, None)
            case PeerStateChanged(user_id, state, reason):
                if user_id in self.people:
                    self.people[user_id] = replace(self.people[user_id], state=state, reason=reason)
            case LocalScreenChanged(shown):
                self.shows_screen = shown
            case LocalMuteChanged("audio", muted):
                self.audio_muted = muted
            case LocalMuteChanged("video", muted):
                self.video_muted = muted
            case DeviceStatus():
                self.devices[event.device] = event
            case QualityChanged(user_id=""):
                self.quality = event
            case QualityChanged(user_id=user_id):
                self._quality_of[user_id] = event
            case TopologyChanged(phase="commit"):
                if self.topology is not None and self.topology.mode != event.mode:
                    self._quality_of.clear()  # it was said of the paths that are left
                self.topology = event
            case ActiveSpeakerChanged(user_id):
                self.active_speaker = user_id
            case _:
                self._apply_rights(event)

    def _apply_rights(self, event: CallEvent) -> None:
        match event:
            case RoomChanged(rules):
                self.rules = rules
                if rules.host != self.own_id:
                    self.knocks.clear()
                for user_id, person in self.people.items():
                    if person.is_host != (user_id == rules.host):
                        self.people[user_id] = replace(person, is_host=user_id == rules.host)
            case Knocked(user_id, display_name):
                if user_id in self.knocks or len(self.knocks) < MAX_KNOCKS:
                    self.knocks[user_id] = shown_name(display_name, user_id)
            case KnockGone(user_id):
                self.knocks.pop(user_id, None)
            case SafetyCodeChanged(user_id):
                self.codes[user_id] = event
            case _:
                pass

    def _change_state(self, event: CallStateChanged) -> None:
        if event.state in (CallState.IDLE, CallState.JOINING, CallState.WAITING):
            self.rules = OPEN
            self.knocks.clear()
            self.codes.clear()
            self._compared.clear()
            self.people.clear()
            self._names.clear()
            self.quality = None
            self.topology = None
            self.active_speaker = None
            self._quality_of.clear()
        self.state = event.state
        self.room_id = event.room_id if event.state is not CallState.IDLE else ""

    def _update_person(self, info: ParticipantInfo) -> None:
        old = self.people.get(info.user_id) or Person(info.user_id, "")
        self.people[info.user_id] = replace(
            old,
            name=self._name_for(info),
            audio_muted=info.audio_muted,
            video_muted=info.video_muted,
            screen=info.screen,
            is_host=info.user_id == self.rules.host,
        )

    def _name_for(self, info: ParticipantInfo) -> str:
        """Nobody is mistaken for somebody who is there: the second Ana is "Ana (2)", and stays it."""
        name = shown_name(info.display_name, info.user_id)
        before = self._names.get(info.user_id)
        if before is not None and before[0] == name:
            return before[1]
        taken = {own.casefold() for user_id, (_, own) in self._names.items() if user_id != info.user_id}
        own, number = name, 1
        while own.casefold() in taken:
            number += 1
            own = f"{name} ({number})"
        self._names[info.user_id] = (name, own)
        return own

    def people_text(self) -> str:
        """How many are in the room."""
        others = len(self.people)
        return "Only you are here" if others == 0 else f"{others + 1} people"

    def connection_text(self) -> str:
        """The worst that is true of the server and of the connections to the others."""
        if self.state is CallState.IDLE:
            return "Not in a call"
        if self.state is CallState.JOINING:
            return "Joining…"
        if self.state is CallState.WAITING:
            return "Waiting to be let in…"
        if self.state is CallState.SERVER_LOST:
            return "Server lost, reconnecting…"
        for states, words in (
            ({PeerState.FAILED, PeerState.CLOSED}, "No connection to"),
            ({PeerState.RECONNECTING}, "Reconnecting to"),
            ({PeerState.UNSTABLE}, "Unstable connection to"),
            ({PeerState.NEW, PeerState.CONNECTING}, "Connecting to"),
        ):
            names = [person.name for person in self.people.values() if person.state in states]
            if names:
                return f"{words} {names[0] if len(names) == 1 else f'{len(names)} people'}"
        return "Connected"

    def quality_text(self) -> str:
        """Why the others, or some of them, do not see us although our camera is on; empty while they do."""
        quality = self.quality
        if not self.in_call:
            return ""
        if quality is None or quality.video_enabled:
            return self._exceptions_text()
        if quality.reason == "setting":
            return "Audio only, as you chose in the settings"
        return "Audio only: the network is too slow for video"

    def _exceptions_text(self) -> str:
        names = [
            person.name
            for user_id, person in self.people.items()
            if (own := self._quality_of.get(user_id)) is not None and not own.video_enabled
        ]
        if not names:
            return ""
        whom = names[0] if len(names) == 1 else f"{len(names)} people"
        return f"Audio only to {whom}: the network between you is too slow for video"

    def device_text(self, kind: DeviceKind) -> str:
        """One device in a few words: "Camera on", "Microphone muted", "Camera not working"."""
        word = DEVICE_WORDS[kind]
        status = self.devices.get(kind)
        if status is not None and status.state is DeviceState.FAILED:
            return f"{word} not working"
        if kind == "microphone" and self.audio_muted:
            return f"{word} muted"
        if kind == "camera" and self.video_muted:
            return f"{word} off"
        if status is None or status.state is DeviceState.OFF:
            return f"No {word.lower()}"
        return f"{word} opening…" if status.state is DeviceState.OPENING else f"{word} on"
