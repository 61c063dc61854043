"""File services talking to each other: offers, answers, cuts, restarts and strangers."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktop_app.data.channels import MAX_CHUNK_BYTES
from desktop_app.data.files import inbox, outbox
from desktop_app.data.files.errors import FileError
from desktop_app.data.files.limits import MAX_OPEN, WINDOW_BYTES
from desktop_app.data.files.sending import Sending
from desktop_app.data.files.tags import tag
from desktop_app.data.messages.files import FileAccept, FileCancel, FileOffer, FileProgress, FileUnfinished
from tests.waiting import until

from .wire import End, User, Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 16384  # 4 MiB


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(CONTENT)
    return path


@asynccontextmanager
async def users(*all_of_them: User) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.gather(*(one.service.close() for one in all_of_them))


async def test_a_file_that_is_offered_accepted_and_received(tmp_path: Path, source: Path) -> None:
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben")
    async with users(ann, ben):
        Wire(ann, ben).connect()
        await ann.service.send_files([str(source)])
        offer = await ben.one("offered")
        assert (offer.name, offer.size_bytes, offer.direction, offer.user_id) == (
            "data.bin",
            len(CONTENT),
            "in",
            "ann",
        )
        ben.service.accept(offer.transfer_id)
        done = await ben.one("done")
        sent = await ann.one("done")
        assert ben.files() == {"data.bin": CONTENT}
        assert done.path == str(ben.downloads / "data.bin")
        assert done.sha256 == sent.sha256 == hashlib.sha256(CONTENT).hexdigest()
        assert sent.moved_bytes == done.moved_bytes == len(CONTENT)
        assert [one.state for one in ann.events][:2] == ["offered", "running"]
        await until(lambda: [path.name for path in ben.downloads.iterdir()] == ["data.bin"])
        assert [path.name for path in ann.journal.rglob("*.json")] == []


async def test_leaving_waits_until_the_sender_has_heard(tmp_path: Path, source: Path) -> None:
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        wire = Wire(ann, ben).connect()
        await ann.service.send_files([str(source)])
        await ben.one("done")
        await ben.service.before_leaving()
        wire.part()
        assert ann.states() == ["done"]
        await until(lambda: [path.name for path in ben.downloads.iterdir()] == ["data.bin"])


async def test_leaving_does_not_wait_long_for_those_who_do_not_answer(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "HEARD_WITHIN_S", 0.05)
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        wire = Wire(ann, ben).connect()
        await ann.service.send_files([str(source)])
        [end] = [one for one in wire.ends if one.owner is ann]
        end.send = lambda label, message: (  # type: ignore[method-assign]
            None if isinstance(message, FileProgress) else End.send(end, label, message)
        )
        await ann.one("done")
        async with asyncio.timeout(1):
            await ben.service.before_leaving()
        assert len([path for path in ben.downloads.iterdir() if path.name.startswith(".")]) == 1
    assert [path.name for path in ben.downloads.iterdir()] == ["data.bin"]


async def test_several_files_take_turns_and_none_is_overwritten(tmp_path: Path, source: Path) -> None:
    other = tmp_path / "other" / "data.bin"
    other.parent.mkdir()
    other.write_bytes(b"small")
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        Wire(ann, ben).connect()
        await ann.service.send_files([str(source), str(source), str(other)])
        await until(lambda: ann.states() == ["done"] * 3)
        files = ben.files()
        assert sorted(files) == ["data (2).bin", "data (3).bin", "data.bin"]
        assert sorted(files.values(), key=len) == [b"small", CONTENT, CONTENT]


async def test_to_one_and_to_all(tmp_path: Path, source: Path) -> None:
    ann, ben, cem = User(tmp_path, "ann"), User(tmp_path, "ben"), User(tmp_path, "cem")
    async with users(ann, ben, cem):
        Wire(ann, ben).connect()
        Wire(ann, cem).connect()
        await ann.service.send_files([str(source)], "cem")
        await cem.one("offered")
        assert ben.events == []
        await ann.service.send_files([str(source)])
        await ben.one("offered")
        await until(lambda: cem.states() == ["offered", "offered"])
        assert len({*ben.newest(), *cem.newest()}) == 3


@pytest.mark.parametrize("who", ["ann", "ben"])
async def test_either_side_cancels_while_it_runs(tmp_path: Path, source: Path, who: str) -> None:
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        wire = Wire(ann, ben).connect(limit_bytes=500_000)
        await ann.service.send_files([str(source)])
        await until(lambda: wire.is_stalled)
        [transfer_id] = ann.newest()
        (ann if who == "ann" else ben).service.cancel(transfer_id)
        await ann.one("cancelled")
        await ben.one("cancelled")
        await until(lambda: list(ben.downloads.iterdir()) == [])


async def test_declined(tmp_path: Path, source: Path) -> None:
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="decline")
    async with users(ann, ben):
        Wire(ann, ben).connect()
        await ann.service.send_files([str(source)])
        await ann.one("declined")
        await ben.one("declined")
        assert not ben.downloads.exists()


async def test_a_cut_while_it_runs(tmp_path: Path, source: Path) -> None:
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        wire = Wire(ann, ben).connect(limit_bytes=1_500_000)
        await ann.service.send_files([str(source)])
        await until(lambda: wire.is_stalled)
        wire.cut()
        await ann.one("waiting")
        await ben.one("waiting")
        wire.connect()
        sent = await ann.one("done")
        assert sent.resumed_from > 0
        assert sent.moved_bytes - len(CONTENT) <= WINDOW_BYTES
        assert ben.files() == {"data.bin": CONTENT}


@pytest.mark.parametrize("who", ["sender", "receiver", "both"])
async def test_a_restart_under_another_user_id(tmp_path: Path, source: Path, who: str) -> None:
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben")
    wire = Wire(ann, ben).connect(limit_bytes=1_500_000)
    await ann.service.send_files([str(source)])
    offer = await ben.one("offered")
    ben.service.accept(offer.transfer_id)
    await until(lambda: wire.is_stalled)
    wire.part()
    if who != "receiver":
        await ann.service.close()
        ann = User(tmp_path, "another ann", home="ann")
    if who != "sender":
        await ben.service.close()
        ben = User(tmp_path, "another ben", home="ben")
    async with users(ann, ben):
        Wire(ann, ben).connect()
        done = await ben.one("done")
        await ann.one("done")
        assert done.resumed_from > 0
        assert done.user_id == ann.user_id
        assert ben.files() == {"data.bin": CONTENT}


async def test_a_standing_offer_is_made_once_and_taken_up_after_a_restart(
    tmp_path: Path, source: Path
) -> None:
    ann, ben = User(tmp_path, "ann", offers=[str(source)]), User(tmp_path, "ben", answer="accept")
    wire = Wire(ann, ben).connect(limit_bytes=1_500_000)
    await until(lambda: wire.is_stalled)
    wire.part()
    await ann.service.close()
    ann = User(tmp_path, "ann", offers=[str(source)])
    async with users(ann, ben):
        wire = Wire(ann, ben).connect()
        done = await ben.one("done")
        assert done.resumed_from > 0
        wire.cut()
        wire.connect()
        await asyncio.sleep(0.1)
        assert list(ben.files()) == ["data.bin"]
        assert len(ann.newest()) == len(ben.newest()) == 1


async def test_a_standing_offer_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    ann, ben = User(tmp_path, "ann", offers=[str(tmp_path / "missing")]), User(tmp_path, "ben")
    async with users(ann, ben):
        Wire(ann, ben).connect()
        await until(lambda: len(ann.errors) == 1)
        assert "not there" in str(ann.errors[0])


async def test_a_tag_that_somebody_overheard_is_worth_nothing(tmp_path: Path, source: Path) -> None:
    ann, ben, eve = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept"), User(tmp_path, "eve")
    async with users(ann, ben, eve):
        wire = Wire(ann, ben).connect(limit_bytes=500_000)
        await ann.service.send_files([str(source)])
        await until(lambda: wire.is_stalled)
        wire.part()
        [transfer_id] = ann.newest()
        to_eve = Wire(ann, eve).connect()
        at_ann = to_eve.ends[0]
        overheard = (
            tag(transfer_id, teller="ben", told="eve"),
            tag(transfer_id, teller="ben", told="ann"),
            hashlib.sha256(transfer_id.encode()).hexdigest(),
        )
        ann.service.received(at_ann, FileUnfinished(tags=overheard))
        ann.service.received(at_ann, FileAccept(transfer_id=transfer_id, offset=0))
        ann.service.received(at_ann, FileCancel(transfer_id=transfer_id))
        await asyncio.sleep(0.05)
        assert eve.events == []
        assert ann.states() == ["waiting"]
        Wire(ann, ben).connect()
        await ann.one("done")


async def test_only_the_present_partner_can_end_or_answer_it(tmp_path: Path, source: Path) -> None:
    ann, ben, eve = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept"), User(tmp_path, "eve")
    async with users(ann, ben, eve):
        wire, to_ann, to_ben = (
            Wire(ann, ben).connect(limit_bytes=200_000),
            Wire(ann, eve).connect(),
            Wire(ben, eve).connect(),
        )
        await ann.service.send_files([str(source)], "ben")
        await until(lambda: wire.is_stalled)
        [transfer_id] = ann.newest()  # say that eve knows even this
        ann.service.received(to_ann.ends[0], FileCancel(transfer_id=transfer_id))
        ben.service.received(to_ben.ends[0], FileCancel(transfer_id=transfer_id))
        ben.service.received(
            to_ben.ends[0], FileOffer(transfer_id=transfer_id, number=1, name="data.bin", size_bytes=5)
        )
        assert ann.states() == ben.states() == ["running"]
        wire.cut()
        wire.connect()
        await ann.one("done")
        assert ben.files() == {"data.bin": CONTENT}


def slow_preview(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Let the preview of what is offered take until the second event is set; the first is, when it has begun."""
    has_begun, may_end = threading.Event(), threading.Event()

    def make_preview(_file: object) -> None:
        has_begun.set()
        may_end.wait(10)

    monkeypatch.setattr(outbox, "make_preview", make_preview)
    return has_begun, may_end


async def test_offered_to_somebody_whose_connection_is_just_lost(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end = slow_preview(monkeypatch)
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        wire = Wire(ann, ben).connect()
        offering = asyncio.ensure_future(ann.service.send_files([str(source)]))
        await until(has_begun.is_set)
        wire.cut()
        may_end.set()
        await offering
        await ann.one("waiting")
        wire.connect()
        await ann.one("done")
        assert ben.files() == {"data.bin": CONTENT}


async def test_a_flood_of_offers_is_bounded(tmp_path: Path) -> None:
    ben, eve = User(tmp_path, "ben"), User(tmp_path, "eve")
    async with users(ben, eve):
        at_ben = Wire(ben, eve).connect().ends[0]
        for number in range(1000):
            offer = FileOffer(transfer_id=f"{number:032x}", number=number, name="x", size_bytes=1)
            ben.service.received(at_ben, offer)
        assert ben.states() == ["offered"] * MAX_OPEN
        assert at_ben.dropped == [("files", "too-many")] * (1000 - MAX_OPEN)


async def test_a_stranger_who_offers_ones_own_transfer_back_is_not_heard(
    tmp_path: Path, source: Path
) -> None:
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben")
    async with users(ann, ben):
        wire = Wire(ann, ben).connect()
        await ann.service.send_files([str(source)])
        offer = await ben.one("offered")
        ann.service.received(
            wire.ends[0],
            FileOffer(transfer_id=offer.transfer_id, number=1, name="data.bin", size_bytes=len(CONTENT)),
        )
        assert [one.direction for one in ann.events] == ["out"]


async def test_the_window_holds_when_nothing_is_written(tmp_path: Path, source: Path) -> None:
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        wire = Wire(ann, ben).connect()
        [end] = [one for one in wire.ends if one.owner is ben]
        end.send = lambda label, message: (  # type: ignore[method-assign]
            None if isinstance(message, FileProgress) else End.send(end, label, message)
        )
        await ann.service.send_files([str(source)])
        await until(lambda: wire.carried_bytes > WINDOW_BYTES - 65536)
        await asyncio.sleep(0.1)
        assert wire.carried_bytes <= WINDOW_BYTES + 4096
        del end.send
        wire.cut()
        wire.connect()
        assert (await ann.one("done")).resumed_from >= WINDOW_BYTES - 65536


async def test_who_cannot_be_reached_is_said(tmp_path: Path, source: Path) -> None:
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben")
    async with users(ann, ben):
        with pytest.raises(FileError, match="Nobody is here"):
            await ann.service.send_files([str(source)])
        Wire(ann, ben).connect()
        with pytest.raises(FileError, match="cannot receive"):
            await ann.service.send_files([str(source)], "cem")
        for path, why in (
            (tmp_path, "folder"),
            (tmp_path / "none", "not there"),
            (tmp_path / "a\0b", "valid"),
        ):
            with pytest.raises(FileError, match=why):
                await ann.service.send_files([str(source), str(path)])
        with pytest.raises(FileError, match="more than"):
            await ann.service.send_files([str(source)] * (MAX_OPEN + 1))
        for act in (ann.service.accept, ann.service.decline, ann.service.cancel):
            with pytest.raises(FileError):
                act("f" * 32)
        assert ben.events == []


async def test_cancelled_while_the_other_one_was_away(tmp_path: Path, source: Path) -> None:
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        wire = Wire(ann, ben).connect(limit_bytes=500_000)
        await ann.service.send_files([str(source)])
        await until(lambda: wire.is_stalled)
        wire.part()
        ann.service.cancel(next(iter(ann.newest())))
        await ben.one("waiting")
        Wire(ann, ben).connect()
        await ben.one("cancelled")
        await until(lambda: list(ben.downloads.iterdir()) == [])


async def test_a_fast_receiver_that_takes_long_pieces(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sending, "rate_bytes_s", 100e6)
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    async with users(ann, ben):
        wire = Wire(ann, ben)
        for end in wire.ends:
            end.chunk_bytes = MAX_CHUNK_BYTES
        wire.connect()
        await ann.service.send_files([str(source)])
        await ann.one("done")
        assert ben.files() == {"data.bin": CONTENT}


async def test_offered_to_somebody_who_leaves_meanwhile(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end = slow_preview(monkeypatch)
    ann, ben, cem = User(tmp_path, "ann"), User(tmp_path, "ben"), User(tmp_path, "cem")
    async with users(ann, ben, cem):
        to_ben, to_cem = Wire(ann, ben).connect(), Wire(ann, cem).connect()
        offering = asyncio.ensure_future(ann.service.send_files([str(source)]))
        await until(has_begun.is_set)
        to_ben.part()
        may_end.set()
        await offering
        assert (await ann.one("offered")).user_id == "cem"
        has_begun.clear()
        may_end.clear()
        offering = asyncio.ensure_future(ann.service.send_files([str(source)], "cem"))
        await until(has_begun.is_set)
        to_cem.part()
        may_end.set()
        with pytest.raises(FileError) as caught:
            await offering
        assert caught.value.code == "nobody-there"
        assert len(ann.newest()) == 1


async def test_offered_while_the_call_ends(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end = slow_preview(monkeypatch)
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben")
    async with users(ann, ben):
        Wire(ann, ben).connect()
        offering = asyncio.ensure_future(ann.service.send_files([str(source)] * 2))
        await until(has_begun.is_set)
        await ann.service.close()
        may_end.set()
        with pytest.raises(FileError):
            await offering
        assert ann.events == []
