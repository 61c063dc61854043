"""An SFU passes from one encoding to another on the same line, before the other one's keyframe has come."""

from __future__ import annotations

import pytest

from desktop_app.rtc.frame_assembler import FrameAssembler
from desktop_app.rtc.vp8 import Vp8Payload

TICKS = 3600


class Line:
    """Sequence numbers that go on, whatever is sent."""

    def __init__(self, assembler: FrameAssembler) -> None:
        self._assembler = assembler
        self._number = 0
        self._timestamp = 0

    def send(
        self, picture_id: int | None, name: str, *, keyframe: bool = False, parts: tuple[int, ...] = (0, 1)
    ) -> list[str]:
        """One frame in two packets, or only one of them; the names of the frames that come out."""
        out = []
        self._timestamp += TICKS
        for part in parts:
            head = (b"\x00" if keyframe else b"\x01") if part == 0 else b""
            payload = Vp8Payload(part == 0, picture_id, head + (name.encode() if part == 0 else b""))
            number, self._number = self._number, self._number + 1
            frames = self._assembler.add(number, self._timestamp, part == 1, payload, number / 100)
            out += [frame.data[1:].decode() for frame in frames]
        return out


def test_what_refers_to_another_encoding_waits_for_its_keyframe() -> None:
    assembler = FrameAssembler(counts_pictures=True)
    line = Line(assembler)
    assert line.send(0x7FFE, "a0", keyframe=True) == ["a0"]
    assert line.send(0x7FFF, "a1") == ["a1"]
    assert line.send(0, "a2") == ["a2"]
    assert line.send(4000, "b0") == []
    assert assembler.needs_keyframe, "which is what a keyframe is asked for by"
    assert line.send(4001, "b1") == []
    assert line.send(4002, "b2", keyframe=True) == ["b2"]
    assert line.send(4003, "b3") == ["b3"]
    assert line.send(2, "a4", keyframe=True) == ["a4"]
    assert line.send(3, "a5") == ["a5"]


@pytest.mark.parametrize("keyframe", [False, True])
def test_a_picture_that_the_sfu_leaves_in_its_middle_is_none(keyframe: bool) -> None:
    assembler = FrameAssembler(counts_pictures=True)
    line = Line(assembler)
    assert line.send(7, "a0", keyframe=True) == ["a0"]
    assert line.send(8, "half", keyframe=keyframe, parts=(0,)) == []
    assert line.send(4000, "b0") == []
    assert assembler.needs_keyframe
    assert line.send(4001, "b1", keyframe=True) == ["b1"]


def test_one_begins_in_the_middle_of_a_picture_too() -> None:
    line = Line(FrameAssembler(counts_pictures=True))
    assert line.send(7, "a0", keyframe=True) == ["a0"]
    assert line.send(4000, "rest", parts=(1,)) == []
    assert line.send(4001, "b1") == []
    assert line.send(4002, "b2", keyframe=True) == ["b2"]


def test_short_picture_ids_wrap_around_as_well() -> None:
    line = Line(FrameAssembler(counts_pictures=True))
    assert line.send(126, "a", keyframe=True) == ["a"]
    assert [line.send(each, "b") for each in (127, 0, 1)] == [["b"]] * 3


@pytest.mark.parametrize(("counts", "ids"), [(True, (None, None, None)), (False, (1, 9, 4))])
def test_without_picture_ids_or_without_counting_them_everything_comes_out(
    counts: bool, ids: tuple[int | None, ...]
) -> None:
    line = Line(FrameAssembler(counts_pictures=counts))
    assert line.send(ids[0], "a", keyframe=True) == ["a"]
    assert [line.send(each, "b") for each in ids[1:]] == [["b"], ["b"]]
