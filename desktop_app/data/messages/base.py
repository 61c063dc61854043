"""What all messages have in common, and the kinds of their fields."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

VERSION = 1

UserId = Annotated[str, Meta(min_length=1, max_length=128)]
RandomId = Annotated[str, Meta(pattern="^[0-9a-f]{32}\\Z")]
"""16 random bytes."""
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}\\Z")]
Milliseconds = Annotated[float, Meta(ge=0, le=1e14)]
"""Since 1970."""


class Part(msgspec.Struct, kw_only=True, frozen=True, rename="camel", gc=False):
    """A structure inside of messages. Not one for the garbage collector to visit: none can be part of a cycle, and a
    whiteboard has ten thousands of them."""


class Message(msgspec.Struct, kw_only=True, frozen=True, rename="camel", tag_field="type"):
    """One JSON object on a channel; `v` and `t` are set when it is sent."""

    v: Annotated[int, Meta(ge=VERSION, le=VERSION)] = VERSION
    t: Milliseconds = 0.0
