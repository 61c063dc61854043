"""What an operation must be beyond its schema, so that everybody takes or leaves it alike (docs/data-channels.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from desktop_app.data.messages.board import Op, Shape

MAX_OP_BYTES = 60_000
"""Of one operation as JSON: a message must be able to carry it."""
MAX_CLOCK_STEP = 1_000_000
_SHORT_NUMBERS = 2000
"""So many numbers cannot make an operation too long, whatever they are: 24 digits and signs each, at most."""
_BASE_WEIGHT = 20
_ENTRY_WEIGHT = 6
_CHARS_A_WEIGHT = 4

_BLANKS = " \t\n"
"""Not str.strip: what else is a space depends on the language and its version."""

_POINTS = {"line": 4, "rectangle": 4, "ellipse": 4, "text": 2}
_encoder = msgspec.json.Encoder()


def shape_is_sound(shape: Shape) -> bool:
    """Whether it has the points that its tool needs, and text exactly when it is one."""
    count = len(shape.points)
    if count % 2 or count < 2 or count != _POINTS.get(shape.tool, count):
        return False
    return bool(shape.text.strip(_BLANKS)) if shape.tool == "text" else not shape.text


def fields_fit(op: Op) -> bool:
    """Whether it has the fields of its kind and no others."""
    given = (op.shape is not None, bool(op.targets), op.seen is not None, op.target is not None)
    wanted = (op.kind == "add", op.kind == "remove", op.kind == "clear", op.kind in ("undo", "redo"))
    return given == wanted and (op.shape is None or shape_is_sound(op.shape))


def is_short(op: Op) -> bool:
    """Whether a message can carry it."""
    return _is_surely_short(op) or encoded_bytes(op) <= MAX_OP_BYTES


def _is_surely_short(op: Op) -> bool:
    return op.shape is None or len(op.shape.points) <= _SHORT_NUMBERS


def encoded_bytes(op: Op) -> int:
    """Its length as JSON."""
    return len(_encoder.encode(op))


def weight(op: Op) -> int:
    """What it costs in memory, in the cost of one number of a shape (some 32 bytes)."""
    heavy = _BASE_WEIGHT + _ENTRY_WEIGHT * (len(op.targets) + len(op.seen or ()))
    if op.shape is not None:
        heavy += len(op.shape.points) + len(op.shape.text) // _CHARS_A_WEIGHT
    return heavy
