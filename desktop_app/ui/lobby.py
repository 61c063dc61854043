"""Before a call: our picture, our microphone, the choice of devices, and the form to start or join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.call.events import DeviceState

from . import theme
from .device_choice import DeviceChoice
from .grid_layout import arrange_one
from .join_form import JoinForm
from .level_meter import LevelMeter
from .names import clean_name
from .return_card import ReturnCard
from .toolbar import ActionButton
from .video_tile import VideoTile

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QResizeEvent

    from desktop_app.call.events import DeviceKind
    from desktop_app.media.devices import Devices
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.schema import Settings

    from .frame_converter import ConversionPool
    from .room_model import RoomModel

FORM_WIDTH_PX = 340
STACKED_BELOW_PX = 760


class PreviewFrame(QWidget):
    """Keeps the preview in its picture's shape (16:9 while there is none), at the top of the room there is."""

    def __init__(self, tile: VideoTile) -> None:
        super().__init__()
        self._tile = tile
        tile.setParent(self)
        tile.picture_size_changed.connect(self._place)
        self.setMinimumSize(240, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """As large as the preview likes to be."""
        return QSize(480, 300)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the tile."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        cell = arrange_one(self.width(), self.height(), self._tile.aspect)
        self._tile.setGeometry(cell.x, 0, cell.width, cell.height)


class Lobby(QScrollArea):
    """The first page. What it is told it shows; what the person wants it emits."""

    device_chosen = Signal(str, str)
    """Kind and the settings' value."""
    refresh_requested = Signal()

    def __init__(
        self,
        pool: ConversionPool,
        local_slot: FrameSlot,
        settings: Settings,
        invite: Invite | None,
        mute_actions: tuple[QAction, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it has the keyboard
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.preview = VideoTile(
            pool, local_slot, clean_name(settings.display_name) or "You", mirrored=settings.mirror_self_view
        )
        self.meter = LevelMeter()
        self._problems: dict[DeviceKind, QLabel] = {
            "microphone": _problem_label(),
            "speaker": _problem_label(),
        }
        self.choices: dict[DeviceKind, DeviceChoice] = {
            "camera": DeviceChoice("camera", settings.camera),
            "microphone": DeviceChoice("microphone", settings.microphone),
            "speaker": DeviceChoice("speaker", settings.speaker),
        }
        for kind, choice in self.choices.items():
            choice.chosen.connect(lambda value, kind=kind: self.device_chosen.emit(kind, value))
        self.refresh_button = QToolButton()
        self.refresh_button.setIcon(theme.icon("refresh"))
        self.refresh_button.setToolTip("Look for devices again")
        self.refresh_button.setAccessibleName("Look for devices again")
        self.refresh_button.clicked.connect(self.refresh_requested)
        self.return_card = ReturnCard()
        self.form = JoinForm(settings, invite)
        self.form.name_field.edit.textChanged.connect(self._name_changed)
        self._build_layout(mute_actions)

    def _build_layout(self, mute_actions: tuple[QAction, QAction]) -> None:
        left = QVBoxLayout()
        left.setSpacing(theme.Spacing.M)
        left.addWidget(PreviewFrame(self.preview), 1)
        level_row = QHBoxLayout()
        level_row.setSpacing(theme.Spacing.S)
        for action in mute_actions:
            level_row.addWidget(ActionButton(action))
        level_row.addWidget(self.meter, 1)
        left.addLayout(level_row)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.Spacing.M)
        grid.setVerticalSpacing(theme.Spacing.S)
        for row, (kind, choice) in enumerate(self.choices.items()):
            label = QLabel(kind.capitalize())
            label.setBuddy(choice)
            grid.addWidget(label, 2 * row, 0)
            grid.addWidget(choice, 2 * row, 1)
        grid.addWidget(self.refresh_button, 0, 2)
        grid.addWidget(self._problems["microphone"], 3, 1)
        grid.addWidget(self._problems["speaker"], 5, 1)
        left.addLayout(grid)

        title = QLabel("Bridgecall")
        theme.set_style(title, role="title")
        subtitle = QLabel("Calls by link, for two people or for many.")
        theme.set_style(subtitle, role="muted")
        form_column = QVBoxLayout()
        form_column.setSpacing(theme.Spacing.XS)
        form_column.addWidget(title)
        form_column.addWidget(subtitle)
        form_column.addSpacing(theme.Spacing.L)
        form_column.addWidget(self.return_card)
        form_column.addSpacing(theme.Spacing.S)
        form_column.addWidget(self.form)
        form_column.addStretch(1)
        self._form_box = QWidget()
        self._form_box.setLayout(form_column)
        form_column.setContentsMargins(0, 0, 0, 0)
        self._form_box.setFixedWidth(FORM_WIDTH_PX)

        content = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
        self._columns.setContentsMargins(*(theme.Spacing.XL,) * 4)
        self._columns.setSpacing(theme.Spacing.XL + theme.Spacing.S)
        self._columns.addLayout(left, 1)
        self._columns.addWidget(self._form_box)
        self.setWidget(content)

    def show_devices(self, devices: Devices) -> None:
        """Offer what is connected."""
        self.choices["camera"].set_devices(devices.cameras)
        self.choices["microphone"].set_devices(devices.microphones)
        self.choices["speaker"].set_devices(devices.speakers)

    def take_settings(self, settings: Settings) -> None:
        """Follow a change of the settings."""
        self.choices["camera"].set_value(settings.camera)
        self.choices["microphone"].set_value(settings.microphone)
        self.choices["speaker"].set_value(settings.speaker)
        self.preview.set_mirrored(settings.mirror_self_view)
        self.form.take_settings(settings)

    def show_model(self, model: RoomModel) -> None:
        """Say what the devices do."""
        self.preview.set_video_muted(camera_is_dark(model))
        self.preview.set_audio_muted(model.audio_muted)
        self.preview.set_status(camera_sentence(model))
        for kind, label in self._problems.items():
            status = model.devices.get(kind)
            sentence = ""
            if status is not None and status.state is DeviceState.FAILED:
                sentence = status.message or f"The {kind} does not work."
            label.setText(sentence)
            label.setVisible(bool(sentence))
        if model.audio_muted:
            self.meter.show_level(0.0)

    def problem_texts(self) -> list[str]:
        """What is said beside microphone and speaker."""
        return [label.text() for label in self._problems.values() if label.text()]

    def show_microphone_level(self, level: float) -> None:
        """Ten times a second."""
        if self.isVisible():
            self.meter.show_level(level)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the form over the preview when the window is narrow."""
        super().resizeEvent(event)
        stacked = self.width() < STACKED_BELOW_PX
        self._columns.setDirection(
            QBoxLayout.Direction.BottomToTop if stacked else QBoxLayout.Direction.LeftToRight
        )
        if stacked:
            self._form_box.setMinimumWidth(0)
            self._form_box.setMaximumWidth(16777215)
        else:
            self._form_box.setFixedWidth(FORM_WIDTH_PX)

    def _name_changed(self, text: str) -> None:
        self.preview.set_name(clean_name(text) or "You")


def camera_is_dark(model: RoomModel) -> bool:
    """Whether there is no picture of ours: what a failed camera sends (a sentence) is for the others to read."""
    status = model.devices.get("camera")
    return model.video_muted or (status is not None and status.state is DeviceState.FAILED)


def camera_sentence(model: RoomModel) -> str:
    """What is said over our own picture."""
    status = model.devices.get("camera")
    if status is not None and status.state is DeviceState.FAILED:
        return status.message or "The camera does not work."
    if model.video_muted:
        return "Your camera is off."
    if status is None or status.state is DeviceState.OFF:
        return "No camera is chosen." if status is not None else ""
    return "Opening the camera…" if status.state is DeviceState.OPENING else ""


def _problem_label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    theme.set_style(label, role="error")
    label.hide()
    return label
