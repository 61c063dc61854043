"""Whatever comes from the other side, nothing raises, nothing grows without bound, and no damaged file stays."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.data.files import inbox, service
from desktop_app.data.files.frames import Frame, Kind, pack
from desktop_app.data.files.inbox import NEW_OFFERS_PER_S
from desktop_app.data.files.limits import MAX_OPEN, MAX_UNWRITTEN_BYTES
from desktop_app.data.files.part_file import PartFile
from desktop_app.data.files.receiving import Receiving
from desktop_app.data.messages.files import (
    FileAccept,
    FileCancel,
    FileDecline,
    FileDone,
    FileOffer,
    FileProgress,
    FileUnfinished,
)
from tests.waiting import until

from .test_service import users
from .wire import End, User, Wire

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from desktop_app.data.events import Transfer
    from desktop_app.data.messages.base import Message

ID = "cd" * 16
DATA = b"0123456789" * 100
NUMBER = 7


async def accepted(tmp_path: Path, size: int = len(DATA)) -> tuple[User, User, End]:
    """Ben has accepted a file of eve, whose client is made by hand: frames and messages go to ben's service."""
    ben, eve = User(tmp_path, "ben", answer="accept"), User(tmp_path, "eve")
    at_ben, _ = Wire(ben, eve).connect().ends
    said: list[Any] = []

    def send(label: str, message: Message) -> None:
        said.append(message)

    at_ben.send = send  # type: ignore[method-assign]
    ben.service.received(at_ben, FileOffer(transfer_id=ID, number=NUMBER, name="x.bin", size_bytes=size))
    await until(lambda: any(isinstance(one, FileAccept) for one in said))
    return ben, eve, at_ben


def frames(*them: tuple[Kind, int, bytes]) -> list[bytes]:
    return [pack(Frame(kind, NUMBER, offset, payload)) for kind, offset, payload in them]


DIGEST = hashlib.sha256(DATA).digest()


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (frames((Kind.DATA, 0, DATA)), "does not fit"),
        (frames((Kind.END, 0, DIGEST)), "does not fit"),
        (frames((Kind.BEGIN, 5, b"")), "does not fit"),
        (frames((Kind.BEGIN, 0, b""), (Kind.BEGIN, 0, b"")), "does not fit"),
        (frames((Kind.BEGIN, 0, b""), (Kind.DATA, 1, DATA[1:])), "does not fit"),
        (frames((Kind.BEGIN, 0, b""), (Kind.DATA, 0, DATA[:5]), (Kind.DATA, 4, DATA[4:])), "does not fit"),
        (frames((Kind.BEGIN, 0, b""), (Kind.DATA, 0, DATA + b"x")), "More was sent"),
        (frames((Kind.BEGIN, 0, b""), (Kind.DATA, 2**40, b"x")), "More was sent"),
        (frames((Kind.BEGIN, 0, b""), (Kind.DATA, 0, DATA[:9]), (Kind.END, 9, DIGEST)), "Less was sent"),
        (
            frames((Kind.BEGIN, 0, b""), (Kind.DATA, 0, DATA[:9]), (Kind.END, len(DATA), DIGEST)),
            "Less was sent",
        ),
        (frames((Kind.BEGIN, 0, b""), (Kind.DATA, 0, DATA), (Kind.END, 2**50, DIGEST)), "More was sent"),
        (frames((Kind.BEGIN, 0, b""), (Kind.DATA, 0, DATA), (Kind.END, len(DATA), bytes(32))), "damaged"),
    ],
)
async def test_a_sender_that_lies(tmp_path: Path, sent: Sequence[bytes], why: str) -> None:
    ben, eve, link = await accepted(tmp_path)
    async with users(ben, eve):
        for message in sent:
            ben.service.received_bulk(link, message)
        failed = await ben.one("failed")
        assert why in failed.message
        await until(lambda: list(ben.downloads.iterdir()) == [])


async def test_a_sender_that_does_not_wait_for_our_disk(tmp_path: Path) -> None:
    size = MAX_UNWRITTEN_BYTES + 65536
    ben, eve, link = await accepted(tmp_path, size)
    async with users(ben, eve):
        ben.service.received_bulk(link, pack(Frame(Kind.BEGIN, NUMBER, 0)))
        for offset in range(0, size, 65536):  # before anything can be written
            ben.service.received_bulk(link, pack(Frame(Kind.DATA, NUMBER, offset, bytes(65536))))
        assert "does not fit" in (await ben.one("failed")).message
        await until(lambda: list(ben.downloads.iterdir()) == [])


async def test_what_is_for_nobody_is_counted(tmp_path: Path) -> None:
    ben, eve, link = await accepted(tmp_path)
    async with users(ben, eve):
        for message in (b"", b"\x09" * 20, pack(Frame(Kind.BEGIN, 8, 0)), pack(Frame(Kind.DATA, 8, 0, b"x"))):
            ben.service.received_bulk(link, message)
        assert [reason for _, reason in link.dropped] == ["malformed"] * 2 + ["unknown-transfer"] * 2
        for message in frames((Kind.BEGIN, 0, b""), (Kind.DATA, 0, DATA), (Kind.END, len(DATA), DIGEST)):
            ben.service.received_bulk(link, message)
        await ben.one("done")
        assert ben.files() == {"x.bin": DATA}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (FileAccept(transfer_id=ID, offset=len(DATA) + 1, prefix_sha256="0" * 64), "fit together"),
        (FileAccept(transfer_id=ID, offset=5), "fit together"),
        (FileAccept(transfer_id=ID, offset=5, prefix_sha256="0" * 64), "changed"),
        (FileAccept(transfer_id=ID, offset=0, prefix_sha256="0" * 64), "fit together"),
        (FileCancel(transfer_id=ID, code="disk-full"), "receiver's disk"),
        (FileCancel(transfer_id=ID, code="<b>anything"), "The other side ended"),
    ],
)
async def test_a_receiver_that_lies_or_gives_up(
    tmp_path: Path, answer: FileAccept | FileCancel, why: str
) -> None:
    source = tmp_path / "x.bin"
    source.write_bytes(DATA)
    ann, eve = User(tmp_path, "ann"), User(tmp_path, "eve")
    async with users(ann, eve):
        link = Wire(ann, eve).connect().ends[0]
        await ann.service.send_files([str(source)])
        [transfer_id] = ann.newest()
        fields = {key: getattr(answer, key) for key in answer.__struct_fields__}
        ann.service.received(link, type(answer)(**{**fields, "transfer_id": transfer_id}))
        assert why in (await ann.one("failed")).message


IDS = st.sampled_from((ID, "ef" * 16, "0" * 32))
SIZES = st.sampled_from((0, 1, 5, len(DATA), 2**31, 2**53))
DIGESTS = st.sampled_from(("0" * 64, DIGEST.hex()))
MESSAGES = st.one_of(
    st.builds(
        FileOffer,
        transfer_id=IDS,
        number=st.sampled_from((0, NUMBER, 2**32 - 1)),
        name=st.sampled_from(("x", "..", "a\0b", "CON", "é" * 255)),
        size_bytes=SIZES,
        preview=st.sampled_from((None, "", "!", "AAAA")),
    ),
    st.builds(FileAccept, transfer_id=IDS, offset=SIZES, prefix_sha256=st.one_of(st.none(), DIGESTS)),
    st.builds(FileDecline, transfer_id=IDS),
    st.builds(FileCancel, transfer_id=IDS, code=st.sampled_from(("", "cancelled", "x" * 32))),
    st.builds(FileProgress, transfer_id=IDS, received_bytes=SIZES),
    st.builds(FileDone, transfer_id=IDS),
    st.builds(FileUnfinished, tags=st.lists(DIGESTS, max_size=3).map(tuple)),
    st.builds(
        Frame,
        st.sampled_from((Kind.BEGIN, Kind.DATA, Kind.END)),
        st.sampled_from((0, NUMBER)),
        st.sampled_from((0, 5, len(DATA))),
        st.sampled_from((b"", b"x", DATA, DIGEST)),
    ),
    st.binary(max_size=40),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(MESSAGES, max_size=25), st.sampled_from(("ask", "accept", "decline")))
def test_any_messages_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, said: list[Any], answer: Any
) -> None:
    folder = tmp_path_factory.mktemp("any")

    async def play() -> None:
        ben, eve = User(folder, "ben", answer=answer), User(folder, "eve")
        async with users(ben, eve):
            link = Wire(ben, eve).connect().ends[0]
            for one in said:
                match one:
                    case Frame():
                        ben.service.received_bulk(link, pack(one))
                    case bytes():
                        ben.service.received_bulk(link, one)
                    case _:
                        ben.service.received(link, one)
                await asyncio.sleep(0)
        whole = [content for name, content in ben.files().items() if not name.endswith(".part")]
        assert all(content == DATA for content in whole)
        assert answer == "accept" or not ben.files()

    asyncio.run(play())


@pytest.mark.needs_root
async def test_a_full_disk_ends_it_on_both_sides(tmp_path: Path, small_disk: Path) -> None:
    source = tmp_path / "x.bin"
    source.write_bytes(bytes(900_000))
    ann, ben = User(tmp_path, "ann"), User(tmp_path, "ben", answer="accept")
    ben.downloads = small_disk
    async with users(ann, ben):
        wire = Wire(ann, ben).connect(limit_bytes=300_000)
        await ann.service.send_files([str(source)])
        await until(lambda: wire.is_stalled)
        (small_disk / "other").write_bytes(bytes(500_000))
        wire.resume()
        assert "room on the disk" in (await ben.one("failed")).message
        assert "receiver's disk" in (await ann.one("failed")).message
        await until(lambda: [path.name for path in small_disk.iterdir()] == ["other"])


async def test_two_programs_of_one_owner_keep_their_records_apart(tmp_path: Path) -> None:
    source = tmp_path / "x.bin"
    source.write_bytes(bytes(2_000_000))
    ann, twin, ben = (
        User(tmp_path, "ann"),
        User(tmp_path, "twin", home="ann"),
        User(tmp_path, "ben", answer="accept"),
    )
    async with users(ann, twin, ben):
        wire = Wire(ann, ben).connect(limit_bytes=600_000)
        await ann.service.send_files([str(source)])
        await until(lambda: wire.is_stalled)
        await until(lambda: len(list(ann.journal.rglob("*.json"))) == 1)
        third = User(tmp_path, "third", home="ann")
        async with users(third):
            Wire(third, ben).connect()
            await asyncio.sleep(0.1)
            assert third.events == []
            assert third.errors == []


@pytest.mark.expected_warnings("a transfer failed")
async def test_a_defect_of_one_transfer_does_not_stop_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, eve, link = await accepted(tmp_path)
    async with users(ben, eve):
        ticks: list[str] = []

        def tick(self: Receiving) -> None:
            ticks.append(self.machine.transfer_id)
            if self.machine.transfer_id == ID:
                raise ZeroDivisionError

        monkeypatch.setattr(Receiving, "tick", tick)
        ben.service.received(link, FileOffer(transfer_id="ef" * 16, number=8, name="y.bin", size_bytes=5))
        await until(lambda: ticks.count("ef" * 16) >= 2)
        assert {one.name: one.state for one in ben.newest().values()} == {
            "x.bin": "failed",
            "y.bin": "running",
        }


async def test_offers_that_are_taken_back_at_once(tmp_path: Path) -> None:
    clock_s = 0.0
    ben, eve = User(tmp_path, "ben", now_s=lambda: clock_s), User(tmp_path, "eve")
    async with users(ben, eve):
        at_ben = Wire(ben, eve).connect().ends[0]

        def offer_and_cancel(first: int, count: int) -> None:
            for number in range(first, first + count):
                transfer_id = f"{number:032x}"
                ben.service.received(
                    at_ben, FileOffer(transfer_id=transfer_id, number=number, name="x", size_bytes=1)
                )
                ben.service.received(at_ben, FileCancel(transfer_id=transfer_id))

        offer_and_cancel(0, 1000)
        assert ben.states() == ["cancelled"] * MAX_OPEN
        assert at_ben.dropped == [("files", "flood")] * (1000 - MAX_OPEN)
        clock_s = 2.0
        offer_and_cancel(1000, 100)
        assert len(ben.newest()) == MAX_OPEN + 2 * NEW_OFFERS_PER_S


async def test_what_is_over_is_forgotten_with_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_REMEMBERED", 20)
    monkeypatch.setattr(inbox, "NEW_OFFERS_PER_S", 1e9)
    ben, eve, mal = User(tmp_path, "ben"), User(tmp_path, "eve"), User(tmp_path, "mal")
    async with users(ben, eve, mal):
        links = [Wire(ben, other).connect().ends[0] for other in (eve, mal)]
        for number in range(300):
            transfer_id = f"{number:032x}"
            for link in links:  # one who knows the other's offer takes it over
                for again in range(2):
                    ben.service.received(
                        link,
                        FileOffer(transfer_id=transfer_id, number=number * 2 + again, name="x", size_bytes=1),
                    )
            ben.service.received(links[-1], FileCancel(transfer_id=transfer_id))
        assert set(ben.states()) == {"cancelled"}
        assert len(ben.newest()) == 300
        assert len(list(ben.service._inbox)) <= 21
        assert len(ben.service._inbox._numbers) <= 21


def open_parts(folder: Path) -> int:
    """How many descriptors this process has of files in a folder."""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found += os.readlink(f"/proc/self/fd/{name}").startswith(str(folder))
    return found


async def test_beginnings_of_those_who_left_do_not_stand_in_the_way_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_OPEN_IN_ALL", 5)
    monkeypatch.setattr(inbox, "MAX_LEFT", 7)
    ben, eve = User(tmp_path, "ben", answer="accept"), User(tmp_path, "eve")
    async with users(ben, eve):
        for visit in range(3):
            wire = Wire(ben, eve).connect()
            for number in range(4):
                offer = FileOffer(
                    transfer_id=f"{visit * 4 + number:032x}", number=number, name="x", size_bytes=5
                )
                ben.service.received(wire.ends[0], offer)
            await until(lambda: open_parts(ben.downloads) == 4)
            wire.part()
            await until(lambda: open_parts(ben.downloads) == 0)
        assert sorted(ben.states()) == ["cancelled"] * 5 + ["waiting"] * 7
        assert [one.state for one in ben.newest().values()][:5] == ["cancelled"] * 5
        await until(lambda: len(list(ben.downloads.glob("*.part"))) == 7)
        link = Wire(ben, eve).connect().ends[0]
        ben.service.received(link, FileOffer(transfer_id=ID, number=1, name="y", size_bytes=5))
        assert link.dropped == []
        await until(lambda: open_parts(ben.downloads) == 1)


async def test_a_beginning_of_somebody_who_left_can_be_cancelled(tmp_path: Path) -> None:
    ben, eve, link = await accepted(tmp_path)
    async with users(ben, eve):
        ben.service.link_gone(link)
        await until(lambda: open_parts(ben.downloads) == 0)
        assert len(list(ben.downloads.iterdir())) == 2
        ben.service.cancel(ID)
        await until(lambda: list(ben.downloads.iterdir()) == [])


@pytest.mark.expected_warnings("did not answer in time")
async def test_a_disk_that_stands_still_when_the_call_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CLOSE_LIMIT_S", 0.05)
    half = 200_000
    has_begun, may_end = threading.Event(), threading.Event()
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        if len(data) == half:
            has_begun.set()
            may_end.wait(10)
        return real(descriptor, data)

    ben, eve, link = await accepted(tmp_path, 3 * half)
    second = FileOffer(transfer_id="ef" * 16, number=8, name="y.bin", size_bytes=5)
    ben.service.received(link, second)
    await until(lambda: len(list(ben.downloads.glob("*.part"))) == 2)
    monkeypatch.setattr(os, "write", write)
    for message in frames((Kind.BEGIN, 0, b""), (Kind.DATA, 0, bytes(half))):
        ben.service.received_bulk(link, message)
    await until(has_begun.is_set)
    await ben.service.close()
    assert open_parts(ben.journal) == 0
    assert open_parts(ben.downloads) == 1
    offer = FileOffer(transfer_id=ID, number=1, name="x.bin", size_bytes=3 * half)

    async def answer_of(user: User) -> tuple[Transfer, Any]:
        at_user = Wire(user, eve).connect().ends[0]
        said: list[Any] = []

        def send(label: str, message: Message) -> None:
            said.append(message)

        at_user.send = send  # type: ignore[method-assign]
        await asyncio.wait((user.service._loaded,))
        user.service.received(at_user, offer)
        await until(lambda: any(isinstance(one, FileAccept | FileCancel) for one in said))
        [answer] = [one for one in said if isinstance(one, FileAccept | FileCancel)]
        return user.newest()[ID], answer

    try:
        early = User(tmp_path, "ben", answer="accept")
        async with users(early, eve):
            transfer, answer = await answer_of(early)
            assert isinstance(answer, FileCancel)
            assert "Another program" in transfer.message
    finally:
        may_end.set()
    await until(lambda: open_parts(ben.downloads) == 0)
    late, eve = User(tmp_path, "ben", answer="accept"), User(tmp_path, "eve")
    async with users(late, eve):
        _, answer = await answer_of(late)
        assert isinstance(answer, FileAccept)
        assert answer.offset == half


@pytest.mark.expected_warnings("did not answer in time")
async def test_a_disk_that_stands_still_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ben, eve, _ = await accepted(tmp_path)
    await asyncio.gather(ben.service.close(), eve.service.close())
    has_begun, may_end = threading.Event(), threading.Event()
    claimed: list[bool] = []
    real = PartFile.claim

    def claim(part: PartFile) -> bool:
        has_begun.set()
        may_end.wait(10)
        claimed.append(real(part))
        return claimed[-1]

    monkeypatch.setattr(PartFile, "claim", claim)
    monkeypatch.setattr(service, "CLOSE_LIMIT_S", 0.05)
    ben = User(tmp_path, "ben")
    await until(has_begun.is_set)
    await ben.service.close()
    may_end.set()
    await until(lambda: claimed == [True])
    await until(lambda: open_parts(tmp_path) == 0)
