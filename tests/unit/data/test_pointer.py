"""Pointers and live strokes: how often they go out, and what is shown of those that come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from desktop_app.data import codec
from desktop_app.data.channels import POINTER
from desktop_app.data.events import PointerMoved, StrokeMoved
from desktop_app.data.messages.board import Shape
from desktop_app.data.messages.pointer import Pointer, Stroke
from desktop_app.data.pointer import PointerService

from .clock import ManualClock

if TYPE_CHECKING:
    from desktop_app.data.events import DataEvent
    from desktop_app.data.messages.base import Message

PEN = Shape(tool="pen", color="#102030", width=2.0, points=(0.0, 0.0, 5.0, 5.0))


class LinkTo:
    """Keeps what is sent, as it would be read at the other end."""

    chunk_bytes = 16384

    def __init__(self, user_id: str = "ben") -> None:
        self.user_id = user_id
        self.is_ready = True
        self.sent: list[Any] = []
        self.dropped: list[str] = []
        self.most_bytes = 0

    def understands(self, capability: str) -> bool:
        return capability == "pointer"

    def send(self, label: str, message: Message) -> None:
        assert label == POINTER.label
        text = codec.encode(message, 5.0)
        self.most_bytes = max(self.most_bytes, len(text))
        self.sent.append(codec.decode(label, text))

    def queued_bytes(self, label: str) -> int:
        return 0

    def count_dropped(self, label: str, reason: str) -> None:
        self.dropped.append(reason)

    def send_bulk(self, data: bytes) -> bool:
        raise AssertionError("pointers have no bulk")


class Desk:
    """A service with a clock, one link and what it tells."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.events: list[DataEvent] = []
        self.service = PointerService(
            user_id="me", emit=self.events.append, now_s=self.clock.now_s, call_later=self.clock.call_later
        )
        self.link = LinkTo()
        self.service.link_ready(self.link)
        self.at_ms = 1000.0

    def come(self, message: Message, after_ms: float = 40.0) -> None:
        """A message of the other's, sent so long after the one before."""
        self.at_ms += after_ms
        self.service.received(self.link, replace(message, t=self.at_ms))
        self.clock.move(0.04)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_thirty_a_second_at_most_and_the_newest_wins(desk: Desk) -> None:
    for number in range(300):
        desk.service.point("board", number, 0, True)
        desk.clock.move(0.001)
    assert 9 <= len(desk.link.sent) <= 11
    desk.clock.move(0.1)
    assert desk.link.sent[-1].x == 299


def test_that_the_pointer_is_away_is_sent_last_and_twice(desk: Desk) -> None:
    desk.service.point("board", 1, 1, True)
    desk.service.point("board", 2, 2, True)
    desk.service.point("board", 2, 2, False)
    desk.clock.move(30)
    assert [each.visible for each in desk.link.sent] == [True, False, False]
    assert desk.clock.waiting == 0


def test_a_pointer_that_rests_stays(desk: Desk) -> None:
    desk.service.point("video:cleo", 0.25, 0.75, True)
    desk.clock.move(3.5)
    assert len(desk.link.sent) == 4
    desk.service.point("video:cleo", 0.5, 0.75, True)
    desk.clock.move(0.9)
    assert len(desk.link.sent) == 5, "the old place is not repeated"


def test_nothing_is_kept_for_a_link_without_a_connection(desk: Desk) -> None:
    desk.link.is_ready = False
    desk.service.point("board", 1, 1, True)
    desk.service.link_lost(desk.link)
    desk.service.point("board", 1, 1, True)
    desk.clock.move(2)
    assert desk.link.sent == []


@pytest.mark.parametrize(
    ("surface", "x", "y"),
    [
        ("video", 0.5, 0.5),
        ("screen", 0.5, 0.5),
        ("video:ben", 1.01, 0),
        ("video:ben", 0, -0.1),
        ("", 0, 0),
        ("screen:ben", 2, 0),
        ("board:ben", 0, 0),
    ],
)
def test_places_that_cannot_be_are_neither_sent_nor_shown(
    desk: Desk, surface: str, x: float, y: float
) -> None:
    desk.service.point(surface, x, y, True)
    desk.come(Pointer(surface=surface, x=x, y=y))
    assert (desk.link.sent, desk.events, desk.link.dropped) == ([], [], ["unsound"])


def test_a_pointer_is_shown_moves_and_goes(desk: Desk) -> None:
    desk.come(Pointer(surface="board", x=1, y=2))
    desk.come(Pointer(surface="board", x=3, y=4))
    desk.come(Pointer(surface="board", x=3, y=4, visible=False))
    desk.come(Pointer(surface="board", x=3, y=4, visible=False))
    assert desk.events == [
        PointerMoved("ben", "board", 1, 2, True),
        PointerMoved("ben", "board", 3, 4, True),
        PointerMoved("ben", "board", 3, 4, False),
    ]


def test_what_was_overtaken_is_not_shown(desk: Desk) -> None:
    desk.come(Pointer(surface="board", x=1, y=0))
    desk.come(Pointer(surface="board", x=9, y=9), after_ms=-20)
    assert desk.events == [PointerMoved("ben", "board", 1, 0, True)]
    desk.come(Pointer(surface="board", x=2, y=0), after_ms=-60_000)
    assert desk.events[-1] == PointerMoved("ben", "board", 2, 0, True), "their clock was set back"


def test_a_flood_is_shown_thirty_times_a_second(desk: Desk) -> None:
    for number in range(1000):
        desk.service.received(desk.link, Pointer(t=number, surface="board", x=number, y=0))
    desk.clock.move(1)
    assert [each.x for each in desk.events if isinstance(each, PointerMoved)] == [0, 999]


def test_silence_ends_pointer_and_stroke(desk: Desk) -> None:
    desk.come(Pointer(surface="board", x=1, y=2))
    desk.come(Stroke(shape=PEN))
    desk.clock.move(4)
    assert len(desk.events) == 2
    desk.clock.move(2)
    assert desk.events[2:] == [PointerMoved("ben", "board", 1, 2, False), StrokeMoved("ben", None)]
    assert desk.clock.waiting == 0


def test_who_leaves_takes_both_along(desk: Desk) -> None:
    desk.come(Stroke(shape=PEN))
    desk.come(Pointer(surface="board", x=1, y=2))
    desk.service.link_gone(desk.link)
    assert desk.events[2:] == [PointerMoved("ben", "board", 1, 2, False), StrokeMoved("ben", None)]
    desk.service.link_gone(desk.link)
    assert len(desk.events) == 4


def test_a_stroke_grows_and_ends(desk: Desk) -> None:
    desk.service.show_stroke(PEN)
    desk.clock.move(0.05)
    desk.service.show_stroke(None)
    started, ended = desk.link.sent
    assert (started.shape, started.done, ended.done) == (PEN, False, True)
    desk.come(started)
    desk.come(ended)
    desk.come(ended)
    assert desk.events == [StrokeMoved("ben", PEN), StrokeMoved("ben", None)]


def test_a_long_stroke_goes_in_one_packet(desk: Desk) -> None:
    points = tuple(each / 7 for each in range(-3000, 3000))
    desk.service.show_stroke(replace(PEN, points=points))
    [sent] = desk.link.sent
    assert desk.link.most_bytes < 1500
    assert sent.shape.points[:2] == pytest.approx(points[:2], abs=0.05)
    assert sent.shape.points[-2:] == pytest.approx(points[-2:], abs=0.05)


@pytest.mark.parametrize(
    "shape",
    [
        replace(PEN, points=(1.0,) * 3),
        replace(PEN, points=(1.0,) * 402),
        replace(PEN, tool="line", points=(1.0,) * 6),
        replace(PEN, tool="text", points=(1.0, 1.0), text=" "),
    ],
)
def test_a_shape_that_is_none_is_not_shown(desk: Desk, shape: Shape) -> None:
    desk.come(Stroke(shape=shape))
    assert (desk.events, desk.link.dropped) == ([], ["unsound"])


def test_a_pointer_over_our_own_picture_has_no_id_here(desk: Desk) -> None:
    desk.service.point("video:", 0.5, 0.5, True)
    assert desk.link.sent[0].surface == "video:me"
    desk.come(desk.link.sent[0])
    assert desk.events == [PointerMoved("ben", "video:", 0.5, 0.5, True)]
    desk.come(Pointer(surface="video:", x=0.5, y=0.5))
    assert desk.link.dropped == ["unsound"]


def test_a_shared_screen_is_a_place_of_its_own(desk: Desk) -> None:
    desk.service.point("screen:", 0.5, 0.5, True)
    assert desk.link.sent[0].surface == "screen:me"
    desk.come(desk.link.sent[0])
    desk.clock.move(1)
    desk.come(Pointer(surface="screen:cleo", x=0.25, y=1.0))
    assert desk.events == [
        PointerMoved("ben", "screen:", 0.5, 0.5, True),
        PointerMoved("ben", "screen:cleo", 0.25, 1.0, True),
    ]


async def test_the_end_hides_what_is_shown_and_stops_the_clock(desk: Desk) -> None:
    desk.come(Pointer(surface="board", x=1, y=2))
    desk.service.point("board", 1, 1, True)
    desk.service.point("board", 2, 1, True)
    await desk.service.close()
    assert desk.events[-1] == PointerMoved("ben", "board", 1, 2, False)
    assert desk.clock.waiting == 0
