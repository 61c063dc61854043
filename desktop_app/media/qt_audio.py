"""Microphones and speakers through QtMultimedia, which runs in a helper process (see qt_audio_helper for why)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.media.audio_helper import AudioHelper
from desktop_app.media.device_audio import DeviceMicrophone, DeviceSpeaker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop_app.media.audio import AudioSink, AudioSource
    from desktop_app.media.devices import Device
    from desktop_app.media.source_status import StatusListener


class QtAudioBackend:
    """An AudioBackend. Making one costs nothing; the helper process starts with the first call that needs it."""

    def __init__(self, *, helper_command: Sequence[str] | None = None) -> None:
        self._helper = AudioHelper(helper_command)

    def microphones(self) -> tuple[Device, ...]:
        """The microphones of now, the default one first."""
        return self._helper.devices().microphones

    def speakers(self) -> tuple[Device, ...]:
        """The speakers of now, the default one first."""
        return self._helper.devices().speakers

    def answers(self) -> bool:
        """Whether the helper process works, with or without devices; waits for it, 5 s at most."""
        return self._helper.answers()

    def subscribe_devices(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on the helper's thread when the lists change; returns the function that ends it."""
        return self._helper.subscribe(listener)

    def open_microphone(self, device_id: str, on_status: StatusListener) -> AudioSource:
        """The microphone with this id or name, "" for the default one."""
        return DeviceMicrophone(self._helper, device_id, on_status)

    def open_speaker(self, device_id: str, on_status: StatusListener) -> AudioSink:
        """The speaker with this id or name, "" for the default one."""
        return DeviceSpeaker(self._helper, device_id, on_status)

    def close(self) -> None:
        """End the helper process; streams that are still open fall silent. Safe to call twice."""
        self._helper.close()
