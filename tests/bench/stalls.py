"""What holds the window up: every event of the Qt thread that takes longer than some milliseconds of its time.

The real window with 30 people who are drawn, statistics, 2,000 lines of chat, and no network. Counted is the time of
the thread, not of the clock, so that other programs do not show; what is left is listed in docs/decisions.md.

python -m tests.bench.stalls [MILLISECONDS]
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before the first QApplication

from PySide6.QtWidgets import QApplication

from .screenshots_rooms import PEOPLE, Person, fill
from .screenshots_stage import SETTLE_S, SIZE

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent, QObject

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

LIMIT_MS = 5.0
OTHERS = 29
LINES = 2000
STATISTICS_S = 30
STEP_S = 0.05


class WatchedApplication(QApplication):
    """Measures each event that no other event brought about."""

    def __init__(self, limit_ms: float) -> None:
        super().__init__(["bridgecall"])
        self.doing = ""
        """What the tour does now."""
        self.long_ms: dict[tuple[str, str, str], list[float]] = defaultdict(list)
        """By what was done, the receiver's class and the event."""
        self._limit_ms = limit_ms
        self._inside = False

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        """Hand the event on, and look at the clock of the thread."""
        if self._inside:
            return super().notify(receiver, event)
        self._inside = True
        what = (self.doing, type(receiver).__name__, str(event.type()).rpartition(".")[2])
        begin_s = time.thread_time()
        try:
            return super().notify(receiver, event)
        finally:
            self._inside = False
            taken_ms = (time.thread_time() - begin_s) * 1000
            if taken_ms > self._limit_ms:
                self.long_ms[what].append(taken_ms)


def main() -> None:
    """Go through the window and print what took long."""
    import qasync  # type: ignore[import-untyped]

    application = WatchedApplication(float(sys.argv[1]) if len(sys.argv) > 1 else LIMIT_MS)
    application.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        loop.run_until_complete(tour(application))
    for (doing, receiver, event), taken_ms in application.long_ms.items():
        mean_ms = sum(taken_ms) / len(taken_ms)
        print(
            f"{doing:24} {len(taken_ms):4} times {mean_ms:7.1f} ms, at most {max(taken_ms):7.1f}  {receiver}: {event}"
        )


async def tour(application: WatchedApplication) -> None:
    """Do what people do in a large room."""
    from desktop_app.settings.schema import Settings
    from desktop_app.ui import theme
    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    async def save(_settings: Settings) -> None:
        return None

    importlib.import_module("desktop_app.engine.core")  # the real program has it by then
    theme.apply_theme(application, "light")
    application.doing = "begin"
    engine = FakeEngine()
    window = MainWindow(engine, Settings(display_name="Ann", appearance="light"), save)
    window.resize(*SIZE)
    window.start()
    people = tuple(
        Person(f"u{number}", f"Person {number}", PEOPLE[number % len(PEOPLE)].look)
        for number in range(OTHERS)
    )
    await fill(window, engine, people)
    actions = window.actions_
    for name, action in (
        ("people", actions.people),
        ("statistics", actions.statistics),
        ("chat", actions.chat),
        ("whiteboard", actions.whiteboard),
    ):
        application.doing = f"{name}: open"
        action.trigger()
        await asyncio.sleep(2 * SETTLE_S)
        application.doing = f"{name}: in use"
        await use(name, window, engine)
    application.doing = "invitation"
    window.open_invite()
    await asyncio.sleep(SETTLE_S)
    application.doing = "settings"
    window.open_settings()
    await asyncio.sleep(SETTLE_S)
    application.doing = "colours"
    theme.apply_theme(application, "dark")
    await asyncio.sleep(SETTLE_S)
    application.doing = "end"
    closed = asyncio.get_running_loop().create_future()
    window.closed.connect(lambda: closed.set_result(None))
    window.close()
    await closed


async def use(name: str, window: MainWindow, engine: FakeEngine) -> None:
    """What comes while a panel is open."""
    from desktop_app.call.events import SafetyCodeChanged, StatsUpdated
    from desktop_app.data.events import ChatEntry, ChatLineChanged
    from desktop_app.stats.model import CallStats, InboundAudioStats, InboundVideoStats, PeerStats

    events: list[Any] = []
    if name == "people":
        words = ("amber", "canyon", "harbor", "violet")
        events += [SafetyCodeChanged(f"u{number}", words) for number in range(OTHERS)]
    elif name == "statistics":
        for second in range(STATISTICS_S):
            peers = {
                f"u{number}": PeerStats(
                    f"u{number}",
                    "connected",
                    inbound_video=InboundVideoStats(kbps=100.0 + second),
                    inbound_audio=InboundAudioStats(kbps=30.0),
                )
                for number in range(OTHERS)
            }
            events.append(StatsUpdated(CallStats(float(second), peers)))
    elif name == "chat":
        for number in range(LINES):
            text = f"Line {number}, see https://example.org/{number} " * (1 + number % 4)
            author = f"u{number % OTHERS}"
            sent_ms = 1_764_000_000_000.0 + 1000 * number
            shown = f"Person {author[1:]}"
            events.append(
                ChatLineChanged(
                    ChatEntry(f"{number:032x}", author, shown, text, sent_ms, None, False, "sent")
                )
            )
    for event in events:
        engine.emit(event)
        await asyncio.sleep(0 if name == "chat" else STEP_S)
    if name == "chat":
        window.resize(SIZE[0] - 100, SIZE[1])
        await asyncio.sleep(SETTLE_S)


if __name__ == "__main__":
    main()
