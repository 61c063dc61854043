"""A file is whole or it is not there, whatever happens to connections, programs and bytes on the way."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.data.files.errors import SOURCE_CHANGED
from desktop_app.data.files.frames import Frame, Kind
from desktop_app.data.files.limits import WINDOW_BYTES
from desktop_app.data.messages.files import FileOffer

from .pair import Pair, bad_copy

CONTENT = bytes(range(256)) * 8192  # 2 MiB, more than twice the window
STEPS = st.lists(
    st.sampled_from(
        (
            "receiver_hears",
            "sender_hears",
            "sender_works",
            "receiver_works",
            "sender_sends",
            "tick",
            "steps",
            "cut",
            "kill_sender",
            "kill_receiver",
            "connect",
        )
    ),
    max_size=60,
)
SIZES = st.one_of(st.sampled_from((0, 1, 16384, 262144, 262145, len(CONTENT))), st.integers(0, len(CONTENT)))


def play(pair: Pair, steps: list[str]) -> int:
    """Let it happen; returns how often something was interrupted."""
    interruptions = 0
    for step in steps:
        if step == "steps":
            for _ in range(20):
                pair.step()
            continue
        if step in ("cut", "kill_sender", "kill_receiver"):
            interruptions += pair.is_connected
        getattr(pair, step)()
    return interruptions


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(1000, 65536), STEPS)
def test_cuts_and_kills_at_any_moment(size: int, chunk_bytes: int, steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(Path(folder), CONTENT[:size], chunk_bytes=chunk_bytes)
        pair.connect()
        interruptions = play(pair, steps)
        pair.connect()
        pair.run()
        assert pair.out.state == "done"
        assert pair.into.state == "done"
        assert pair.received() == {"data.bin": CONTENT[:size]}
        assert pair.sent_bytes - size <= interruptions * WINDOW_BYTES
        pair.part.forget()
        assert pair.is_clean()
        pair.close()


FAULTS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(("lose", "twice", "late", "damage", "again", "jump"))),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700_000), FAULTS)
def test_frames_in_any_order_twice_lost_or_damaged(size: int, faults: list[tuple[int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(Path(folder), CONTENT[:size])
        pair.connect()
        at = dict(faults)
        count = 0
        seen: list[Frame] = []
        while pair.step():
            first = pair.to_receiver[0] if pair.to_receiver else None
            if not isinstance(first, Frame) or first in seen:
                continue
            seen.append(first)
            fault = at.get(count)
            count += 1
            match fault:
                case "lose":
                    pair.to_receiver.popleft()
                case "twice":
                    pair.to_receiver.appendleft(first)
                case "late":
                    pair.to_receiver.rotate(-1)
                case "damage":
                    pair.to_receiver[0] = bad_copy(first)
                case "again":
                    pair.to_receiver.append(seen[0])
                case "jump":
                    pair.to_receiver[0] = Frame(first.kind, first.number, first.offset + 1, first.payload)
        received = pair.received()
        if pair.into.state == "done":
            assert received == {"data.bin": CONTENT[:size]}
        elif pair.into.state == "failed":
            assert received == {}
            assert pair.is_clean()
            assert pair.into.message
            assert pair.out.state == "failed"
        else:  # the end was lost: it can be continued
            assert set(received) == {pair.part._path.name}
            pair.cut()
            pair.connect()
            pair.run()
            assert pair.received() == {"data.bin": CONTENT[:size]}
        pair.close()


def running_pair(folder: Path, *, steps: int = 60) -> Pair:
    pair = Pair(folder, CONTENT)
    pair.connect()
    for _ in range(steps):
        pair.step()
    assert pair.into.state == "running"
    assert 0 < pair.into.done_bytes < len(CONTENT)
    return pair


def test_it_goes_on_from_what_is_written(tmp_path: Path) -> None:
    pair = running_pair(tmp_path)
    pair.cut()
    written = pair.into.done_bytes
    assert (pair.into.state, pair.out.state) == ("waiting", "waiting")
    while pair.receiver_works():
        pass  # what had come is still written
    assert pair.into.done_bytes >= written
    pair.connect()
    pair.run()
    assert pair.into.resumed_from == pair.out.resumed_from >= written
    assert pair.received() == {"data.bin": CONTENT}
    pair.close()


def test_a_source_that_changed_between_ends_it(tmp_path: Path) -> None:
    pair = running_pair(tmp_path)
    pair.cut()
    pair.source_path.write_bytes(bytes(len(CONTENT)))
    pair.connect()
    pair.run()
    assert pair.out.state == pair.into.state == "failed"
    assert "changed" in pair.out.message
    assert "changed" in pair.into.message
    assert pair.is_clean()
    pair.close()


def test_a_beginning_that_is_another_one_ends_it(tmp_path: Path) -> None:
    pair = running_pair(tmp_path)
    pair.kill_receiver()
    [part] = [path for path in pair.downloads.iterdir() if path.name.endswith(".part")]
    with part.open("r+b") as file:
        file.write(b"something else")
    pair.connect()
    pair.run()
    assert pair.out.state == pair.into.state == "failed"
    assert pair.is_clean()
    pair.close()


@pytest.mark.parametrize("change", ["longer", "shorter", "touched", "replaced"])
def test_a_source_that_changes_while_it_is_sent(tmp_path: Path, change: str) -> None:
    pair = running_pair(tmp_path)
    match change:
        case "longer":
            with pair.source_path.open("ab") as file:
                file.write(b"x")
        case "shorter":
            with pair.source_path.open("r+b") as file:
                file.truncate(len(CONTENT) // 2)
        case "touched":
            pair.source_path.touch()
        case "replaced":
            pair.cut()
            pair.source_path.unlink()
            pair.connect()
    pair.run()
    assert pair.out.state == pair.into.state == "failed"
    assert pair.out.message
    assert pair.into.message
    assert pair.is_clean()
    pair.close()


def test_who_has_the_file_says_so_when_it_is_offered_again(tmp_path: Path) -> None:
    pair = Pair(tmp_path, b"hello")
    pair.connect()
    while not pair.into.is_over:
        pair.step()
    pair.kill_receiver()  # before `file-done` arrived
    assert not pair.out.is_over
    pair.connect()
    pair.run()
    assert pair.out.state == "done"
    assert pair.received() == {"data.bin": b"hello"}
    pair.close()


def test_a_kill_between_the_digest_and_the_name(tmp_path: Path) -> None:
    pair = Pair(tmp_path, b"hello")
    pair.connect()
    pair.part._place = lambda: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        pair.run()
    pair.kill_receiver()
    assert pair.received() == {"data.bin": b"hello"}
    assert pair.into.sha256 == hashlib.sha256(b"hello").hexdigest()
    pair.connect()
    pair.run()
    assert pair.out.state == "done"
    assert pair.received() == {"data.bin": b"hello"}
    pair.close()


def test_an_end_before_the_last_byte(tmp_path: Path) -> None:
    pair = running_pair(tmp_path)
    pair.to_receiver.clear()
    pair.hear(Frame(Kind.END, pair.number, len(CONTENT), bytes(32)))
    pair.run()
    assert "Less was sent" in pair.into.message
    assert pair.is_clean()
    pair.close()


def test_a_repeated_offer_with_the_answer_under_way_is_answered_once_more(tmp_path: Path) -> None:
    pair = running_pair(tmp_path)
    pair.number += 1
    pair.out.offer(pair.number)
    pair.flush()
    assert any(isinstance(thing, FileOffer) for thing in pair.to_receiver)
    pair.run()
    assert pair.received() == {"data.bin": CONTENT}
    pair.close()


def test_the_codes_of_the_document_are_sentences() -> None:
    from desktop_app.data.files import errors

    codes = {SOURCE_CHANGED, *errors.OWN_SENTENCES}
    assert set(errors.PEER_SENTENCES) == codes
    document = (Path(__file__).parents[4] / "docs" / "data-channels.md").read_text(encoding="utf-8")
    assert all(f"`{code}`" in document for code in codes)
