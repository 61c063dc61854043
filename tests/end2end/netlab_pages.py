"""Guest pages on hosts of a bad network."""

from __future__ import annotations

import shlex
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from .chromium import CHROMIUM, chromium_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page

    from tests.netlab import NetLab

    from .processes import ServerProcess


@asynccontextmanager
async def page_on(
    lab: NetLab, host: str, name: str, server: ServerProcess, folder: Path
) -> AsyncIterator[Page]:
    """A page in a browser on `host` that joins as `name`; it ends with the block."""
    script = folder / f"{name}.sh"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(lab.command(host, [CHROMIUM]))} "$@"\n')
    script.chmod(0o755)
    origin = f"http://{server.host}:{server.port}"
    secure = f"--unsafely-treat-insecure-origin-as-secure={origin}"
    async with chromium_page(executable=str(script), arguments=[secure], fps=10) as page:
        await page.goto(f"{origin}/r/R?name={name}&join=1")
        yield page
