"""The pictures of a call of ten, for screenshots.py: the real window, people who are drawn, and no network.

python -m tests.bench.screenshots_rooms [FOLDER]
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from .screenshots_stage import SETTLE_S, take, window_without_network

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from desktop_app.ui.main_window import MainWindow
    from desktop_app.ui.theme import Appearance
    from tests.gui.fake_engine import FakeEngine


class Person(NamedTuple):
    """Somebody in the call; `look` is the number of a portrait, None for a camera that is off."""

    user_id: str
    name: str
    look: int | None
    muted: bool = False


PEOPLE = (
    Person("ben", "Ben Okafor", 5),
    Person("carla", "Carla Mendes", 4),
    Person("dora", "Dora Lindqvist", 8, muted=True),
    Person("emil", "Emil Sørensen", 1),
    Person("fatima", "Fátima Zahra Benali-Oyelaran", None, muted=True),
    Person("goran", "Goran", 3, muted=True),
    Person("hana", "Hana Kimura", 2),
    Person("ivo", "Ivo Petrović", 6, muted=True),
    Person("jun", "Jun Nakagawa", 7, muted=True),
)
MORE = (
    Person("kateryna", "Kateryna Shevchenko", 8),
    Person("liam", "Liam", 2, muted=True),
    Person("mei", "Mei-Ling Wu", 3),
    Person("noor", "Noor Haddad", None),
    Person("oskar", "Oskar Lindholm", 5, muted=True),
    Person("priya", "Priya Raghunathan", 7),
    Person("quentin", "Quentin de la Fontaine-Rousseau", 1, muted=True),
    Person("rosa", "Rosa", 4),
    Person("sami", "Sami Virtanen", 6),
    Person("tomas", "Tomás Ó Briain", None, muted=True),
)
QUALITIES = ("excellent", "good", "poor", "lost", "good", "excellent", "good", "unknown")
"""The signs of the connections, in turn."""
OWN_LOOK = 0
SPEAKER, PINNED = "hana", "ben"


async def rooms_tour(application: QApplication, folder: Path) -> None:
    """Ten people, in both layouts, light and dark, and twenty."""
    from desktop_app.ui import theme

    def switch(name: str) -> None:
        window.controller.change_settings(window.controller.settings.replace(call_layout=name))

    async def picture(name: str, appearance: Appearance) -> None:
        theme.apply_theme(application, appearance)
        await asyncio.sleep(SETTLE_S)
        window.grab().save(str(folder / f"{name}.png"))

    async with window_without_network(application) as (window, engine):
        await fill(window, engine)
        window.setFocus()  # no ring around the first button
        window.call_page.grid.toggle_pin(PINNED)
        switch("grid")
        await picture("ten-grid", "light")
        await picture("ten-grid-dark", "dark")
        switch("speaker")
        await picture("ten-speaker-dark", "dark")
        await picture("ten-speaker", "light")
        window.actions_.whiteboard.trigger()
        await asyncio.sleep(SETTLE_S)
        draw(engine)
        await asyncio.sleep(SETTLE_S)
        window.call_page.board.canvas.fit()
        await picture("ten-whiteboard", "light")
    async with window_without_network(application) as (window, engine):
        await fill(window, engine, (*PEOPLE, *MORE))
        window.setFocus()
        tell_qualities(engine)
        await picture("twenty", "light")
        switch("grid")
        await picture("twenty-grid", "light")


def draw(engine: FakeEngine) -> None:
    """Let somebody have drawn a plan."""
    from desktop_app.data.events import BoardChanged
    from desktop_app.data.messages.board import Op

    from .screenshots_plan import plan

    shapes = enumerate(plan(), 1)
    engine.emit(
        BoardChanged(
            tuple(
                Op(site="a" * 16, seq=n, clock=n, author=SPEAKER, kind="add", shape=each)
                for n, each in shapes
            )
        )
    )


def tell_qualities(engine: FakeEngine) -> None:
    """Let the connections be as they are in life, and two hands be raised."""
    from desktop_app.call.events import StatsUpdated
    from desktop_app.data.events import HandChanged
    from desktop_app.stats.model import CallStats, PeerStats

    peers = {
        person.user_id: PeerStats(person.user_id, "connected", quality=QUALITIES[number % len(QUALITIES)])
        for number, person in enumerate((*PEOPLE, *MORE))
    }
    engine.emit(StatsUpdated(CallStats(1.0, peers)))
    engine.emit(HandChanged("emil", True))
    engine.emit(HandChanged("sami", True))


async def fill(window: MainWindow, engine: FakeEngine, people: tuple[Person, ...] = PEOPLE) -> None:
    """Let everybody be there, with their pictures."""
    from desktop_app.call.events import (
        ActiveSpeakerChanged,
        DeviceState,
        DeviceStatus,
        ParticipantJoined,
        PeerStateChanged,
        TopologyChanged,
    )
    from desktop_app.protocol.messages import ParticipantInfo
    from desktop_app.rtc.state import PeerState

    from .portraits import LOOKS, portrait

    for device in ("camera", "microphone", "speaker"):
        engine.emit(DeviceStatus(device, DeviceState.LIVE))
    window.start_call()
    await asyncio.sleep(SETTLE_S)
    engine.emit(TopologyChanged("sfu", "participants"))
    engine.local_video.put(portrait(LOOKS[OWN_LOOK]))
    for person in people:
        info = ParticipantInfo(
            person.user_id, person.name, audio_muted=person.muted, video_muted=person.look is None
        )
        engine.emit(ParticipantJoined(info))
        engine.emit(PeerStateChanged(person.user_id, PeerState.CONNECTED))
        if person.look is not None:
            engine.remote_video(person.user_id).put(portrait(LOOKS[person.look]))
    engine.emit(ActiveSpeakerChanged(SPEAKER))
    await asyncio.sleep(SETTLE_S)


if __name__ == "__main__":
    take(rooms_tour)
