"""The line at the foot of the window: where we are, with how many, how it goes, and what our devices do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from desktop_app.call.events import CallState, DeviceState
from desktop_app.rtc.state import PeerState

from . import theme
from .chat.tips import plain_tip
from .elided_label import ShrinkingLabel
from .names import clean_name
from .topology_words import route_sentences, route_text

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from desktop_app.call.events import DeviceKind

    from .room_model import RoomModel

ICON_PX = 16
LEAST_PX = 48
LEAST_CONNECTION_PX = 190
"""Most of "Reconnecting to Maximilian"."""
DEVICE_WORDS_FROM_PX = 700
ROOM_WORDS_FROM_PX = 520
"""The room's name is in the window's title, too."""


class _Part(QWidget):
    """An icon and a few words."""

    def __init__(self, accessible_name: str, least_px: int = 1 << 20) -> None:
        """Where there is no room its words are cut down to `least_px`."""
        super().__init__()
        self._name = accessible_name
        self._icon = QLabel()
        self._text = ShrinkingLabel(least_px)
        theme.set_style(self._text, role="caption")
        self._shown_icon = ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.Spacing.XS)
        layout.addWidget(self._icon)
        layout.addWidget(self._text)
        theme.notifier().changed.connect(self._redraw)
        self._color = "text_muted"

    @property
    def text(self) -> str:
        return self._text.full_text

    def show_words(self, shown: bool) -> None:
        self._text.setVisible(shown)

    def show_state(self, icon: str, text: str, color: str = "text_muted", tip: str = "") -> None:
        self._text.set_full(text)
        self._text.setToolTip(plain_tip(tip or text))
        self._text.setAccessibleName(f"{self._name}: {text}")
        self.setToolTip(plain_tip(tip or text))
        self._text.setAccessibleDescription(tip)
        if (icon, color) != (self._shown_icon, self._color):
            self._shown_icon, self._color = icon, color
            self._redraw()

    def _redraw(self) -> None:
        if not self._shown_icon:
            return
        self._icon.setPixmap(theme.icon(self._shown_icon, color=self._color).pixmap(ICON_PX, ICON_PX))


class StateLine(QFrame):
    """Always visible, in the lobby and in a call."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_style(self, role="toolbar")
        self._connection = _Part("Connection", LEAST_CONNECTION_PX)
        self._room = _Part("Room", LEAST_PX)
        self._people = _Part("People in the room")
        self._route = _Part("How sound and picture travel")
        self._quality = _Part("What is sent", LEAST_PX)
        self._microphone = _Part("Microphone")
        self._camera = _Part("Camera")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.Spacing.M, theme.Spacing.XS, theme.Spacing.M, theme.Spacing.XS)
        layout.setSpacing(theme.Spacing.M)
        layout.addWidget(self._connection)
        layout.addWidget(self._room)
        layout.addWidget(self._people)
        layout.addWidget(self._route)
        layout.addWidget(self._quality)
        layout.addStretch(1)
        layout.addWidget(self._microphone)
        layout.addWidget(self._camera)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let icons speak for themselves when there is no room."""
        super().resizeEvent(event)
        for part in (self._route, self._microphone, self._camera):
            part.show_words(self.width() >= DEVICE_WORDS_FROM_PX)
        self._room.show_words(self.width() >= ROOM_WORDS_FROM_PX)

    @property
    def text(self) -> str:
        """The whole line as words."""
        parts = (
            self._connection,
            self._room,
            self._people,
            self._route,
            self._quality,
            self._microphone,
            self._camera,
        )
        return " · ".join(part.text for part in parts if part.isVisibleTo(self))

    def show_model(self, model: RoomModel) -> None:
        """Show the state of now."""
        icon, color = _connection_look(model)
        self._connection.show_state(icon, model.connection_text(), color)
        in_call = model.in_call or model.state is CallState.JOINING
        self._room.setVisible(in_call)
        self._people.setVisible(model.in_call)
        if in_call:
            self._room.show_state("network", f"Room {clean_name(model.room_id)}")
        if model.in_call:
            self._people.show_state("people", model.people_text())
        topology = model.topology
        self._route.setVisible(model.in_call and topology is not None and bool(model.people))
        if topology is not None:
            icon = "server" if topology.mode == "sfu" else "direct"
            self._route.show_state(icon, route_text(topology), tip=route_sentences(topology))
        audio_only = model.quality_text()
        self._quality.setVisible(bool(audio_only))
        if audio_only:
            self._quality.show_state("camera-off", audio_only, "warning")
        self._microphone.show_state(
            *_device_look(model, "microphone", model.audio_muted, model.device_text("microphone"))
        )
        self._camera.show_state(
            *_device_look(model, "camera", model.video_muted, model.device_text("camera"))
        )
        self.setAccessibleName(self.text)


def _connection_look(model: RoomModel) -> tuple[str, str]:
    if model.state is CallState.IDLE:
        return "signal-0", "text_muted"
    states = {person.state for person in model.people.values()}
    if model.state is CallState.SERVER_LOST or states & {PeerState.FAILED, PeerState.CLOSED}:
        return "signal-1", "danger"
    if model.state in (CallState.JOINING, CallState.WAITING) or states - {PeerState.CONNECTED}:
        return "signal-2", "warning"
    return "signal-4", "good"


def _device_look(model: RoomModel, kind: DeviceKind, muted: bool, text: str) -> tuple[str, str, str]:
    status = model.devices.get(kind)
    if status is not None and status.state is DeviceState.FAILED:
        return f"{kind}-off", text, "danger"
    off = muted or status is None or status.state is DeviceState.OFF
    return f"{kind}-off" if off else kind, text, "warning" if muted else "text_muted"
