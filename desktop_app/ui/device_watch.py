"""Says in a call that a device has failed, and that it works again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.call.events import DeviceState

if TYPE_CHECKING:
    from desktop_app.call.events import DeviceKind, DeviceStatus

    from .notice_bar import NoticeBar
    from .room_model import RoomModel


class DeviceWatch:
    """Takes in events after the model has them. Outside a call the lobby says it beside the device."""

    def __init__(self, model: RoomModel, notices: NoticeBar) -> None:
        self._model = model
        self._notices = notices
        self._failed: set[DeviceKind] = set()
        """Those of which it was said."""

    def take_status(self, event: DeviceStatus) -> None:
        """Say what has become of a device."""
        code = f"device-{event.device}"
        if event.state is DeviceState.FAILED and self._model.in_call:
            self._failed.add(event.device)
            self._notices.show_notice("warning", event.message or f"The {event.device} does not work.", code)
        elif event.state is DeviceState.OPENING and event.device in self._failed:
            self._notices.remove(code)
        else:
            self._notices.remove(code)
            if event.state is DeviceState.LIVE and event.device in self._failed and self._model.in_call:
                self._notices.show_notice("info", f"The {event.device} works again.", code)
            self._failed.discard(event.device)
