"""The connection test as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .port import TestLine


def report(lines: Iterable[TestLine]) -> str:
    """The lines as text to send to somebody; no secret is in them."""
    return "\n".join(f"{line.verdict.upper():7} {line.name}: {line.detail}".rstrip(": ") for line in lines)
