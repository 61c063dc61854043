"""Double click, `bridgecall` or `python -m desktop_app`: the window."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from desktop_app.arguments import parse_arguments
from desktop_app.display import missing_display

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_NO_DISPLAY = 2
AUDIO_HELPER = "--audio-helper"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window; returns the exit status."""
    if AUDIO_HELPER in (sys.argv[1:2] if argv is None else argv[:1]):
        # A frozen application is its own interpreter: the helper process starts it anew with this word.
        from desktop_app.media.qt_audio_helper import main as audio_helper

        return audio_helper()
    arguments = parse_arguments(argv)
    if arguments.test_connection:
        from desktop_app.connection_report import run as report_connection

        return report_connection(arguments)
    if arguments.smoke_test:
        from desktop_app.smoke_test.run import main as smoke_test

        return smoke_test(arguments.report)
    problem = missing_display()
    if problem is not None:
        print(problem, file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return EXIT_NO_DISPLAY
    # Qt is imported only now: without a display it would end the process with its own words.
    from desktop_app.app import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
