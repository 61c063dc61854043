"""A Python program of ours as a process: started, listened to, stopped, its output kept for a failure's report.

Leaving its block stops it with SIGTERM and fails unless it ends with status 0 within the limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 30.0
STOP_LIMIT_S = 15.0
TAIL_LINES = 40
LINE_LIMIT_BYTES = 4 << 20

T = TypeVar("T")


class ProcessFailure(AssertionError):
    """A process ended, hung or kept silent against the test's wish; the text has the end of its output."""


def environment_for(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables for a program of ours: its own home and runtime folder, nothing of the session around us."""
    runtime = home / "run"
    runtime.mkdir(parents=True, exist_ok=True)
    runtime.chmod(0o700)
    kept = ("PATH", "TMPDIR", "PYTHONDONTWRITEBYTECODE", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "BRIDGECALL_HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
        **(extra or {}),
    }


class ProgramProcess:
    """A Python module of ours as a process.

    Args:
        folder: its output and its home go here, under `name`.
        name: tells it from the others of the test.
        arguments: for the interpreter: ["-m", "desktop_app.bot", ...].
        environment: variables on top of those of `environment_for`.
        prefix: what to put before the command, as NetLab.command(host, []) gives it.
        takes_input: whether `send` will be used.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        takes_input: bool = False,
    ) -> None:
        self.name = name
        self.home = folder / f"{name}-home"
        self.stdout: list[str] = []
        self.stderr: list[str] = []
        self._folder = folder
        self._command = [*prefix, sys.executable, *arguments]
        self._extra = dict(environment or {})
        self._takes_input = takes_input
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._open_sources = 0
        self._end_was_seen = False
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        """Start the process; what does not start well does not stay."""
        try:
            await self.start()
        except BaseException:
            if self._process is not None:
                await self._kill()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the process, unless the test did; after a failure of the test, no second one is raised."""
        if error is None:
            if not self._end_was_seen:
                await self.stop()
            return
        with contextlib.suppress(ProcessFailure):
            await self.stop()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._running().pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._process.returncode if self._process else None

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise ProcessFailure(f"{self.name} was not started")
        return self._process

    async def start(self) -> None:
        """Start the process in a session of its own, so that a signal to us does not reach it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE if self._takes_input else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env=environment_for(self.home, self._extra),
            start_new_session=True,
            limit=LINE_LIMIT_BYTES,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._add_source(self._read(self._process.stdout, self.stdout, "stdout"))
        self._add_source(self._read(self._process.stderr, self.stderr, "stderr"))

    def _add_source(self, reading: Coroutine[Any, Any, None]) -> None:
        """Run `reading` until it ends; while one does, more may be found in what was read."""
        self._open_sources += 1
        self._readers.append(asyncio.create_task(self._counted(reading)))

    async def _counted(self, reading: Coroutine[Any, Any, None]) -> None:
        try:
            await reading
        finally:
            async with self._news:
                self._open_sources -= 1
                self._news.notify_all()

    async def _read(self, stream: asyncio.StreamReader, lines: list[str], kind: str) -> None:
        with (self._folder / f"{self.name}.{kind}").open("ab") as copy:
            while raw := await stream.readline():
                copy.write(raw)
                copy.flush()
                await self._take(lines, raw.decode(errors="replace").rstrip("\n"))

    async def _take(self, lines: list[str], line: str) -> None:
        async with self._news:
            lines.append(line)
            self._news.notify_all()

    async def _wait_for(self, find: Callable[[], T | None], what: str, timeout: float) -> T:
        """What `find` finds, as soon as it does.

        Raises:
            ProcessFailure: not within `timeout` seconds, or the process ended first.
        """
        try:
            async with asyncio.timeout(timeout), self._news:
                while (found := find()) is None:
                    if not self._open_sources:
                        break
                    await self._news.wait()
        except TimeoutError:
            raise ProcessFailure(f"{self.name}: no {what} within {timeout} s\n{self.report()}") from None
        if found is None:
            await self._running().wait()
            raise ProcessFailure(f"{self.name} ended before any {what}\n{self.report()}")
        return found

    async def wait_for_line(self, pattern: str, *, timeout: float = PATIENCE_S) -> re.Match[str]:
        """The first line of stdout or stderr, also of those already read, in which `pattern` is found."""
        wanted = re.compile(pattern)

        def find() -> re.Match[str] | None:
            return next(filter(None, map(wanted.search, [*self.stdout, *self.stderr])), None)

        return await self._wait_for(find, f"line with {pattern!r}", timeout)

    async def wait(self, *, timeout: float = PATIENCE_S) -> int:
        """Wait for its end; the exit status, negative when a signal ended it.

        Raises:
            ProcessFailure: it still runs after `timeout` seconds.
        """
        process = self._running()
        try:
            async with asyncio.timeout(timeout):
                await asyncio.gather(process.wait(), *self._readers)
        except TimeoutError:
            raise ProcessFailure(f"{self.name} still runs after {timeout} s\n{self.report()}") from None
        assert process.returncode is not None
        self._end_was_seen = True
        return process.returncode

    async def stop(self, *, expected_status: int = 0) -> int:
        """End it with SIGTERM; its exit status. Safe to call when it has ended or was never started.

        Raises:
            ProcessFailure: it did not end (then it is killed), or not with `expected_status`.
        """
        if self._process is None:
            return expected_status
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
        try:
            status = await self.wait(timeout=STOP_LIMIT_S)
        except ProcessFailure:
            await self._kill()
            raise
        if status != expected_status:
            raise ProcessFailure(f"{self.name} ended with status {status}\n{self.report()}")
        return status

    async def _kill(self) -> None:
        process = self._running()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def send(self, command: Mapping[str, Any]) -> None:
        """Write one JSON object as a line to its stdin."""
        pipe = self._running().stdin
        assert pipe is not None, "takes_input was not asked for"
        pipe.write(json.dumps(command).encode() + b"\n")
        await pipe.drain()

    def report(self) -> str:
        """The end of what it printed, for the report of a failure."""
        parts = []
        for kind, lines in (("stdout", self.stdout), ("stderr", self.stderr)):
            tail = lines[-TAIL_LINES:]
            parts.append(f"--- {self.name} {kind}, the last {len(tail)} of {len(lines)} lines ---")
            parts += tail
        return "\n".join(parts)
