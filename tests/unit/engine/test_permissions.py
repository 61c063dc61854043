"""What the engine gets of the settings while the system has not permitted everything."""

from __future__ import annotations

import pytest

from desktop_app.engine.permissions import Kind, Permission, PermissionGate
from desktop_app.settings.schema import Settings


class System:
    """A system whose person answers as the test says."""

    def __init__(
        self, camera: Permission, microphone: Permission, answer: Permission = Permission.GRANTED
    ) -> None:
        self.now: dict[Kind, Permission] = {"camera": camera, "microphone": microphone}
        self.answer = answer
        self.asked: list[Kind] = []

    def status(self, kind: Kind) -> Permission:
        return self.now[kind]

    async def request(self, kind: Kind) -> Permission:
        self.asked.append(kind)
        self.now[kind] = self.answer
        return self.answer

    def refusal(self, kind: Kind) -> str:
        return f"The {kind} may not be used."


async def test_what_was_never_asked_for_is_left_out_until_it_was() -> None:
    system = System(Permission.UNDETERMINED, Permission.UNDETERMINED)
    gate = PermissionGate(system)
    settings = Settings(camera="Front Camera")
    before = gate.permitted(settings)
    assert (before.camera, before.microphone, before.speaker) == ("none", "none", "")
    assert gate.refusals(settings) == {}
    await gate.ask(settings)
    assert system.asked == ["camera", "microphone"]
    assert gate.permitted(settings) == settings
    await gate.ask(settings)
    assert system.asked == ["camera", "microphone"]


async def test_a_refusal_is_told_and_the_other_device_is_used() -> None:
    system = System(Permission.UNDETERMINED, Permission.GRANTED, answer=Permission.DENIED)
    gate = PermissionGate(system)
    await gate.ask(Settings())
    assert gate.permitted(Settings()) == Settings(camera="none")
    assert gate.refusals(Settings()) == {"camera": "The camera may not be used."}
    await gate.ask(Settings())  # nobody is asked twice
    assert system.asked == ["camera"]


@pytest.mark.parametrize("spec", ["none", "test", "/tmp/video.mp4"])
async def test_what_is_no_device_needs_no_permission(spec: str) -> None:
    system = System(Permission.DENIED, Permission.UNDETERMINED)
    gate = PermissionGate(system)
    settings = Settings(camera=spec, microphone=spec)
    await gate.ask(settings)
    assert (gate.permitted(settings), gate.refusals(settings), system.asked) == (settings, {}, [])
