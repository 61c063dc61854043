"""The real engine behind a system that asks the person, and the systems themselves as far as they can be had here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktop_app.call.events import DeviceState, DeviceStatus
from desktop_app.engine import system_permissions
from desktop_app.engine.permissions import Kind, Permission
from desktop_app.engine.qt_bridge import EngineBridge
from desktop_app.engine.system_permissions import QtPermissions, WindowsConsent
from desktop_app.hosting import InProcessHost
from desktop_app.settings.schema import Settings

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.call.events import CallEvent

SETTINGS = Settings(camera="none")
NO_BACKEND = "Microphones cannot be used here; choose a sound file, the test tone or none."
REFUSED = "The microphone may not be used."


class SlowPerson:
    """Has been asked for the microphone, and answers when the test says so."""

    def __init__(self) -> None:
        self.now = Permission.UNDETERMINED
        self.questions = 0
        self.answered = asyncio.Event()

    def status(self, kind: Kind) -> Permission:
        return self.now

    async def request(self, kind: Kind) -> Permission:
        self.questions += 1
        await self.answered.wait()
        return self.now

    def refusal(self, kind: Kind) -> str:
        return f"The {kind} may not be used."

    def answer(self, permission: Permission) -> None:
        self.now = permission
        self.answered.set()


@pytest.mark.parametrize(("answer", "told"), [(Permission.GRANTED, NO_BACKEND), (Permission.DENIED, REFUSED)])
@pytest.mark.expected_warnings("microphone")
def test_the_microphone_waits_for_the_answer_and_the_window_does_not(
    qtbot: QtBot, qt_loop: asyncio.AbstractEventLoop, answer: Permission, told: str
) -> None:
    person = SlowPerson()
    bridge = EngineBridge(backend=None, make_host=InProcessHost, permissions=person)
    said: list[str] = []

    def listen(event: CallEvent) -> None:
        if (
            isinstance(event, DeviceStatus)
            and event.device == "microphone"
            and event.state is DeviceState.FAILED
        ):
            said.append(event.message)

    bridge.subscribe(listen)
    first = qt_loop.create_task(bridge.apply_settings(SETTINGS))
    qtbot.waitUntil(lambda: person.questions == 1)
    second = qt_loop.create_task(bridge.apply_settings(SETTINGS.replace(display_name="Ana")))
    devices = qt_loop.create_task(bridge.list_devices())
    qtbot.waitUntil(devices.done)  # the engine works meanwhile
    assert said == []
    assert not first.done()
    person.answer(answer)
    qtbot.waitUntil(lambda: told in said)
    qtbot.waitUntil(lambda: first.done() and second.done())
    assert person.questions == 1
    assert set(said) == {told}
    closing = qt_loop.create_task(bridge.close())
    qtbot.waitUntil(closing.done)


def test_where_nobody_asks_qt_grants(qtbot: QtBot, qt_loop: asyncio.AbstractEventLoop) -> None:
    permissions = QtPermissions()
    assert permissions.status("camera") is Permission.GRANTED
    asking = qt_loop.create_task(permissions.request("microphone"))
    qtbot.waitUntil(asking.done)
    assert asking.result() is Permission.GRANTED
    assert system_permissions.system_permissions() is None


def test_on_windows_each_switch_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    switches: dict[str, str] = {}
    monkeypatch.setattr(system_permissions, "_consent", lambda path: switches.get(path, ""))
    consent = WindowsConsent()
    assert consent.status("camera") is Permission.GRANTED
    switches[system_permissions.CONSENT_KEY + r"\webcam\NonPackaged"] = "Deny"
    assert consent.status("camera") is Permission.DENIED
    assert consent.status("microphone") is Permission.GRANTED
    switches[system_permissions.CONSENT_KEY + r"\microphone"] = "Deny"
    assert consent.status("microphone") is Permission.DENIED
    assert consent.refusal("camera").endswith("Settings, Privacy & security, Camera.")
