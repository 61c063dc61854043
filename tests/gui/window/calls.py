"""Short words of the window's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtTest import QTest

from desktop_app.protocol.messages import ParticipantInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from desktop_app.call.events import CallEvent
    from tests.gui.fake_engine import FakeEngine

ANNA = ParticipantInfo("a", "Anna")
BEN = ParticipantInfo("b", "Ben", audio_muted=True)


def emit(engine: FakeEngine, *events: CallEvent) -> None:
    """Deliver events to the window."""
    for event in events:
        engine.emit(event)


def press(widget: QWidget, keys: str) -> None:
    """Press a shortcut."""
    QTest.keySequence(widget, keys)


def called(engine: FakeEngine, name: str) -> list[tuple[object, ...]]:
    """The arguments of each call of an engine's method."""
    return [each.args for each in engine.calls if each.name == name]
