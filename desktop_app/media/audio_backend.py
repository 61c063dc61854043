"""What the rest of the application knows of sound devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.audio import AudioSink, AudioSource
    from desktop_app.media.devices import Device
    from desktop_app.media.source_status import StatusListener


class AudioBackend(Protocol):
    """Microphones and speakers of this machine. All methods may be called from any thread but the window's."""

    def microphones(self) -> tuple[Device, ...]:
        """The microphones of now, the default one first. The first call may take a second."""

    def speakers(self) -> tuple[Device, ...]:
        """The speakers of now, the default one first. The first call may take a second."""

    def subscribe_devices(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` (on a thread of the backend) when the lists change; returns the function that ends it."""

    def open_microphone(self, device_id: str, on_status: StatusListener) -> AudioSource:
        """The microphone with this id or name, "" for the default one; opened by `start`. Never raises."""

    def open_speaker(self, device_id: str, on_status: StatusListener) -> AudioSink:
        """The speaker with this id or name, "" for the default one; opened by `start`. Never raises."""

    def close(self) -> None:
        """Release everything; safe to call twice."""
