"""The bounded buffer between threads."""

from __future__ import annotations

import threading

from desktop_app.media.ring import BoundedBuffer


def test_the_oldest_goes_when_it_is_full() -> None:
    buffer: BoundedBuffer[int] = BoundedBuffer(3)
    for number in range(5):
        buffer.put(number)
    assert len(buffer) == 3
    assert buffer.dropped == 2
    assert [buffer.take(0) for _ in range(4)] == [2, 3, 4, None]


def test_what_is_inside_can_be_taken_after_closing_and_nothing_comes_in() -> None:
    buffer: BoundedBuffer[int] = BoundedBuffer(3)
    buffer.put(1)
    buffer.close()
    buffer.put(2)
    assert buffer.closed
    assert buffer.take(60.0) == 1
    assert buffer.take(60.0) is None


def test_who_waits_is_woken_by_an_item_and_by_closing() -> None:
    buffer: BoundedBuffer[int] = BoundedBuffer(3)
    taken: list[int | None] = []

    def work() -> None:
        taken.append(buffer.take(60.0))
        taken.append(buffer.take(60.0))

    thread = threading.Thread(target=work)
    thread.start()
    buffer.put(7)
    buffer.close()
    thread.join(10)
    assert taken == [7, None]
