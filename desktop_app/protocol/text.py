"""What no identifier and no name may contain."""

from __future__ import annotations

import re

# Control characters (C0, DEL, C1) and line separators break logs and windows, bidirectional overrides make a
# name look like another one, and a lone surrogate cannot be written as UTF-8 at all.
_FORBIDDEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")


def has_forbidden_characters(text: str) -> bool:
    """True when `text` may not stand in a roomId, a userId or a displayName."""
    return _FORBIDDEN.search(text) is not None
