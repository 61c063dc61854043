"""Messages to text and back. Whatever a far end sends: what is not a message of the channel raises MessageError."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .channels import BOARD, CHAT, CONTROL, FILES, MAX_TEXT_BYTES, POINTER
from .messages.base import Message, Part
from .messages.board import BoardMessage
from .messages.chat import ChatMessage
from .messages.control import ControlMessage
from .messages.files import FilesMessage
from .messages.pointer import PointerMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

_encoder = msgspec.json.Encoder()
_decoders: dict[str, msgspec.json.Decoder[Message]] = {
    CONTROL.label: msgspec.json.Decoder(ControlMessage),
    CHAT.label: msgspec.json.Decoder(ChatMessage),
    FILES.label: msgspec.json.Decoder(FilesMessage),
    BOARD.label: msgspec.json.Decoder(BoardMessage),
    POINTER.label: msgspec.json.Decoder(PointerMessage),
}


def _optional_fields() -> Iterator[str]:
    kinds: list[type[msgspec.Struct]] = [Message, Part]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
        for field in msgspec.structs.fields(kind):
            if not field.required:
                yield field.encode_name


_OPTIONAL = frozenset(_optional_fields())
"""No key of a map can be one of these: they are sites."""


class MessageError(ValueError):
    """Not a message of this channel; `reason` is one of a few words, for counting."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def encode(message: Message, at_ms: float) -> str:
    """The text for a message that is sent at `at_ms` (since 1970).

    Raises:
        MessageError: it is over MAX_TEXT_BYTES, "too-long".
    """
    data = _encoder.encode(msgspec.structs.replace(message, t=at_ms))
    if len(data) > MAX_TEXT_BYTES:
        raise MessageError("too-long", f"{type(message).__name__} has {len(data)} bytes")
    return data.decode("utf-8")


def decode(label: str, text: str) -> Message:
    """The message that a far end sent on the channel `label`.

    Raises:
        MessageError: "too-long", "malformed" (no JSON, unknown type, a field that is missing or over its limit).
    """
    if len(text) > MAX_TEXT_BYTES:
        raise MessageError("too-long", f"{len(text)} characters")
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise MessageError("malformed", "lone surrogates") from error
    if len(data) > MAX_TEXT_BYTES:
        raise MessageError("too-long", f"{len(data)} bytes")
    try:
        return _decode(_decoders[label], data)
    except (msgspec.DecodeError, RecursionError, OverflowError) as error:
        raise MessageError("malformed", str(error)) from error


def _decode(decoder: msgspec.json.Decoder[Message], data: bytes) -> Message:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        if b"null" not in data:
            raise
    # An optional field may be null wherever it may be absent. Once more, and seldom: our own programs do not say so.
    return decoder.decode(_encoder.encode(_without_nulls(msgspec.json.decode(data))))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_nulls(one) for key, one in value.items() if one is not None or key not in _OPTIONAL
        }
    if isinstance(value, list):
        return [_without_nulls(one) for one in value]
    return value
