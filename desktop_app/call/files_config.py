"""What becomes of files in a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktop_app.core.paths import download_dir

if TYPE_CHECKING:
    from pathlib import Path

    from desktop_app.data.files.inbox import Answer


@dataclass(frozen=True, slots=True)
class FilesConfig:
    """May be changed during a call; all but the folder then count from the next one."""

    download_folder: Path = field(default_factory=download_dir)
    owner: str = "application"
    """Whose unfinished transfers are taken up: the same program has the same owner at its next start."""
    answer: Answer = "ask"
    """What happens with offers."""
    standing_offers: tuple[str, ...] = ()
    """Files that each participant is offered, once."""
