"""The bounded queue of what waits for one client."""

from __future__ import annotations

import asyncio

from desktop_app.server.outbox import Outbox


async def test_order_is_kept() -> None:
    outbox = Outbox()
    assert outbox.put(b"1")
    assert outbox.put(b"2")
    assert [await outbox.get(), await outbox.get()] == [b"1", b"2"]


async def test_the_reader_waits_for_the_writer() -> None:
    outbox = Outbox()
    reader = asyncio.create_task(outbox.get())
    await asyncio.sleep(0)
    assert not reader.done()
    outbox.put(b"late")
    assert await reader == b"late"


def test_bounded_in_messages() -> None:
    outbox = Outbox(max_messages=2)
    assert outbox.put(b"1")
    assert outbox.put(b"2")
    assert not outbox.put(b"3")
    assert len(outbox) == 2


async def test_bounded_in_bytes_and_free_again_after_reading() -> None:
    outbox = Outbox(max_bytes=10)
    assert outbox.put(b"x" * 6)
    assert not outbox.put(b"x" * 5)
    await outbox.get()
    assert outbox.put(b"x" * 10)


async def test_finish_drops_what_waits_says_one_last_thing_and_ends() -> None:
    outbox = Outbox(max_messages=1)
    outbox.put(b"dropped")
    outbox.finish(b"why")
    assert outbox.put(b"swallowed")
    assert [await outbox.get(), await outbox.get(), await outbox.get()] == [b"why", None, None]
