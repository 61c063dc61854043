"""What the system lets us use: macOS asks the person at run time, Windows has a switch in its settings.

Until the answer is there, and after a refusal, the engine gets the settings without that device, so that the camera
of a call cannot wait for a dialog. Everywhere else nothing is asked.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from desktop_app.media.media_file import is_file_spec
from desktop_app.settings.kinds import NO_DEVICE, TEST_DEVICE

if TYPE_CHECKING:
    from desktop_app.settings.schema import Settings

Kind: TypeAlias = Literal["camera", "microphone"]


class Permission(StrEnum):
    """What the system says of one kind of device."""

    GRANTED = "granted"
    UNDETERMINED = "undetermined"
    DENIED = "denied"


class PermissionPort(Protocol):
    """The system's answers. Used on the Qt thread."""

    def status(self, kind: Kind) -> Permission:
        """What holds now. Answers at once."""

    async def request(self, kind: Kind) -> Permission:
        """Have the system ask the person; returns with their answer."""

    def refusal(self, kind: Kind) -> str:
        """One sentence that says where a refusal can be taken back."""


class PermissionGate:
    """Between the person's settings and the engine.

    Args:
        port: the system.
    """

    def __init__(self, port: PermissionPort) -> None:
        self._port = port

    def permitted(self, settings: Settings) -> Settings:
        """`settings` without the devices that may not be used, or not yet."""
        wanted = _devices(settings)
        kept_out = {kind: NO_DEVICE for kind in wanted if self._port.status(kind) is not Permission.GRANTED}
        return settings.replace(**kept_out) if kept_out else settings

    async def ask(self, settings: Settings) -> None:
        """Ask for what was never asked for, one after the other."""
        for kind in _devices(settings):
            if self._port.status(kind) is Permission.UNDETERMINED:
                await self._port.request(kind)

    def refusals(self, settings: Settings) -> dict[Kind, str]:
        """A sentence for each device of `settings` that was refused."""
        refused = [kind for kind in _devices(settings) if self._port.status(kind) is Permission.DENIED]
        return {kind: self._port.refusal(kind) for kind in refused}


def _devices(settings: Settings) -> list[Kind]:
    """The kinds of which a real device is wanted: a test pattern or a file needs nobody's permission."""
    wanted: dict[Kind, str] = {"camera": settings.camera, "microphone": settings.microphone}
    return [
        kind
        for kind, spec in wanted.items()
        if spec not in (NO_DEVICE, TEST_DEVICE) and not is_file_spec(spec)
    ]
