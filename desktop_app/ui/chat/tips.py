"""Tooltips of hostile texts: Qt would render one that looks like HTML."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .links import Link


def plain_tip(text: str) -> str:
    """`text` so that a tooltip shows it letter by letter."""
    if "<" not in text and "&" not in text:
        return text
    return f"<span style='white-space: pre-wrap'>{html.escape(text)}</span>"


def link_tip(link: Link) -> str:
    """Where a link really leads, and what may deceive about it."""
    return plain_tip(f"Opens {link.target}\n{link.warning}".strip())
