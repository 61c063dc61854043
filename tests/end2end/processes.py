"""Our programs as real processes.

async with ServerProcess(tmp_path) as server, BotProcess(tmp_path, "bob", server.url, "room") as bob:
    await bob.wait_for_event("joined")
    await bob.send({"cmd": "leave"})
    assert await bob.wait() == 0
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from .program import PATIENCE_S, TAIL_LINES, ProcessFailure, ProgramProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["AppProcess", "BotProcess", "EventProcess", "ProcessFailure", "ProgramProcess", "ServerProcess"]

LOG_POLL_S = 0.05

Event: TypeAlias = dict[str, Any]


class EventProcess(ProgramProcess):
    """A process that prints one JSON object a line; its `event` says what happened."""

    def events(self, event: str | None = None, **fields: object) -> list[Event]:
        """Everything printed so far that is an `event` with these fields."""
        found = []
        for line in self._event_lines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if not isinstance(entry, dict) or (event is not None and self._kind(entry) != event):
                continue
            if all(entry.get(key) == value for key, value in fields.items()):
                found.append(entry)
        return found

    def _event_lines(self) -> list[str]:
        return self.stdout

    def _kind(self, entry: Event) -> object:
        return entry.get("event")

    async def wait_for_event(
        self,
        event: str,
        *,
        timeout: float = PATIENCE_S,
        where: Callable[[Event], bool] | None = None,
        skip: int = 0,
        **fields: object,
    ) -> Event:
        """The first `event` with these fields, also of those already printed.

        Args:
            event: its name.
            timeout: in seconds.
            where: what else must be true of it.
            skip: how many matches to pass over: len(events(...)) from before waits for a new one.
            fields: values that it must have.

        Raises:
            ProcessFailure: it did not come.
        """

        def find() -> Event | None:
            matches = [entry for entry in self.events(event, **fields) if where is None or where(entry)]
            return matches[skip] if len(matches) > skip else None

        return await self._wait_for(find, f"event {event!r} {fields or ''}".strip(), timeout)


class ServerProcess(EventProcess):
    """`bridgecall-server` on a free port. Its log lines are its events; their `message` is the name."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        host: str = "127.0.0.1",
        port: int = 0,
        name: str = "server",
        prefix: Sequence[str] = (),
    ) -> None:
        options = ["-m", "desktop_app.server", "--host", host, "--port", str(port), *arguments]
        super().__init__(folder, name, options, prefix=prefix)
        self.host = host
        self.port = port

    @property
    def url(self) -> str:
        """The signaling address."""
        return f"ws://{self.host}:{self.port}/ws"

    async def start(self) -> None:
        """Start it; returns when it listens and `port` is known."""
        await super().start()
        listening = await self.wait_for_event("listening")
        self.port = int(listening["port"])

    def _event_lines(self) -> list[str]:
        return self.stderr

    def _kind(self, entry: Event) -> object:
        return entry.get("message")


class BotProcess(EventProcess):
    """`bridgecall-bot` with a test pattern and a tone, unless `arguments` say otherwise.

    Without `server_url` and `room` they are in the `--link` among the arguments.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        server_url: str | None,
        room: str | None,
        *arguments: str,
        camera: str = "test",
        microphone: str = "test",
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        options = ["-m", "desktop_app.bot", "--name", name]
        if server_url is not None and room is not None:
            options += ["--server", server_url, "--room", room]
        options += ["--camera", camera, "--microphone", microphone, *arguments]
        super().__init__(folder, name, options, environment=environment, prefix=prefix, takes_input=True)

    async def mute(self, kind: str, on: bool = True) -> None:
        """Mute or unmute its "audio" or "video"."""
        await self.send({"cmd": "mute", "kind": kind, "on": on})

    async def leave(self) -> int:
        """Ask it to leave; its exit status."""
        await self.send({"cmd": "leave"})
        return await self.wait()


class AppProcess(ProgramProcess):
    """The window application. Its log file is followed: `wait_for_log` waits for a line of it.

    Args:
        folder: see ProgramProcess.
        name: see ProgramProcess.
        arguments: of the application, for example an invite link.
        settings: the content of its settings file before the start; None leaves it without one.
        environment: such as Xvfb.environment and PulseServer.environment.
        prefix: see ProgramProcess.
        module: what is run.
        takes_input: see ProgramProcess.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *arguments: str,
        settings: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        module: str = "desktop_app",
        takes_input: bool = False,
    ) -> None:
        super().__init__(
            folder,
            name,
            ["-m", module, *arguments],
            environment=environment,
            prefix=prefix,
            takes_input=takes_input,
        )
        self.log: list[str] = []
        self._settings = settings

    @property
    def settings_file(self) -> Path:
        """Its settings, as core.paths has them below BRIDGECALL_HOME."""
        return self.home / "config" / "settings.json"

    @property
    def log_file(self) -> Path:
        """Its log, as core.paths has it below BRIDGECALL_HOME."""
        return self.home / "state" / "bridgecall.log"

    async def start(self) -> None:
        """Write the settings and start it."""
        if self._settings is not None:
            self.settings_file.parent.mkdir(parents=True, exist_ok=True)
            self.settings_file.write_text(json.dumps(dict(self._settings)), encoding="utf-8")
        await super().start()
        self._add_source(self._follow_log(self._running()))

    async def _follow_log(self, process: asyncio.subprocess.Process) -> None:
        """Read what is added to the log, and its rest after the end; a rotated log is taken up again."""
        position, rest = 0, b""
        ended = False
        while not ended:
            ended = process.returncode is not None
            with contextlib.suppress(FileNotFoundError):
                if self.log_file.stat().st_size < position:
                    position, rest = 0, b""
                with self.log_file.open("rb") as log:
                    log.seek(position)
                    fresh = log.read()
                position += len(fresh)
                *lines, rest = (rest + fresh).split(b"\n")
                for line in lines:
                    await self._take(self.log, line.decode(errors="replace"))
            if not ended:
                await asyncio.sleep(LOG_POLL_S)

    async def wait_for_log(
        self, pattern: str, *, timeout: float = PATIENCE_S, skip: int = 0
    ) -> re.Match[str]:
        """The first line of its log, after `skip` others that match, in which `pattern` is found."""
        wanted = re.compile(pattern)

        def find() -> re.Match[str] | None:
            matches = [match for match in map(wanted.search, self.log) if match]
            return matches[skip] if len(matches) > skip else None

        return await self._wait_for(find, f"log line with {pattern!r}", timeout)

    def report(self) -> str:
        """The end of its log and of what it printed."""
        tail = self.log[-TAIL_LINES:]
        return "\n".join([f"--- {self.name} log, the last {len(tail)} lines ---", *tail, super().report()])
