"""The application as a process of its own with hands at its display, and eyes on its window."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .processes import AppProcess
from .program import PATIENCE_S, ProcessFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .x11_input import X11Input
    from .xvfb import Xvfb

LOOK_AGAIN_S = 0.05
View = dict[str, Any]
"""As watched_window.describe() has it."""


@dataclass(frozen=True)
class Control:
    """Something in the window that can be used."""

    kind: str
    name: str
    text: str
    """What is written in it."""
    place: tuple[int, int, int, int]
    """Left, top, width, height in pixels of the screen."""
    enabled: bool
    focus: bool
    active: bool
    """Keys go to its window."""

    @property
    def middle(self) -> tuple[int, int]:
        """Where to click."""
        left, top, width, height = self.place
        return left + width // 2, top + height // 2


class WatchedApp(AppProcess):
    """The window application, used with keyboard and mouse. See AppProcess.

    Args:
        folder: see AppProcess.
        name: see AppProcess.
        arguments: see AppProcess.
        screen: where its window opens.
        hands: at that screen.
        settings: see AppProcess.
        environment: more than the screen's.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *arguments: str,
        screen: Xvfb,
        hands: X11Input,
        settings: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            folder,
            name,
            *arguments,
            settings=settings,
            environment={**screen.environment, **(environment or {})},
            module="tests.end2end.watched_window",
            takes_input=True,
        )
        self.screen = screen
        self.hands = hands

    async def look(self) -> View:
        """What the window shows now."""

        def take() -> str | None:
            answers = (at for at, line in enumerate(self.stdout) if line.startswith("{"))
            at = next(answers, None)
            return None if at is None else self.stdout.pop(at)

        await self.send({"cmd": "look"})
        view: View = json.loads(await self._wait_for(take, "answer", PATIENCE_S))
        return view

    async def sees(
        self, what: str, is_there: Callable[[View], object], *, limit_s: float = PATIENCE_S
    ) -> View:
        """The first look at which `is_there` is true.

        Raises:
            ProcessFailure: it was not within `limit_s`; the screen is in the process's folder then.
        """
        view: View = {}
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    view = await self.look()
                    if is_there(view):
                        return view
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            self.screen.screenshot(self.home / "failed.png")
            view["controls"] = [f"{each['kind']} {each['name']}" for each in view.get("controls", ())]
            raise ProcessFailure(
                f"{self.name} does not show {what} within {limit_s} s: {json.dumps(view)}\n{self.report()}"
            ) from None

    async def sees_connected(self, names: set[str]) -> None:
        """Wait until it is connected with all of them."""
        await self.sees(
            f"connections with {names}",
            lambda view: names <= {name for name, status in view["people"].items() if not status},
        )

    async def find(self, kind: str, name: str = "", *, limit_s: float = PATIENCE_S) -> Control:
        """A control whose name begins with `name`, as soon as it is there and can be used."""

        def matches(view: View) -> list[View]:
            return [
                each
                for each in view["controls"]
                if each["kind"] == kind and each["name"].startswith(name) and each["enabled"]
            ]

        view = await self.sees(f"{kind} {name!r}", matches, limit_s=limit_s)
        return Control(**{**matches(view)[-1], "place": tuple(matches(view)[-1]["place"])})

    async def click(self, kind: str, name: str = "") -> None:
        """Click it as soon as it stays where it is."""
        place = (await self.find(kind, name)).middle
        while (again := (await self.find(kind, name)).middle) != place:
            place = again
        self.hands.click(*place)

    async def accept(self, name: str) -> None:
        """Accept a file; returns when the window shows that."""
        await self.click("QPushButton", f"Accept: {name}")
        await self.sees(f"{name} accepted", lambda view: _incoming(view, name) not in (None, "offered"))

    async def press(self, *keys: str) -> None:
        """Press keys together, for the main window."""
        window = await self.find("WatchedWindow")
        if not window.active:  # nobody manages the windows of this screen: keys follow the clicks
            left, top, width, _ = window.place
            self.hands.click(left + width - 20, top + 10)
            await self.sees("its window ready for keys", _main_window_is_active)
        self.hands.keys(*keys)

    async def say(self, text: str, to: str = "everybody") -> None:
        """Write a line in the chat, which is open, for all or for one."""
        if to != "everybody":
            await self._choose_recipient(to)
        await self._write_into("LineEdit")
        self.hands.type(text)
        self.hands.keys("Return")
        await self.sees(f"its line {text!r}", lambda view: text in [line["text"] for line in view["lines"]])
        if to != "everybody":
            await self._choose_recipient("everybody")

    async def _write_into(self, kind: str) -> None:
        await self.click(kind)
        await self.sees("the cursor in the field", lambda view: _has_focus(view, kind))

    async def _choose_recipient(self, name: str) -> None:
        await self.click("QComboBox", "Whom")
        view = await self.sees("the list", lambda view: view["popup"])
        names = [each.startswith(f"To {name}") for each in view["recipients"]]
        self.hands.keys("Home")
        for _ in range(names.index(True)):
            self.hands.keys("Down")
        self.hands.keys("Return")
        await self.sees(f"{name} chosen", lambda view: view["recipient"].startswith(f"To {name}"))

    async def send_file(self, path: Path) -> None:
        """Choose a file in the dialog, for everybody."""
        await self.press("Ctrl", "Shift", "f")
        await self._write_into("QLineEdit")
        self.hands.type(f"{path.parent}/")
        await self.sees("the path", lambda view: _field(view) == f"{path.parent}/")
        self.hands.keys("Return")
        await self.sees("the folder", lambda view: _field(view) == "")
        is_sent = False
        while not is_sent:  # Qt's dialog may empty the field once more when it has read the folder
            self.hands.type(path.name)
            await self.sees("the name", lambda view: _field(view) == path.name)
            self.hands.keys("Return")
            view = await self.sees("an answer", lambda view: _field(view) == "" or _offers(view, path.name))
            is_sent = _offers(view, path.name)


def _main_window_is_active(view: View) -> bool:
    return any(each["active"] for each in view["controls"] if each["kind"] == "WatchedWindow")


def _field(view: View) -> str | None:
    return next((each["text"] for each in view["controls"] if each["kind"] == "QLineEdit"), None)


def _offers(view: View, name: str) -> bool:
    return any(each["direction"] == "out" and each["name"] == name for each in view["files"])


def _incoming(view: View, name: str) -> str | None:
    found = (each for each in view["files"] if (each["direction"], each["name"]) == ("in", name))
    return next((str(each["state"]) for each in found), None)


def _has_focus(view: View, kind: str) -> bool:
    return any(each["focus"] and each["active"] and each["kind"] == kind for each in view["controls"])
