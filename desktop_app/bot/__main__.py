"""python -m desktop_app.bot"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

from desktop_app.core.log import TEXT_FORMAT

from .arguments import parse_arguments
from .runner import Bot

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the bot; returns the exit status."""
    arguments = parse_arguments(argv)
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.WARNING, format=TEXT_FORMAT, stream=sys.stderr
    )

    async def run() -> int:
        return await Bot(arguments).run()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        status = runner.run(run())
    sys.stdout.flush()
    return status


if __name__ == "__main__":
    code = main()
    # The commands thread may still sit in a read of standard input; the interpreter's own exit would wait for
    # the lock of that stream.
    os._exit(code)
