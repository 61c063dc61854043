"""Passwords of rooms as scrypt hashes (RFC 7914), made on threads of their own.

N = 2^14, r = 8, p = 1 take 16 MiB and about 50 ms: what Percival's paper gives for interactive use. A room's password
lives no longer than the room, and only whoever can read the server's or Redis' memory sees the hash at all, so more
would make the server easier to keep busy and little else harder.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import math
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.server.guard.buckets import Buckets

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_N, _R, _P = 2**14, 8, 1
_SALT_BYTES, _HASH_BYTES = 16, 32
_MAX_MEMORY_BYTES = 64 * 1024 * 1024
THREADS = 2
MAX_PENDING = 32
"""More at a time are refused: 32 take a second, in which their connections are not read."""
MAX_PENDING_OF_ADDRESS = 16
"""Nobody can fill the queue alone."""
ADDRESS_BURST, ADDRESS_PER_S = 100, 2.0
"""An office enters at once; in the long run an address keeps a tenth of a core busy. Right ones count, too, and those
for rooms of one's own: what limits the wrong ones (attempts.py) says nothing of them."""


def make_hash(password: str, salt: bytes | None = None) -> str:
    """The text that a password is kept as: salt and hash. Takes about 50 ms."""
    salt = os.urandom(_SALT_BYTES) if salt is None else salt
    digest = hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=_N,
        r=_R,
        p=_P,
        maxmem=_MAX_MEMORY_BYTES,
        dklen=_HASH_BYTES,
    )
    return f"{base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def matches(password: str, kept: str) -> bool:
    """Whether `kept` was made of `password`; in constant time. Takes about 50 ms."""
    salt = base64.b64decode(kept.partition("$")[0])
    return hmac.compare_digest(make_hash(password, salt), kept)


class PasswordWorker:
    """Hashes beside the loop, a bounded number at a time."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._pending: Counter[str] = Counter()
        self._of_address = Buckets(ADDRESS_PER_S, ADDRESS_BURST)

    async def make(self, password: str, address: str) -> str:
        """See make_hash; for somebody at `address`.

        Raises:
            ProtocolError: too many wait for the same, or this address has had its share.
        """
        return await self._run(address, make_hash, password)

    async def check(self, password: str, kept: str, address: str) -> bool:
        """See matches; for somebody at `address`.

        Raises:
            ProtocolError: too many wait for the same, or this address has had its share.
        """
        return await self._run(address, matches, password, kept)

    async def _run(self, address: str, function: Callable[..., T], *arguments: str) -> T:
        # The code is one after which clients that come back go on trying.
        if self._pending.total() >= MAX_PENDING or self._pending[address] >= MAX_PENDING_OF_ADDRESS:
            raise ProtocolError(
                ErrorCode.UNAVAILABLE, "Too many people enter at this moment. Try again in 5 seconds."
            )
        now_s = time.monotonic()
        share = self._of_address.of(address, now_s)
        if (wait_s := share.wait_s(now_s)) > 0:
            raise ProtocolError(
                ErrorCode.UNAVAILABLE,
                "There were too many passwords from your address. "
                f"Try again in {max(2, math.ceil(wait_s))} seconds.",
            )
        share.take(now_s)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="scrypt")
        self._pending[address] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)
        finally:
            self._pending[address] -= 1
            if not self._pending[address]:
                del self._pending[address]

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
