"""The installed programs as processes, and the line of the desktop file that starts the window."""

from __future__ import annotations

import configparser
import json
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

from tests.end2end.processes import EventProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from linux.proof.root import DebianRoot
    from tests.end2end.processes import Event

SETTINGS: dict[str, Any] = {"version": 1, "camera": "test", "microphone": "test", "speaker": "none"}
START_LIMIT_S = 120.0
"""A first start reads 200 MB from the disk."""
DESKTOP_FILE = "usr/share/applications/org.bridgecall.Bridgecall.desktop"


def exec_line(root: DebianRoot, *links: str) -> list[str]:
    """The Exec line of the installed desktop file as a launcher runs it: with `links` for %u (one link or none).

    Desktop Entry Specification, "The Exec key".
    """
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",))
    parser.read(root.folder / DESKTOP_FILE, encoding="utf-8")
    words = shlex.split(parser["Desktop Entry"]["Exec"])
    command: list[str] = []
    for word in words:
        command += links if word == "%u" else [word.replace("%%", "%")]
    return command


class InstalledProcess(EventProcess):
    """A program in the root, run by its user: see ProgramProcess.

    Args:
        folder: where its output goes when it fails.
        name: tells it from others.
        root: where it is installed.
        command: program and arguments.
        screen: the variables of a display; empty without one.
        settings: of the window; None leaves what is there.
        takes_input: see ProgramProcess.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        root: DebianRoot,
        command: Sequence[str],
        screen: Mapping[str, str],
        *,
        settings: Mapping[str, Any] | None = None,
        takes_input: bool = False,
    ) -> None:
        super().__init__(folder, name, [], takes_input=takes_input)
        self._command = root.command(list(command), screen)
        if settings is not None:
            root.write_as_user(".config/bridgecall/settings.json", json.dumps(dict(settings)))


class InstalledServer(InstalledProcess):
    """The signaling server, on a free port of this machine alone."""

    def __init__(self, folder: Path, name: str, root: DebianRoot) -> None:
        super().__init__(folder, name, root, ["bridgecall-server", "--host", "127.0.0.1", "--port", "0"], {})
        self.port = 0

    async def start(self) -> None:
        """Start it; returns when it listens and `port` is known."""
        await super().start()
        listening = await self.wait_for_event("listening", timeout=START_LIMIT_S)
        self.port = int(listening["port"])

    def _event_lines(self) -> list[str]:
        return self.stderr

    def _kind(self, entry: Event) -> object:
        return entry.get("message")


def window_class(display: str, title: str) -> tuple[str, str]:
    """Instance and class (WM_CLASS, ICCCM 4.1.2.5) of the first window with `title`.

    Raises:
        AssertionError: there is none.
    """
    tree = _asked("xwininfo", "-display", display, "-root", "-tree")
    for line in tree.splitlines():
        if f'"{title}' not in line or '("' not in line:
            continue
        answer = _asked("xprop", "-display", display, "-id", line.split()[0], "WM_CLASS")
        parts = answer.partition("=")[2].split(",")
        if len(parts) == 2:
            return parts[0].strip().strip('"'), parts[1].strip().strip('"')
    raise AssertionError(f"no window called {title} on {display}")


def _asked(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout
