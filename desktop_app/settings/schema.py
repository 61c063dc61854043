"""Every setting, declared once: type, default, bounds, title, help, group, and whether it is a secret.

The settings file, the settings dialog and the diagnostics are made from this.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, cast

from desktop_app.core.errors import UserFacingError

from .kinds import Choice, Device, Folder, IceServers, Integer, Switch, Text
from .server_address import check_server_address
from .update_address import check_update_url

if TYPE_CHECKING:
    from .kinds import Kind

T = TypeVar("T")

MAX_NAME_CHARS = 80
"""Of a display name, in Unicode code points; the protocol's limit."""


class SettingsError(UserFacingError):
    """A value that the schema refuses, or a file that cannot be written."""

    code = "settings"


class Group(StrEnum):
    """The pages of the settings dialog, in their order."""

    GENERAL = "General"
    CAMERA = "Camera"
    SOUND = "Sound"
    FILES = "Files"
    NETWORK = "Network"
    APPEARANCE = "Appearance"
    UPDATES = "Updates"


@dataclass(frozen=True, slots=True)
class Option:
    """What is known of one setting."""

    name: str
    default: Any
    kind: Kind
    title: str
    help: str = ""
    group: Group | None = None
    """None: kept by the application itself, not shown in the dialog."""
    secret: bool = False
    """Its value must not appear in logs and diagnostics."""

    def checked(self, value: Any) -> Any:
        """The value to keep for `value`.

        Raises:
            SettingsError: one sentence that says why it is refused.
        """
        try:
            return self.kind.checked(self.title, value)
        except ValueError as error:
            raise SettingsError(str(error)) from None

    def redacted(self, value: Any) -> Any:
        """`value` as it may be shown to strangers."""
        if not self.secret or not value:
            return value
        if isinstance(self.kind, IceServers):
            return tuple(_without_credentials(each) for each in value)
        return "(hidden)"


def _without_credentials(server: str) -> str:
    url, comma, _ = server.partition(",")
    return f"{url},(hidden)" if comma else url


def _option(
    default: T, kind: Kind, title: str, help: str = "", group: Group | None = None, *, secret: bool = False
) -> T:
    # A dataclass field in the guise of its default value: type checkers compare it with the annotation.
    about = Option("", default, kind, title, help, group, secret)
    made: T = field(default=default, metadata={"option": about})
    return made


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """The settings of one person. Immutable; `replace` makes a checked copy."""

    display_name: str = _option(
        "", Text(MAX_NAME_CHARS, "Ana Silva"), "Your name", "Shown to the others in a call.", Group.GENERAL
    )
    server: str = _option(
        "",
        Text(300, "calls.example.org:8080", check_server_address),
        "Server",
        "Used when you join a call by its room name instead of a link.",
        Group.GENERAL,
    )
    last_target: str = _option("", Text(2000), "Last link or room", secret=True)

    camera: str = _option("", Device("camera"), "Camera", "The picture that the others see.", Group.CAMERA)
    video_size: str = _option(
        "640x480",
        Choice(
            {
                "320x240": "320 × 240",
                "640x360": "640 × 360 (wide)",
                "640x480": "640 × 480",
                "960x540": "960 × 540 (wide)",
                "1280x720": "1280 × 720 (wide, HD)",
            }
        ),
        "Picture size",
        "A larger picture is sharper, and needs a faster connection and more processor time.",
        Group.CAMERA,
    )
    frame_rate: int = _option(
        30,
        Integer(5, 60, "frames per second"),
        "Frame rate",
        "Your camera may deliver fewer, above all in dim light.",
        Group.CAMERA,
    )

    microphone: str = _option("", Device("microphone"), "Microphone", "", Group.SOUND)
    speaker: str = _option("", Device("speaker"), "Speaker", "", Group.SOUND)
    echo_cancellation: bool = _option(
        True,
        Switch(),
        "Echo cancellation",
        "Keeps the others from hearing themselves through your speaker.",
        Group.SOUND,
    )
    noise_suppression: bool = _option(
        True, Switch(), "Noise suppression", "Quiets steady noise such as a fan or traffic.", Group.SOUND
    )
    automatic_gain: bool = _option(
        True, Switch(), "Automatic volume", "Evens out how loud your voice is for the others.", Group.SOUND
    )
    silence_saving: bool = _option(
        False,
        Switch(),
        "Save data while you are silent",
        "Sends next to nothing when you do not speak. The others hear a steady soft noise instead of your room.",
        Group.SOUND,
    )

    event_sounds: bool = _option(
        True,
        Switch(),
        "Sounds for events",
        "A short sound when a connection is lost or back, and when somebody waits to be let in.",
        Group.SOUND,
    )

    download_folder: str = _option(
        "",
        Folder(),
        "Folder for received files",
        "Files that others send you in a call are saved here.",
        Group.FILES,
    )

    ice_servers: tuple[str, ...] = _option(
        (),
        IceServers(8),
        "STUN and TURN servers",
        "They help a call through routers and firewalls: the best one that answers is used, and a dead one delays "
        "nothing. Most people need none here. “Test connection” below tries them.",
        Group.NETWORK,
        secret=True,
    )
    relay_only: bool = _option(
        False,
        Switch(),
        "Only through a TURN server",
        "Hides your network address from the others. Without a TURN server no call connects.",
        Group.NETWORK,
    )

    quality: str = _option(
        "automatic",
        Choice(
            {
                "automatic": "Automatic",
                "low-data": "Low data: a small picture, at most 250 kbit/s",
                "audio-only": "Sound only",
            }
        ),
        "What you send",
        "Automatic fits your picture to the network; your sound always comes first.",
        Group.NETWORK,
    )

    appearance: str = _option(
        "system",
        Choice({"system": "Same as the system", "light": "Light", "dark": "Dark"}),
        "Colours",
        "",
        Group.APPEARANCE,
    )
    call_layout: str = _option(
        "automatic",
        Choice(
            {
                "automatic": "By number of people",
                "grid": "Grid: everybody equally large",
                "speaker": "Speaker: who speaks is large",
            }
        ),
        "Layout of a call",
        "",
        Group.APPEARANCE,
    )
    mirror_self_view: bool = _option(
        True,
        Switch(),
        "Mirror my own picture",
        "As in a mirror, for you alone: the others see it the right way round.",
        Group.APPEARANCE,
    )

    updates_check: bool = _option(
        True,
        Switch(),
        "Look for new versions",
        "Asks the address below once a day at most, and says so when there is a newer version. Nothing is ever "
        "downloaded or installed by itself.",
        Group.UPDATES,
    )
    updates_url: str = _option(
        "",
        Text(500, "https://bridgecall.example.org/newest.json", check_update_url),
        "Where new versions are announced",
        "Whoever gave you Bridgecall knows it. While it is empty, nobody is asked.",
        Group.UPDATES,
    )

    window_geometry: str = _option("", Text(4096), "Window position")

    def replace(self, **changes: Any) -> Settings:
        """A copy with `changes`, each checked.

        Raises:
            SettingsError: a name that is no setting, or a value that its option refuses.
        """
        return dataclasses.replace(self, **{name: validate(name, value) for name, value in changes.items()})

    def video_size_px(self) -> tuple[int, int]:
        """Width and height of the camera's picture."""
        width, height = self.video_size.split("x")
        return int(width), int(height)

    def redacted(self) -> dict[str, Any]:
        """Every setting by name, without secrets: for diagnostics and logs."""
        return {option.name: option.redacted(getattr(self, option.name)) for option in OPTIONS}

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.redacted().items())
        return f"Settings({inside})"


OPTIONS: tuple[Option, ...] = tuple(
    dataclasses.replace(cast("Option", each.metadata["option"]), name=each.name) for each in fields(Settings)
)
OPTION_BY_NAME: dict[str, Option] = {option.name: option for option in OPTIONS}


def validate(key: str, value: Any) -> Any:
    """The value to keep when somebody sets `key` to `value`.

    Raises:
        SettingsError: one sentence that says why it is refused.
    """
    option = OPTION_BY_NAME.get(key)
    if option is None:
        raise SettingsError(f"There is no setting called {key}.")
    return option.checked(value)
