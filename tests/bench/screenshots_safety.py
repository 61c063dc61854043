"""The pictures of doors, safety codes and connections that are lost, for screenshots.py: drawn people, no network.

python -m tests.bench.screenshots_safety [FOLDER]
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .screenshots_rooms import PEOPLE, fill
from .screenshots_stage import FOLDER, SETTLE_S, SIZE, take, window_without_network

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from typing import TypeAlias

    from PySide6.QtWidgets import QApplication, QWidget

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    Picture: TypeAlias = Callable[[str, QWidget], Awaitable[None]]

KEPT = ("people", "connection-test", "reconnecting")
"""Of all that are taken to be looked at, those that docs/screenshots/ keeps."""
NARROW = (480, 720)
WORDS = ("amber", "canyon", "violet", "harbor")
LOST, SHAKY = PEOPLE[2], PEOPLE[7]


async def safety_tour(application: QApplication, folder: Path) -> None:
    """The lobby after a crash, the door, and a call of ten whose host we are; each light and dark."""
    from desktop_app.ui import theme

    async def picture(name: str, widget: QWidget) -> None:
        if folder == FOLDER and name not in KEPT:
            return
        if folder != FOLDER:
            theme.apply_theme(application, "dark")
            await asyncio.sleep(SETTLE_S)
            widget.grab().save(str(folder / f"{name}-dark.png"))
        theme.apply_theme(application, "light")
        await asyncio.sleep(SETTLE_S)
        widget.grab().save(str(folder / f"{name}.png"))

    async with window_without_network(application) as (window, engine):
        await entering(window, engine, picture)
        await fill(window, engine)
        window.setFocus()
        await deciding(window, engine, picture)
        await losing(window, engine, picture)
        await testing(engine, picture)


async def entering(window: MainWindow, engine: FakeEngine, picture: Picture) -> None:
    """What is seen before a call."""
    from desktop_app.call.events import CallState, CallStateChanged
    from desktop_app.ui.people.password_dialog import ASK_TEXT, ASK_TITLE, PasswordDialog

    window.lobby.return_card.offer("garden-party", possible=True)
    await picture("return", window)
    window.lobby.return_card.hide()
    dialog = PasswordDialog(ASK_TITLE, ASK_TEXT, "Join", "That is not the password of this room.", window)
    dialog.show()
    await picture("password", dialog)
    dialog.close()
    engine.emit(CallStateChanged(CallState.WAITING, "garden-party"))
    await picture("waiting", window)
    engine.emit(CallStateChanged(CallState.IDLE, ""))


async def deciding(window: MainWindow, engine: FakeEngine, picture: Picture) -> None:
    """The host's panel, wide and narrow, and the safety code of somebody."""
    from desktop_app.call.events import Knocked, RoomChanged, SafetyCodeChanged
    from desktop_app.protocol.rights import RoomRules
    from desktop_app.ui.people.safety_dialog import SafetyDialog

    engine.emit(RoomChanged(RoomRules(engine.user_id, locked=True, lobby=True, password=True)))
    for number, person in enumerate(PEOPLE[:6]):
        engine.emit(SafetyCodeChanged(person.user_id, WORDS[number % 4 :] + WORDS[: number % 4]))
    engine.emit(Knocked("kofi", "Kofi Mensah"))
    engine.emit(Knocked("lena", "Lena Maximiliane von Hohenstein-Waldeck"))
    window.actions_.people.trigger()
    window.setFocus()
    await picture("people", window)
    window.resize(*NARROW)
    await picture("people-narrow", window)
    window.resize(*SIZE)
    window.call_page.people.chosen.emit(PEOPLE[0].user_id, "safety")
    [dialog] = window.findChildren(SafetyDialog)
    await picture("safety-code", dialog)
    dialog.close()
    window.actions_.people.trigger()


async def losing(window: MainWindow, engine: FakeEngine, picture: Picture) -> None:
    """Two connections and then the server."""
    from desktop_app.call.events import CallState, CallStateChanged, PeerStateChanged
    from desktop_app.rtc.state import PeerState

    window.setFocus()
    engine.emit(PeerStateChanged(SHAKY.user_id, PeerState.UNSTABLE))
    engine.emit(PeerStateChanged(LOST.user_id, PeerState.RECONNECTING))
    await picture("reconnecting", window)
    engine.emit(CallStateChanged(CallState.SERVER_LOST, engine.room.invite.room_id))
    await picture("server-lost", window)


async def testing(engine: FakeEngine, picture: Picture) -> None:
    """The connection test with a bit of everything."""
    from desktop_app.engine.port import TestLine
    from desktop_app.settings.schema import Settings
    from desktop_app.ui.connection_test_dialog import ConnectionTestDialog

    engine.test_lines = (
        TestLine("Signaling server calls.example.org", "pass", "Answers in 24 ms."),
        TestLine("STUN stun:turn.example.org:3478", "pass", "Your address from outside is 203.0.113.7."),
        TestLine(
            "TURN turn:turn.example.org:3478",
            "fail",
            "No answer over UDP within 3 s: a firewall may block it. Try turns: with port 443.",
        ),
        TestLine("TURN turns:turn.example.org:443", "pass", "Relays in 61 ms over TLS."),
        TestLine("Microphone", "warn", "It works, but only silence came: it may be muted in the system."),
        TestLine("Speaker", "pass", "Plays."),
        TestLine("Camera", "pass", "Front Camera, 640 by 480 at 30 pictures a second."),
    )
    dialog = ConnectionTestDialog(engine, Settings)
    dialog.show()
    await picture("connection-test", dialog)
    dialog.close()


if __name__ == "__main__":
    take(safety_tour)
