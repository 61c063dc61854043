"""python -m desktop_app.bot"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the bot; returns the exit status."""
    # Also while the libraries are still being loaded, which takes most of a second, a stop is a clean end.
    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
    from desktop_app.core.log import TEXT_FORMAT

    from .arguments import parse_arguments
    from .runner import Bot

    if sys.stdout is None:  # started with it closed
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
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
