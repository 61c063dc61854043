"""What a person does to the whiteboard; the board makes operations of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .messages.board import OpId, Shape


@dataclass(frozen=True, slots=True)
class Draw:
    """Add a shape."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Rub:
    """Remove shapes, whoever drew them."""

    targets: tuple[OpId, ...]


@dataclass(frozen=True, slots=True)
class Clear:
    """Remove every shape that is there now."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Take one's own newest operation that counts back; nothing when there is none."""


@dataclass(frozen=True, slots=True)
class Redo:
    """Let the operation that was undone last count again; nothing when there is none, or something was drawn since."""


BoardChange: TypeAlias = Draw | Rub | Clear | Undo | Redo
