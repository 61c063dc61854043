"""The releases in CHANGELOG.md, which has the format of Keep a Changelog 1.1.0."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "CHANGELOG.md"


@dataclass
class Release:
    """One version and what is new in it."""

    version: str
    day: date
    sections: dict[str, list[str]] = field(default_factory=dict)
    """"Added", "Changed", … -> its lines, in plain text."""


def releases(version: str, epoch: int, text: str | None = None) -> list[Release]:
    """All releases, the newest first, of which the first is `version`.

    A version that the file does not name yet is what stands under "Unreleased", of the day of `epoch` (seconds).
    """
    found: list[Release] = []
    today = datetime.fromtimestamp(epoch, UTC).date()
    items: list[str] | None = None
    for line in (FILE.read_text(encoding="utf-8") if text is None else text).splitlines():
        if heading := re.match(r"## \[?([^\]\s]+)\]?(?: - (\d{4}-\d\d-\d\d))?\s*$", line):
            name, day = heading.groups()
            unreleased = name.lower() == "unreleased"
            release = Release(version if unreleased else name, date.fromisoformat(day) if day else today)
            found.append(release)
            items = None
        elif found and (section := re.match(r"### (.+)", line)):
            items = found[-1].sections.setdefault(section[1].strip(), [])
        elif items is not None and line.startswith("- "):
            items.append(_plain(line[2:]))
        elif items and line.startswith("  ") and line.strip():
            items[-1] += " " + _plain(line)
    if any(release.version == version for release in found[1:]):
        found = found[1:]  # what is not released yet is not in this version
    if not found or found[0].version != version:
        found.insert(0, Release(version, today))
    return found


def _plain(text: str) -> str:
    """Markdown without its marks for code, emphasis and links."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text.strip()).replace("`", "").replace("*", "")
