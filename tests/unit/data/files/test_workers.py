"""Threads of file transfers: reading back stops when it is in vain, and holds up nobody else."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from desktop_app.data.files import part_file, source
from desktop_app.data.files.workers import DiskWorkers, Lane
from desktop_app.data.messages.files import FileAccept, FileOffer
from tests.waiting import until

from .test_service import users
from .wire import End, User, Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from types import ModuleType

    from desktop_app.data.messages.base import Message

SIZE = 3_000_000


class Partner:
    """Somebody with files."""


class Gate:
    """A job that runs until it may end."""

    def __init__(self) -> None:
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.has_begun.set()
        self.may_end.wait(10)


@pytest.fixture
async def workers() -> AsyncIterator[DiskWorkers]:
    threads = DiskWorkers()
    yield threads
    threads.close()


async def test_reading_back_leaves_the_other_threads_to_the_others(workers: DiskWorkers) -> None:
    gates, partners = [Gate() for _ in range(4)], [Partner() for _ in range(4)]
    jobs = [
        asyncio.ensure_future(Lane(workers).read_back(partner, gate))
        for partner, gate in zip(partners, gates, strict=True)
    ]
    await until(gates[0].has_begun.is_set)
    assert await Lane(workers).run(lambda: 5) == 5
    assert [gate.has_begun.is_set() for gate in gates] == [True, False, False, False]
    for gate in gates:
        gate.may_end.set()
    await asyncio.gather(*jobs)


async def test_who_has_much_to_read_back_does_not_hold_up_others(workers: DiskWorkers) -> None:
    greedy, other, gate = Partner(), Partner(), Gate()
    order: list[str] = []
    jobs = [asyncio.ensure_future(Lane(workers).read_back(greedy, gate))]
    await until(gate.has_begun.is_set)
    jobs += [
        asyncio.ensure_future(Lane(workers).read_back(greedy, lambda: order.append("greedy")))
        for _ in range(9)
    ]
    jobs.append(asyncio.ensure_future(Lane(workers).read_back(other, lambda: order.append("other"))))
    await asyncio.sleep(0)
    gate.may_end.set()
    await asyncio.gather(*jobs)
    assert order == ["other"] + ["greedy"] * 9


async def test_the_end_of_a_lane_comes_after_its_job(workers: DiskWorkers) -> None:
    gate, lane = Gate(), Lane(workers)
    order: list[str] = []

    def work() -> None:
        gate()
        order.append("job")

    job = asyncio.ensure_future(lane.run(work))
    await until(gate.has_begun.is_set)
    lane.end(lambda: order.append("end"))
    Lane(workers).end(lambda: order.append("idle"))
    assert order == ["idle"]
    gate.may_end.set()
    await job
    await until(lambda: order == ["idle", "job", "end"])


class SlowReading:
    """Stands for `os` in a module: reading stops after the first block, and goes on when it may."""

    def __init__(self, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate = Gate()
        self.reads = 0
        real = module.os.read

        def read(descriptor: int, count: int) -> bytes:
            if threading.current_thread().name.startswith("files-hash"):
                self.reads += 1
                self.gate()
            data: bytes = real(descriptor, count)
            return data

        monkeypatch.setattr(module.os, "read", read)


@pytest.mark.parametrize("how", ["cancelled", "lost"])
async def test_a_receiver_stops_reading_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(2 * SIZE))
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        wire = Wire(ann, ben).connect(limit_bytes=SIZE)
        await ann.service.send_files([str(path)])
        await until(lambda: wire.is_stalled)
        wire.cut()
        slow = SlowReading(part_file, monkeypatch)
        wire.connect()
        await until(slow.gate.has_begun.is_set)
        if how == "cancelled":
            ben.service.cancel(next(iter(ben.newest())))
            slow.gate.may_end.set()
            await until(lambda: list(ben.downloads.iterdir()) == [])
            assert slow.reads == 1
            assert ben.states() == ["cancelled"]
        else:
            wire.cut()
            slow.gate.may_end.set()
            await until(lambda: all(one.is_idle for one in ben.service._inbox))
            assert slow.reads == 1
            wire.connect()
            await ann.one("done")
            assert ben.files() == {"data.bin": bytes(2 * SIZE)}


async def test_a_sender_stops_reading_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(SIZE))
    slow = SlowReading(source, monkeypatch)
    ann, eve = User(tmp_path, "ann"), User(tmp_path, "eve")
    async with users(ann, eve):
        link = Wire(ann, eve).connect().ends[0]
        await ann.service.send_files([str(path)])
        [transfer_id] = ann.newest()
        ann.service.received(link, FileAccept(transfer_id=transfer_id, offset=SIZE, prefix_sha256="0" * 64))
        await until(slow.gate.has_begun.is_set)
        ann.service.cancel(transfer_id)
        slow.gate.may_end.set()
        await until(lambda: all(one.is_idle for one in ann.service._outbox))
        assert slow.reads == 1
        assert ann.states() == ["cancelled"]


async def test_offers_that_come_while_it_is_read_back_are_answered_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(2 * SIZE))
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        wire = Wire(ann, ben).connect(limit_bytes=SIZE)
        await ann.service.send_files([str(path)])
        await until(lambda: wire.is_stalled)
        wire.cut()
        slow = SlowReading(part_file, monkeypatch)
        said: list[Message] = []
        [end] = [one for one in wire.ends if one.owner is ben]

        def send(label: str, message: Message) -> None:
            said.append(message)
            End.send(end, label, message)

        end.send = send  # type: ignore[method-assign]
        wire.connect()
        await until(slow.gate.has_begun.is_set)
        [transfer_id] = ben.newest()
        for number in range(20):
            ben.service.received(
                end, FileOffer(transfer_id=transfer_id, number=number, name="data.bin", size_bytes=2 * SIZE)
            )
        slow.gate.may_end.set()
        await until(lambda: any(isinstance(one, FileAccept) for one in said))
        assert sum(isinstance(one, FileAccept) for one in said) == 1
