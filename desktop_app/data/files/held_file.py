"""A file that is held open by its descriptor."""

from __future__ import annotations

import os


class HeldFile:
    """Open or not; to be used by one worker thread at a time."""

    def __init__(self) -> None:
        self._descriptor: int | None = None

    def close(self) -> None:
        """Let go of the file; it may be opened again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int:
        if self._descriptor is None:
            raise FileNotFoundError("the file is not open")
        return self._descriptor
