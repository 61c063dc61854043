"""Messages of the pointer channel."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from .base import Message
from .board import Coordinate, Shape

MAX_STROKE_NUMBERS = 400
"""Of the shape of a `stroke`."""


class Pointer(Message, tag="pointer", kw_only=True, frozen=True):
    """Where the sender's pointer is."""

    surface: Annotated[str, Meta(min_length=1, max_length=140)]
    """`board`, or `video:` or `screen:` and the userId whose picture or shared screen it is over."""
    x: Coordinate
    y: Coordinate
    visible: bool = True


class Stroke(Message, tag="stroke", kw_only=True, frozen=True):
    """A shape while it is drawn."""

    shape: Shape
    done: bool = False


class Alive(Message, tag="alive", kw_only=True, frozen=True):
    """Nothing is said: a browser hears by the confirmation that the far end is there."""


PointerMessage: TypeAlias = Pointer | Stroke | Alive
