"""Reading JSON objects from the network field by field, and writing them."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from . import limits
from .errors import ErrorCode, ProtocolError
from .text import has_forbidden_characters

if TYPE_CHECKING:
    from .json_value import JsonValue

T = TypeVar("T")
_ABSENT: Any = object()

_SURROGATE = re.compile("[\ud800-\udfff]")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    # 1e999 is valid JSON, but Python reads it as infinity and would pass it on as "Infinity", which is not.
    value = float(text)
    if math.isinf(value):
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "A number in the message is too large.")
    return value


# Made once: json.loads and json.dumps make new ones at each call with arguments of one's own.
_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _nests_within(value: object, allowed: int) -> bool:
    """True when `value` nests no deeper than `allowed`; iterative, since the input is hostile."""
    level: list[object] = [value]
    for _ in range(allowed + 1):
        nested: list[object] = []
        for item in level:
            if isinstance(item, dict):
                nested.extend(item.values())
            elif isinstance(item, list):
                nested.extend(item)
        if not nested:
            return True
        level = nested
    return False


def load(text: str) -> dict[str, Any]:
    """The object in a text.

    Raises:
        ProtocolError: there is none, or it nests too deeply.
    """
    try:
        message = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise ProtocolError(ErrorCode.BAD_JSON, "The message is not valid JSON.") from None
    if not isinstance(message, dict):
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "A message must be a JSON object.")
    if not _nests_within(message, limits.MAX_JSON_DEPTH):
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "The message is nested too deeply.")
    return message


def field(message: dict[str, Any], key: str, kind: type[T], default: T = _ABSENT) -> T:
    """A field of a type, or its default when it is absent or null.

    Raises:
        ProtocolError: it is missing or of another type.
    """
    value = message.get(key, default)
    if value is None and default is not _ABSENT:
        return default  # null where a field may be left out means the same as leaving it out
    if value is _ABSENT:
        raise ProtocolError(ErrorCode.MISSING_FIELD, f"The field '{key}' is missing.")
    # bool is an int in Python; JSON keeps them apart.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ProtocolError(ErrorCode.BAD_FIELD, f"The field '{key}' has the wrong type.")
    return value


def text_field(
    message: dict[str, Any], key: str, max_chars: int, default: str = _ABSENT, *, empty: bool = True
) -> str:
    """A text of at most `max_chars` without forbidden characters.

    Raises:
        ProtocolError: it is not.
    """
    value = field(message, key, str, default)
    if len(value) > max_chars:
        raise ProtocolError(ErrorCode.FIELD_TOO_LONG, f"The field '{key}' has over {max_chars} characters.")
    if not value and not empty:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"The field '{key}' must not be empty.")
    if has_forbidden_characters(value):
        raise ProtocolError(ErrorCode.BAD_FIELD, f"The field '{key}' has characters that are not allowed.")
    return value


def id_field(message: dict[str, Any], key: str) -> str:
    """An identifier.

    Raises:
        ProtocolError: it is none.
    """
    return text_field(message, key, limits.MAX_ID_CHARS, empty=False)


def optional(message: dict[str, Any], key: str, kind: type[T]) -> T | None:
    """A field of a type; None when it is absent or null.

    Raises:
        ProtocolError: it is of another type.
    """
    return None if message.get(key) is None else field(message, key, kind)


def objects(message: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of objects; empty when it is absent.

    Raises:
        ProtocolError: it is something else.
    """
    items: list[Any] = field(message, key, list, [])
    if not all(isinstance(item, dict) for item in items):
        raise ProtocolError(ErrorCode.BAD_FIELD, f"The field '{key}' has the wrong type.")
    return items


def dump(values: dict[str, JsonValue]) -> str:
    """The JSON text of an object."""
    text = _ENCODER.encode(values)
    if text.isascii():  # at once, and nearly always
        return text
    # `data` of a signal may hold lone surrogates, written as escapes; they must leave as escapes again.
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
