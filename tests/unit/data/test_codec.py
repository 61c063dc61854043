"""Optional fields may be absent or null (docs/data-channels.md), and everything else is as strict as before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from desktop_app.data.channels import BOARD, CHAT, CONTROL, FILES, POINTER
from desktop_app.data.codec import MessageError, decode

ID = "0123456789abcdef" * 2
SITE = "0123456789abcdef"
SHAPE = {"tool": "pen", "color": "#00ff00", "width": 2, "points": [0, 0, 1, 1]}
OP = {"site": SITE, "seq": 1, "clock": 1, "author": "bob", "kind": "add", "shape": SHAPE}
LINE = {"id": ID, "author": "bob", "text": "hello", "sentMs": 1e12}


def read(label: str, message: dict[str, Any]) -> object:
    return decode(label, json.dumps({"v": 1, **message}))


@pytest.mark.parametrize(
    ("label", "message", "nulls"),
    [
        (
            CONTROL.label,
            {"type": "hello"},
            {"capabilities": None, "chunkBytes": None, "handRaised": None, "t": None},
        ),
        (FILES.label, {"type": "file-cancel", "transferId": ID}, {"code": None}),
        (FILES.label, {"type": "file-accept", "transferId": ID}, {"offset": None, "prefixSha256": None}),
        (
            FILES.label,
            {"type": "file-offer", "transferId": ID, "number": 1, "name": "a", "sizeBytes": 5},
            {"preview": None},
        ),
        (POINTER.label, {"type": "pointer", "surface": "board", "x": 1, "y": 2}, {"visible": None}),
        (POINTER.label, {"type": "stroke", "shape": SHAPE}, {"shape": {**SHAPE, "text": None}, "done": None}),
        (
            BOARD.label,
            {"type": "board-ops", "ops": [OP]},
            {
                "ops": [
                    {**OP, "shape": {**SHAPE, "text": None}, "targets": None, "seen": None, "target": None}
                ]
            },
        ),
        (
            CHAT.label,
            {"type": "chat-line", "line": LINE},
            {"line": {**LINE, "authorName": None, "to": None}},
        ),
    ],
)
def test_null_is_as_good_as_absent(label: str, message: dict[str, Any], nulls: dict[str, Any]) -> None:
    assert read(label, {**message, **nulls}) == read(label, message)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (FILES.label, {"type": "file-cancel", "transferId": None}),
        (FILES.label, {"type": None, "transferId": ID}),
        (CONTROL.label, {"type": "hello", "capabilities": [None]}),
        (BOARD.label, {"type": "board-state", "seen": {SITE: None}}),
        (BOARD.label, {"type": "board-state", "seen": None}),
        (BOARD.label, {"type": "board-ops", "ops": [{**OP, "kind": "clear", "seen": {SITE: None}}]}),
        (BOARD.label, {"type": "board-ops", "ops": [None]}),
        (CHAT.label, {"type": "chat-line", "line": {**LINE, "text": None}}),
        (CONTROL.label, {"type": "hello", "handRaised": None, "chunkBytes": 2**70}),
        (CONTROL.label, {"type": "hello", "handRaised": None, "chunkBytes": 5}),
    ],
)
def test_what_must_be_there_may_not_be_null(label: str, message: dict[str, Any]) -> None:
    with pytest.raises(MessageError) as caught:
        read(label, message)
    assert caught.value.reason == "malformed"


def test_nulls_as_deep_as_a_message_is_long_are_only_malformed() -> None:
    for text in ("[" * 30_000 + "null" + "]" * 30_000, '{"a":' * 900 + "null" + "}" * 900):
        for label in (CONTROL.label, BOARD.label):
            with pytest.raises(MessageError):
                decode(label, text)
            with pytest.raises(MessageError):
                decode(label, f'{{"v":1,"type":"hello","chunkBytes":null,"ops":{text},"handRaised":5}}')
