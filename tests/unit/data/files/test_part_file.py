"""Part files and records on real disks: full ones, read-only ones, and folders in which somebody has set traps."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from desktop_app.data.files import records
from desktop_app.data.files.errors import DISK_FULL, NOT_WRITABLE, FileError
from desktop_app.data.files.limits import RECORD_AGE_S
from desktop_app.data.files.part_file import PartFile
from desktop_app.data.files.records import (
    IncomingRecord,
    OutgoingRecord,
    incoming_record_path,
    incoming_records,
    outgoing_record_path,
    outgoing_records,
    part_path,
    write_record,
)

ID = "ab" * 16
DATA = b"0123456789" * 1000


def record(size: int = len(DATA), name: str = "data.bin") -> IncomingRecord:
    return IncomingRecord(transfer_id=ID, name=name, size_bytes=size)


def part_in(
    folder: Path, size: int = len(DATA), *, is_recorded: bool = False, name: str = "data.bin"
) -> PartFile:
    return PartFile(folder, record(size, name), threading.Event(), is_recorded=is_recorded)


def descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))


def test_a_file_gets_its_name_when_the_digest_is_right(tmp_path: Path) -> None:
    part = part_in(tmp_path)
    assert part.open() == (0, None)
    assert part.write([DATA[:4000], DATA[4000:]]) == len(DATA)
    assert [path.name for path in incoming_record_path(tmp_path, record()).parent.glob("data.bin")] == []
    path = part.finish(hashlib.sha256(DATA).digest())
    assert path == tmp_path / "data.bin"
    assert path.read_bytes() == DATA
    assert path.stat().st_nlink == 1
    part.forget()
    assert list(tmp_path.iterdir()) == [path]


def test_a_beginning_is_taken_up_with_its_hash(tmp_path: Path) -> None:
    part = part_in(tmp_path)
    part.open()
    part.write([DATA[:5000]])
    part.close()
    assert incoming_records(tmp_path) == [record()]
    again = part_in(tmp_path, is_recorded=True)
    assert again.open() == (5000, hashlib.sha256(DATA[:5000]).hexdigest())
    again.write([DATA[5000:]])
    assert again.finish(hashlib.sha256(DATA).digest()).read_bytes() == DATA


def test_two_programs_do_not_take_up_the_same_beginning(tmp_path: Path) -> None:
    first, second = part_in(tmp_path), part_in(tmp_path, is_recorded=True)
    first.open()
    assert not second.claim()
    with pytest.raises(FileError, match="Another program"):
        second.open()
    first.close()
    assert second.claim()
    second.close()


def test_a_beginning_that_another_program_has_stays_when_it_is_offered_to_us(tmp_path: Path) -> None:
    theirs = part_in(tmp_path)
    theirs.open()
    theirs.write([DATA[:5000]])
    before = sorted(tmp_path.iterdir())
    for is_recorded in (True, False):
        ours = part_in(tmp_path, is_recorded=is_recorded)
        with pytest.raises(FileError, match="Another program"):
            ours.open()
        ours.discard()
        assert sorted(tmp_path.iterdir()) == before
    theirs.write([DATA[5000:]])
    assert theirs.finish(hashlib.sha256(DATA).digest()).read_bytes() == DATA


def test_a_beginning_that_was_let_go_meanwhile_is_taken_up(tmp_path: Path) -> None:
    theirs = part_in(tmp_path)
    theirs.open()
    theirs.write([DATA[:5000]])
    theirs.close()
    ours = part_in(tmp_path)
    assert ours.open() == (5000, hashlib.sha256(DATA[:5000]).hexdigest())
    ours.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_no_transfer_is_not_taken_up(tmp_path: Path) -> None:
    part_path(tmp_path, record()).write_bytes(DATA[:5000])
    part = part_in(tmp_path)
    assert part.open() == (0, None)
    part.close()


def test_a_beginning_that_is_closed_can_be_deleted(tmp_path: Path) -> None:
    part = part_in(tmp_path)
    part.open()
    part.close()
    part.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_beginning_that_another_program_took_up_since_is_not_deleted(tmp_path: Path) -> None:
    ours, theirs = part_in(tmp_path), part_in(tmp_path, is_recorded=True)
    ours.open()
    ours.close()
    assert theirs.claim()
    ours.discard()
    assert len(list(tmp_path.iterdir())) == 2
    theirs.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs_root
def test_a_disk_that_is_too_small_is_seen_before(small_disk: Path) -> None:
    part = part_in(small_disk, 2_000_000)
    with pytest.raises(FileError) as caught:
        part.open()
    assert caught.value.code == DISK_FULL
    part.discard()
    assert list(small_disk.iterdir()) == []


@pytest.mark.needs_root
def test_a_disk_that_fills_up_meanwhile(small_disk: Path) -> None:
    part = part_in(small_disk, 800_000)
    part.open()
    part.write([bytes(100_000)])
    (small_disk / "other").write_bytes(bytes(600_000))
    with pytest.raises(FileError) as caught:
        part.write([bytes(700_000)])
    assert caught.value.code == DISK_FULL
    assert "room" in str(caught.value)
    part.discard()
    assert [path.name for path in small_disk.iterdir()] == ["other"]


@pytest.mark.needs_root
def test_a_disk_that_cannot_be_written_to(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(FileError, match="permission"):
        part_in(small_disk).open()


def test_a_limit_of_the_system_on_the_size_of_files(tmp_path: Path) -> None:
    script = """
import resource, sys, threading
from pathlib import Path
from desktop_app.data.files.errors import FileError
from desktop_app.data.files.limits import RECORD_AGE_S
from desktop_app.data.files.part_file import PartFile
from desktop_app.data.files.records import IncomingRecord
part = PartFile(Path(sys.argv[1]), IncomingRecord(transfer_id="ab" * 16, name="x", size_bytes=9000), threading.Event())
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
part.open()
try:
    part.write([bytes(4000), bytes(4000)])
except FileError as error:
    part.discard()
    print(error.code, error)
"""
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("disk-full The file is too large")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("")
    with pytest.raises(FileError) as caught:
        part_in(tmp_path / "folder").open()
    assert caught.value.code == NOT_WRITABLE


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    part = part_in(tmp_path / "a" / "b")
    part.open()
    part.discard()
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_is_deleted_meanwhile(tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    part = part_in(folder)
    part.open()
    part.write([DATA])
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    with pytest.raises(FileError, match="deleted"):
        part.finish(hashlib.sha256(DATA).digest())
    part.discard()
    assert not folder.exists()


def test_a_beginning_that_is_deleted_meanwhile_begins_anew(tmp_path: Path) -> None:
    part = part_in(tmp_path)
    part.open()
    part.write([DATA[:100]])
    part_path(tmp_path, record()).unlink()
    assert part.open() == (0, None)
    part.write([DATA])
    assert part.finish(hashlib.sha256(DATA).digest()).read_bytes() == DATA


@pytest.mark.parametrize("is_recorded", [False, True])
@pytest.mark.parametrize("trap", ["symbolic link", "further name", "pipe", "dangling"])
def test_what_stands_in_the_place_of_the_part_file_is_not_written_to(
    tmp_path: Path, trap: str, is_recorded: bool
) -> None:
    folder, precious = tmp_path / "downloads", tmp_path / "precious"
    folder.mkdir()
    precious.write_text("precious")
    place = part_path(folder, record())
    match trap:
        case "symbolic link":
            place.symlink_to(precious)
        case "further name":
            os.link(precious, place)
        case "pipe":
            os.mkfifo(place)
        case "dangling":
            place.symlink_to(tmp_path / "new")
    part = part_in(folder, is_recorded=is_recorded)
    part.open()
    part.write([DATA])
    assert part.finish(hashlib.sha256(DATA).digest()).read_bytes() == DATA
    assert precious.read_text() == "precious"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("trap", ["symbolic link", "dangling", "folder", "file"])
def test_what_has_the_name_already_is_left_alone(tmp_path: Path, trap: str) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    place = tmp_path / "downloads" / "data.bin"
    place.parent.mkdir()
    match trap:
        case "symbolic link":
            place.symlink_to(precious)
        case "dangling":
            place.symlink_to(tmp_path / "new")
        case "folder":
            place.mkdir()
        case "file":
            place.write_text("mine")
    part = part_in(place.parent)
    part.open()
    part.write([DATA])
    assert part.finish(hashlib.sha256(DATA).digest()) == place.parent / "data (2).bin"
    assert precious.read_text() == "precious"
    assert not (tmp_path / "new").exists()


def test_without_further_names_a_file_is_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_names: object, **_options: object) -> None:
        raise PermissionError(1, "this is FAT")

    monkeypatch.setattr(os, "link", link)
    (tmp_path / "data.bin").write_text("mine")
    part = part_in(tmp_path)
    part.open()
    part.write([DATA])
    assert part.finish(hashlib.sha256(DATA).digest()) == tmp_path / "data (2).bin"
    assert (tmp_path / "data.bin").read_text() == "mine"
    assert (tmp_path / "data (2).bin").read_bytes() == DATA
    part.forget()
    assert len(list(tmp_path.iterdir())) == 2


def test_reading_back_stops_when_the_program_ends(tmp_path: Path) -> None:
    part = part_in(tmp_path)
    part.open()
    part.write([DATA])
    part._stop.set()
    with pytest.raises(FileError) as caught:
        part.open()
    assert caught.value.code == "closing"
    part.close()
    assert part_path(tmp_path, record()).stat().st_size == len(DATA)


def test_a_beginning_stays_when_it_cannot_be_opened_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = part_in(tmp_path)
    part.open()
    part.write([DATA])
    part.close()

    def too_many(*_arguments: object) -> int:
        raise OSError(errno.EMFILE, "too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", too_many)
        with pytest.raises(FileError):
            part.open()
        assert not part.claim()
    assert part.open()[0] == len(DATA)
    part.close()


# --- records --------------------------------------------------------------------------------------


def test_records_are_private_and_replaced_as_a_whole(tmp_path: Path) -> None:
    out = OutgoingRecord(transfer_id=ID, path="/x", size_bytes=1, modified_ns=2, user_id="ben")
    path = outgoing_record_path(tmp_path, out)
    write_record(path, out)
    before = path.stat().st_ino
    write_record(path, out)
    assert path.stat().st_ino != before
    assert path.stat().st_mode & 0o777 == 0o600
    assert outgoing_records(tmp_path) == [out]
    assert ID not in path.name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"transfer_id":"../../x","name":"x","size_bytes":1}',
        b'{"transfer_id":"' + ID.encode() + b'","name":"x","size_bytes":-1}',
        b'{"transfer_id":"' + ID.encode() + b'","name":"another","size_bytes":1}',
        b'{"transfer_id":"' + ID.encode() + b'","name":"data.bin","size_bytes":1e400}',
        b"\xff" * 100,
    ],
)
def test_records_that_are_none_are_passed_over(tmp_path: Path, content: bytes) -> None:
    incoming_record_path(tmp_path, record()).write_bytes(content)
    assert incoming_records(tmp_path) == []


@pytest.mark.parametrize("trap", ["symbolic link", "pipe", "folder"])
def test_what_is_no_file_is_no_record(tmp_path: Path, trap: str) -> None:
    place = incoming_record_path(tmp_path, record())
    match trap:
        case "symbolic link":
            real = tmp_path / "real"
            write_record(real, record())
            place.symlink_to(real)
        case "pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
    before = descriptors()
    assert incoming_records(tmp_path) == []
    assert descriptors() == before


def test_a_symbolic_link_is_not_written_through(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    place = incoming_record_path(tmp_path, record())
    for trap in (place, place.with_name(place.name + ".tmp")):
        trap.symlink_to(precious)
    write_record(place, record())
    assert precious.read_text() == "precious"
    assert incoming_records(tmp_path) == [record()]


def test_old_beginnings_are_deleted(tmp_path: Path) -> None:
    part = part_in(tmp_path)
    part.open()
    part.close()
    old = time.time() - RECORD_AGE_S - 60
    os.utime(incoming_record_path(tmp_path, record()), (old, old))
    assert incoming_records(tmp_path) == [record()]  # something came in lately
    os.utime(part_path(tmp_path, record()), (old, old))
    assert incoming_records(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_full_of_records_is_read_up_to_a_number(
    tmp_path: Path, expected_warnings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MAX_RECORDS", 3)
    expected_warnings("more than 3 unfinished")  # type: ignore[operator]
    for number in range(5):
        one = IncomingRecord(transfer_id=f"{number:032x}", name="x", size_bytes=1)
        write_record(incoming_record_path(tmp_path, one), one)
    assert len(incoming_records(tmp_path)) == 3
