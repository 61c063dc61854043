"""The application as it is, which also counts what its tiles paint: python -m tests.bench.room_window [ARGUMENTS]"""

from __future__ import annotations

import sys
import time
from typing import Any

import desktop_app.app
from desktop_app.__main__ import main
from tests.end2end.watched_window import WatchedWindow


class CountingWindow(WatchedWindow):
    """Answers with little, since the answers are part of what is measured."""

    def describe(self) -> dict[str, Any]:
        """The time, and of each tile that is seen its size, whether it shows a picture, and its paints so far."""
        tiles = [tile for tile in self.call_page.grid.tiles.values() if tile.isVisible()]
        return {
            "at_s": time.monotonic(),
            "tiles": {
                tile.name: {
                    "width": tile.width(),
                    "height": tile.height(),
                    "paints": tile.paints,
                    "picture": tile.picture_size is not None,
                    "status": tile.status,
                }
                for tile in tiles
            },
        }


if __name__ == "__main__":
    desktop_app.app.MainWindow = CountingWindow  # type: ignore[attr-defined]
    sys.exit(main())
