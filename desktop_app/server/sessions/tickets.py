"""The secrets by which a client proves that it is the one that was here before. Pure."""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    """A secret for one client, to be told to nobody else and kept nowhere."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so that a plain hash is as good as a slow one."""
    return hashlib.sha256(token.encode()).hexdigest()


def fits(token: str, digest: str) -> bool:
    """Whether `token` is the one that `digest` was made of; no digest fits none. In constant time."""
    return bool(digest) and hmac.compare_digest(digest_of(token), digest)
