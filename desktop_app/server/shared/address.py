"""The address of Redis, whose password is for Redis alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from redis.asyncio.connection import parse_url

_SCHEMES = ("redis", "rediss", "unix")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where Redis is. `str()` of it has neither user nor password nor query."""

    url: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown


def parse_redis_url(text: str) -> RedisAddress:
    """Read redis://, rediss:// (TLS) or unix:// with `[USER]:PASSWORD@`, `/DATABASE` and `?ssl_ca_certs=FILE`.

    Raises:
        ValueError: it is none; the sentence does not repeat it.
    """
    wrong = ValueError("the address of Redis must be like redis://HOST:6379 or rediss://:PASSWORD@HOST:6379")
    try:
        parts = urlsplit(text)
        port = parts.port
        parse_url(text)
    except (ValueError, TypeError):
        raise wrong from None
    if parts.scheme not in _SCHEMES or not (parts.hostname or (parts.scheme == "unix" and parts.path)):
        raise wrong
    if parts.scheme == "unix":
        return RedisAddress(text, f"unix://{parts.path}")
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return RedisAddress(text, f"{parts.scheme}://{shown}:{port or 6379}{parts.path}")
