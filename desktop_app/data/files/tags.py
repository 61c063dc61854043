"""How a beginning is announced to the one participant who is told, and to nobody else (docs/data-channels.md)."""

from __future__ import annotations

import hashlib


def tag(transfer_id: str, *, teller: str, told: str) -> str:
    """SHA-256 in hexadecimal digits; `teller` and `told` are userIds."""
    return hashlib.sha256(f"{transfer_id}\n{teller}\n{told}".encode("utf-8", "replace")).hexdigest()
