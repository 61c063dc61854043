"""Both kinds of ends of a raw data transfer behind one interface."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tests.end2end.chromium import CHROMIUM, chromium_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AsyncExitStack

    from playwright.async_api import Page

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("data_end.js")
ANSWER_LIMIT_S = 30.0
LINE_BYTES = 1 << 26


class End(Protocol):
    """One end, on one host."""

    @property
    def pid(self) -> int:
        """The root of its process tree."""

    async def ask(self, what: str, **values: Any) -> dict[str, Any]:
        """Give an order of data_end.py and wait until it is carried out."""


class OurEnd:
    """A process of ours."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, stack: AsyncExitStack, prefix: Sequence[str]) -> OurEnd:
        """Start it; it ends with the stack."""
        process = await asyncio.create_subprocess_exec(
            *prefix,
            sys.executable,
            "-m",
            "tests.bench.data_end",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            limit=LINE_BYTES,
        )

        async def stop() -> None:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()

        stack.push_async_callback(stop)
        return cls(process)

    @property
    def pid(self) -> int:
        """Of the process itself: `ip netns exec` becomes what it starts."""
        return self._process.pid

    async def ask(self, what: str, **values: Any) -> dict[str, Any]:
        """As in `End`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **values}).encode() + b"\n")
        limit_s = ANSWER_LIMIT_S + values.get("seconds", 0.0)
        line = await asyncio.wait_for(self._process.stdout.readline(), limit_s)
        if not line:
            raise RuntimeError("an end of ours has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


class ChromiumEnd:
    """A browser with a page."""

    def __init__(self, page: Page, pid: int) -> None:
        self._page, self._pid = page, pid

    @classmethod
    async def start(
        cls, stack: AsyncExitStack, folder: Path, name: str, prefix: Sequence[str]
    ) -> ChromiumEnd:
        """Start it; it ends with the stack."""
        script, pid_file = folder / f"{name}.sh", folder / f"{name}.pid"
        command = shlex.join([*prefix, CHROMIUM])
        script.write_text(f'#!/bin/sh\necho $$ > {shlex.quote(str(pid_file))}\nexec {command} "$@"\n')
        script.chmod(0o755)
        page = await stack.enter_async_context(chromium_page("about:blank", executable=str(script)))
        await page.evaluate(SCRIPT.read_text(encoding="utf-8"))
        return cls(page, int(pid_file.read_text()))

    @property
    def pid(self) -> int:
        """Of the browser process: shell, `ip netns exec` and Chromium are one after the other the same process."""
        return self._pid

    async def ask(self, what: str, **values: Any) -> dict[str, Any]:
        """As in `End`."""
        argument = next(iter(values.values()), None)
        answer = await self._page.evaluate(
            "([what, argument]) => window.dataEnd[what](argument)", [what, argument]
        )
        return {"sdp": answer} if isinstance(answer, str) else answer or {}


async def connect(offerer: End, answerer: End) -> None:
    """Bring the two together; returns when their channels are open."""
    offer = await offerer.ask("offer")
    answer = await answerer.ask("answer", sdp=offer["sdp"])
    await offerer.ask("accept", sdp=answer["sdp"])
    await asyncio.gather(offerer.ask("opened"), answerer.ask("opened"))
