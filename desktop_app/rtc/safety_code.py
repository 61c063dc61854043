"""Four words that two people can compare to find out whether somebody sits between them (docs/rights.md)."""

from __future__ import annotations

import functools
import hashlib

from desktop_app.core.paths import resources_dir

SALT = b"bridgecall safety code 1"
ROUNDS = 1_000_000
"""About 0.3 s, on purpose: see docs/rights.md."""
WORDS, BITS = 4, 11


@functools.cache
def word_list() -> tuple[str, ...]:
    """The 2,048 words to choose from."""
    return tuple((resources_dir() / "safety-words.txt").read_text(encoding="ascii").split())


def safety_words(ours: bytes, theirs: bytes) -> tuple[str, ...]:
    """The words for two DTLS certificates (DER), the same at both ends. Takes 0.3 s: for a worker."""
    digests = sorted(hashlib.sha256(certificate).digest() for certificate in (ours, theirs))
    key = hashlib.pbkdf2_hmac("sha256", b"".join(digests), SALT, ROUNDS, 6)
    number = int.from_bytes(key, "big") >> (8 * len(key) - WORDS * BITS)
    words = word_list()
    mask = (1 << BITS) - 1
    return tuple(words[number >> (BITS * (WORDS - 1 - index)) & mask] for index in range(WORDS))
