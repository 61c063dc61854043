"""Is every part there? Some modules are imported in the middle of a call only, or on a Sunday."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys

import desktop_app

_OF_HELPER = "desktop_app.media.qt_audio_"
"""QtMultimedia belongs into the helper process, which is tried by itself."""
_KEYRINGS = {"linux": "SecretService", "darwin": "macOS", "win32": "Windows"}


def import_everything() -> int:
    """Import all modules of the window, and what they import only when it is needed; returns how many.

    Takes about a second; on a worker thread, since the window shall go on.

    Raises:
        ImportError: one is missing, or a library that it needs.
    """
    names = [
        module.name
        for module in pkgutil.walk_packages(desktop_app.__path__, f"{desktop_app.__name__}.")
        if not module.name.endswith(".__main__") and not module.name.startswith(_OF_HELPER)
    ]
    names.append("keyring")
    if backend := _KEYRINGS.get(sys.platform):
        names.append(f"keyring.backends.{backend}")
    for name in names:
        importlib.import_module(name)
    return len(names)


class ErrorWatch(logging.Handler):
    """Remembers what was logged as an error: something failed that no step looked at."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of it."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        self.errors.append(text)
