"""Double click, `bridgecall` or `python -m desktop_app`: the window."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from desktop_app.arguments import parse_arguments
from desktop_app.display import missing_display

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_NO_DISPLAY = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window; returns the exit status."""
    arguments = parse_arguments(argv)
    problem = missing_display()
    if problem is not None:
        print(problem, file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return EXIT_NO_DISPLAY
    # Qt is imported only now: without a display it would end the process with its own words.
    from desktop_app.app import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
