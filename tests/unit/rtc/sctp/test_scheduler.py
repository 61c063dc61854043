"""Whose message is next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.sctp.message import Message
from desktop_app.rtc.sctp.scheduler import Priority, Scheduler


def message(stream_id: int, data: bytes = b"x", **options: float) -> Message:
    return Message(stream_id, 53, data, expires_s=options.get("expires_s"))


def drain(scheduler: Scheduler, *, piece: int = 1000) -> list[tuple[int, bytes]]:
    """Everything, cut into pieces."""
    pieces = []
    while (current := scheduler.current(0.0, [])) is not None:
        size = min(piece, current.size - current.offset)
        pieces.append((current.stream_id, bytes(scheduler.cut(current, size))))
    return pieces


def test_a_message_is_finished_before_another_one_begins_and_then_priority_decides() -> None:
    scheduler = Scheduler()
    scheduler.set_priority(9, Priority.HIGH)
    scheduler.push(message(1, b"abcd"))
    scheduler.push(message(1, b"efgh"))
    current = scheduler.current(0.0, [])
    assert current is not None
    assert bytes(scheduler.cut(current, 2)) == b"ab"
    scheduler.push(message(9, b"hi"))
    assert drain(scheduler, piece=2) == [(1, b"cd"), (9, b"hi"), (1, b"ef"), (1, b"gh")]
    assert scheduler.queued_bytes == 0


def test_a_message_that_was_not_begun_is_overtaken() -> None:
    scheduler = Scheduler()
    scheduler.set_priority(9, Priority.HIGH)
    scheduler.push(message(1, b"bulk"))
    assert scheduler.current(0.0, []) is not None
    scheduler.push(message(9, b"hi"))
    assert scheduler.has_waiting(Priority.HIGH, 2)
    assert not scheduler.has_waiting(Priority.HIGH, 1)
    assert not scheduler.has_waiting(Priority.MEDIUM, 100)
    assert drain(scheduler) == [(9, b"hi"), (1, b"bulk")]


def test_equal_ones_take_turns() -> None:
    scheduler = Scheduler()
    for number in range(3):
        for stream_id in (1, 2, 3):
            scheduler.push(message(stream_id, bytes([number])))
    assert [stream_id for stream_id, _ in drain(scheduler)] == [1, 2, 3] * 3


def test_priority_can_be_changed_while_messages_wait() -> None:
    scheduler = Scheduler()
    scheduler.push(message(1))
    scheduler.push(message(2))
    scheduler.set_priority(2, Priority.MEDIUM)
    scheduler.set_priority(1, Priority.VERY_LOW)
    scheduler.push(message(3))
    assert [stream_id for stream_id, _ in drain(scheduler)] == [2, 3, 1]


@pytest.mark.parametrize("name", ["very-low", "low", "medium", "high"])
def test_names_are_those_of_w3c(name: str) -> None:
    assert Priority.of_name(name).name.lower().replace("_", "-") == name


def test_another_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such priority"):
        Priority.of_name("urgent")


def test_what_is_too_old_before_it_began_uses_up_no_number() -> None:
    scheduler = Scheduler()
    scheduler.push(message(1, b"old", expires_s=1.0))
    scheduler.push(message(1, b"new"))
    expired: list[Message] = []
    current = scheduler.current(2.0, expired)
    assert current is not None
    assert bytes(current.data) == b"new"
    scheduler.cut(current, 1)
    assert current.ssn == 0
    assert [bytes(each.data) for each in expired] == [b"old"]
    assert scheduler.queued_bytes == 2


def test_dropping_a_stream_and_giving_a_message_up() -> None:
    scheduler = Scheduler()
    for stream_id in (1, 2):
        scheduler.push(message(stream_id, b"abcd"))
    assert scheduler.drop_stream(2) == 4
    assert scheduler.drop_stream(2) == 0
    current = scheduler.current(0.0, [])
    assert current is not None
    scheduler.cut(current, 1)
    assert scheduler.has_queued(1)
    assert scheduler.give_up(current) == 3
    assert not scheduler.has_queued(1)
    assert scheduler.queued_bytes == 0
    assert scheduler.give_up(current) == 0


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3000), st.sampled_from(list(Priority))), max_size=40)
)
def test_each_stream_keeps_its_order_and_nothing_gets_lost(
    pushes: list[tuple[int, int, Priority]],
) -> None:
    scheduler = Scheduler()
    expected: dict[int, bytes] = {}
    for number, (stream_id, size, priority) in enumerate(pushes):
        data = bytes([number]) * size
        scheduler.set_priority(stream_id, priority)
        scheduler.push(message(stream_id, data))
        expected[stream_id] = expected.get(stream_id, b"") + data
    got: dict[int, bytes] = {}
    for stream_id, piece in drain(scheduler, piece=1160):
        got[stream_id] = got.get(stream_id, b"") + piece
    assert got == expected
    assert scheduler.queued_bytes == 0
