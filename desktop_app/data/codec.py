"""Messages to text and back. Whatever a far end sends: what is not a message of the channel raises MessageError."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .channels import BOARD, CHAT, CONTROL, FILES, MAX_TEXT_BYTES, POINTER
from .messages.board import BoardMessage
from .messages.chat import ChatMessage
from .messages.control import ControlMessage
from .messages.files import FilesMessage
from .messages.pointer import PointerMessage

if TYPE_CHECKING:
    from .messages.base import Message

_encoder = msgspec.json.Encoder()
_decoders: dict[str, msgspec.json.Decoder[Message]] = {
    CONTROL.label: msgspec.json.Decoder(ControlMessage),
    CHAT.label: msgspec.json.Decoder(ChatMessage),
    FILES.label: msgspec.json.Decoder(FilesMessage),
    BOARD.label: msgspec.json.Decoder(BoardMessage),
    POINTER.label: msgspec.json.Decoder(PointerMessage),
}


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
        return _decoders[label].decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MessageError("malformed", str(error)) from error
