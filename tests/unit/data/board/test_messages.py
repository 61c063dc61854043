"""What is no message of the whiteboard or of pointers does not get past the codec."""

from __future__ import annotations

import json
from typing import Any

import pytest

from desktop_app.data import codec
from desktop_app.data.codec import MessageError

SITE = "0123456789abcdef"
SHAPE: dict[str, Any] = {"tool": "pen", "color": "#102030", "width": 2, "points": [0, 0, 5, 5]}
OP: dict[str, Any] = {
    "site": SITE, "seq": 1, "clock": 1, "author": "ann", "kind": "add", "shape": SHAPE,
}  # fmt: skip


def ops(*changed: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"v": 1, "type": "board-ops", "t": 1, "ops": [{**OP, **each} for each in changed], **fields}


def shape(**changed: Any) -> dict[str, Any]:
    return ops({"shape": {**SHAPE, **changed}})


def pointer(**changed: Any) -> dict[str, Any]:
    return {"v": 1, "type": "pointer", "t": 1, "surface": "board", "x": 1, "y": 2, **changed}


GOOD = [
    ops({}),
    ops({"unknown": [1, 2]}, other="field"),
    shape(points=[0.5] * 4000),
    shape(tool="text", text="x" * 500),
    {"v": 1, "type": "board-state", "t": 0, "seen": {SITE: 3}},
    {"v": 1, "type": "board-state", "t": 0, "seen": {f"{n:016x}": 2**53 for n in range(1500)}, "more": True},
    pointer(visible=None) | {"visible": False},
]
BAD = [
    ops(),
    ops(*[{}] * 201),
    ops({}, v=2),
    ops({}, type="board-opps"),
    ops({"site": SITE.upper()}),
    ops({"site": SITE + "\n"}),
    ops({"seq": 0}),
    ops({"clock": 2**54}),
    ops({"author": ""}),
    ops({"author": "x" * 129}),
    ops({"kind": "explode"}),
    ops({"targets": [[SITE, 1]] * 501}),
    ops({"targets": [[SITE]]}),
    ops({"target": [SITE, -1]}),
    ops({"seen": {f"{number:016x}": 1 for number in range(1501)}}),
    ops({"seen": {"site": 1}}),
    shape(color="red"),
    shape(color="#GGGGGG"),
    shape(width=0.1),
    shape(width=101),
    shape(width="4"),
    shape(points=[1]),
    shape(points=[0] * 4001),
    shape(points=[0, 1_000_001]),
    shape(points=[0, None]),
    shape(text="x" * 501),
    shape(tool="bucket"),
    {"v": 1, "type": "board-state", "t": 0},
    {"v": 1, "type": "board-state", "t": 0, "seen": {SITE: "3"}},
    [],
    "board-ops",
]


def label_of(message: Any) -> str:
    return (
        "pointer" if isinstance(message, dict) and message.get("type") in ("pointer", "stroke") else "board"
    )


@pytest.mark.parametrize("message", GOOD)
def test_what_is_right_passes_there_and_back(message: dict[str, Any]) -> None:
    label = label_of(message)
    decoded = codec.decode(label, json.dumps(message))
    assert codec.decode(label, codec.encode(decoded, decoded.t)) == decoded


@pytest.mark.parametrize(
    "message",
    [
        *BAD,
        pointer(surface=""),
        pointer(surface="x" * 141),
        pointer(x=1e7),
        pointer(y=None),
        {"v": 1, "type": "stroke", "t": 1},
        {"v": 1, "type": "stroke", "t": 1, "shape": {**SHAPE, "points": []}},
    ],
)
def test_what_is_wrong_does_not(message: Any) -> None:
    with pytest.raises(MessageError) as caught:
        codec.decode(label_of(message), json.dumps(message))
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "[" * 60_000, '{"v":1,"type":"board-ops","ops":[NaN]}', "\ud800"]
)
def test_what_is_no_json_does_not(text: str) -> None:
    with pytest.raises(MessageError):
        codec.decode("board", text)


def test_what_is_too_long_does_not() -> None:
    with pytest.raises(MessageError) as caught:
        codec.decode("board", json.dumps(ops(*[{}] * 200, filler="x" * 65_000)))
    assert caught.value.reason == "too-long"
