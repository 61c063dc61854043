"""Files that go out at once on one connection take turns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from desktop_app.core.tasks import TaskOwner
from desktop_app.data.channels import DEFAULT_CHUNK_BYTES, MAX_BULK_QUEUED_BYTES, MAX_CHUNK_BYTES
from desktop_app.data.codec import MessageError
from desktop_app.data.files.frames import HEADER_BYTES, Kind, parse
from desktop_app.data.files.limits import BLOCK_BYTES, WINDOW_BYTES
from desktop_app.data.files.outgoing import OpenSource, Outgoing, ReadSource
from desktop_app.data.files.sending import Sending, Turns
from desktop_app.data.files.source import SourceFile
from desktop_app.data.files.transfer import Surroundings
from desktop_app.data.files.workers import DiskWorkers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktop_app.data.messages.base import Message

SIZE = 4 * BLOCK_BYTES


class Channel:
    """A link that takes so many frames."""

    user_id = "ben"
    is_ready = True
    chunk_bytes = 65536

    def __init__(self) -> None:
        self.room = 0
        self.refused: int | None = None
        """Of this number no frame can ever be sent."""
        self.frames: list[tuple[Kind, int, int]] = []

    def understands(self, capability: str) -> bool:
        return True

    def send(self, label: str, message: Message) -> None:
        pass

    def queued_bytes(self, label: str) -> int:
        """Nothing waits in the channels of messages."""
        return 0

    def count_dropped(self, label: str, reason: str) -> None:
        pass

    def send_bulk(self, data: bytes) -> bool:
        if self.room == 0:
            return False
        frame = parse(data)
        if frame.number == self.refused:
            raise MessageError("too-long", "of this one")
        self.room -= 1
        self.frames.append((frame.kind, frame.number, len(frame.payload)))
        return True


@pytest.fixture
def surroundings() -> Iterator[Surroundings]:
    workers = DiskWorkers()
    yield Surroundings(workers, TaskOwner("test"), lambda _event: None, time.monotonic)
    workers.close()


def flowing(number: int, surroundings: Surroundings) -> Sending:
    """A transfer whose source is read as far as it may be read ahead."""
    machine = Outgoing(f"{number:032x}", "x", SIZE)
    machine.offer(number)
    machine.accepted(0, None)
    job = machine.next_job()
    assert isinstance(job, OpenSource)
    machine.opened(job)
    while isinstance(machine.next_job(), ReadSource):
        machine.read(bytes(BLOCK_BYTES), None)
    machine._job = "somebody reads"  # none is started
    file = SourceFile("/x", "x", SIZE, 0)
    return Sending(
        machine,
        "ben",
        surroundings,
        file,
        on_accepted=lambda _record: None,
        on_over=lambda _record: None,
        on_data=lambda _link: None,
    )


def test_a_chunk_each_and_the_next_round_goes_on_where_the_last_one_stopped(
    surroundings: Surroundings,
) -> None:
    sendings = [flowing(number, surroundings) for number in (1, 2, 3)]
    link, turns = Channel(), Turns()
    for room in (2, 2, 5, 0, 3):
        link.room = room
        turns.send(link, sendings)
    assert [number for _, number, _ in link.frames] == [1, 2, 3] * 4
    assert [kind for kind, _, _ in link.frames] == [Kind.BEGIN] * 3 + [Kind.DATA] * 9
    assert {size for kind, _, size in link.frames if kind is Kind.DATA} == {DEFAULT_CHUNK_BYTES}


def test_one_that_waits_for_its_receiver_does_not_hold_up_the_others(surroundings: Surroundings) -> None:
    slow, quick = flowing(1, surroundings), flowing(2, surroundings)
    slow.machine._sent = WINDOW_BYTES  # nothing of it was confirmed
    link = Channel()
    link.room = 1000
    Turns().send(link, [slow, quick])
    numbers = [number for kind, number, _ in link.frames if kind is Kind.DATA]
    assert numbers == [2] * (WINDOW_BYTES // DEFAULT_CHUNK_BYTES)


def test_chunks_are_as_large_as_the_rate_allows(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = flowing(1, surroundings)
    for mbit_s, size in ((0, 16384), (3, 16384), (12, 30000), (100, 65536)):
        monkeypatch.setattr(Sending, "rate_bytes_s", mbit_s * 1e6 / 8)
        assert sending.chunk_bytes(65536) == size


def test_no_frame_is_longer_than_the_channel_ever_takes(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sending, "rate_bytes_s", 100e6)
    link = Channel()
    link.chunk_bytes = MAX_CHUNK_BYTES
    link.room = 1000
    Turns().send(link, [flowing(1, surroundings)])
    longest = max(size for _, _, size in link.frames)
    assert longest == MAX_BULK_QUEUED_BYTES - HEADER_BYTES


@pytest.mark.expected_warnings("a transfer failed")
async def test_one_that_cannot_be_sent_ends_alone(surroundings: Surroundings) -> None:
    broken, whole = flowing(1, surroundings), flowing(2, surroundings)
    link = Channel()
    link.room = 1000
    link.refused = 1
    Turns().send(link, [broken, whole])
    assert (broken.machine.state, whole.machine.state) == ("failed", "running")
    await surroundings.tasks.drain()
    assert {number for _, number, _ in link.frames} == {2}
    assert len(link.frames) == 1 + WINDOW_BYTES // DEFAULT_CHUNK_BYTES
