"""copyright"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def render(tree: Path) -> str:
    return ""
