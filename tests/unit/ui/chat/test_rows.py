"""The order and the grouping of the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.chat import rows
from desktop_app.ui.chat.rows import GROUP_GAP_MS, MAX_ROWS, Conversation, Row
from tests.data_events import START_MS, entry, transfer

if TYPE_CHECKING:
    from desktop_app.data.events import ChatEntry


def add(conversation: Conversation, made: ChatEntry) -> Row:
    row = conversation.make_line(made)
    index = conversation.place_of(row)
    assert index is not None
    conversation.insert(row, index)
    return row


@given(st.permutations(range(12)))
def test_lines_are_in_the_order_of_time_whatever_the_order_of_coming(order: list[int]) -> None:
    conversation = Conversation()
    entries = [entry(number, sent_ms=START_MS + number // 3) for number in range(12)]
    for number in order:
        add(conversation, entries[number])
    assert [row.entry for row in conversation.rows] == entries
    assert [conversation.index_of(row) for row in conversation.rows] == list(range(12))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2000), st.booleans()), max_size=20))
def test_grouping_does_not_depend_on_the_order_of_coming(lines: list[tuple[str, int, bool]]) -> None:
    entries = [
        entry(number, author=author, sent_ms=START_MS + 1000 * s, to="me" if private else None)
        for number, (author, s, private) in enumerate(lines)
    ]
    there, back = Conversation(), Conversation()
    for each in entries:
        add(there, each)
    for each in reversed(entries):
        add(back, each)
    assert [(row.entry, row.starts_group) for row in there.rows] == [
        (row.entry, row.starts_group) for row in back.rows
    ]


def test_a_group_is_what_one_author_says_to_the_same_within_minutes() -> None:
    conversation = Conversation()
    add(conversation, entry(1))
    add(conversation, entry(2))
    add(conversation, entry(3, to="me"))
    add(conversation, entry(4, author="b"))
    add(conversation, entry(5, author="b", sent_ms=START_MS + 4000 + GROUP_GAP_MS))
    add(conversation, entry(6, author="b", from_history=True, sent_ms=START_MS + 4001 + GROUP_GAP_MS))
    assert [row.starts_group for row in conversation.rows] == [True, False, True, True, True, True]


def test_a_new_day_is_told() -> None:
    conversation = Conversation()
    add(conversation, entry(1))
    add(conversation, entry(2, sent_ms=START_MS + 2 * 86_400_000))
    assert [row.starts_day for row in conversation.rows] == [False, True]


def test_a_time_beyond_all_calendars_is_shown_too() -> None:
    row = add(Conversation(), entry(1, sent_ms=1e14))
    assert row.day > 0
    assert rows.local_day(0.0) > 0


def test_a_file_comes_last_even_when_a_clock_is_ahead() -> None:
    conversation = Conversation()
    add(conversation, entry(1, sent_ms=START_MS + 60_000))
    row = conversation.make_file(transfer(1), START_MS)
    assert conversation.place_of(row) == 1


def test_a_line_and_a_file_with_the_same_id_are_two() -> None:
    conversation = Conversation()
    said = add(conversation, entry(1))
    row = conversation.make_file(transfer(1), said.key[0])
    conversation.insert(row, conversation.place_of(row) or 0)
    assert conversation.line(said.row_id) is said
    assert conversation.file(said.row_id) is row


def test_a_full_conversation_takes_nothing_older_than_all_of_it() -> None:
    conversation = Conversation()
    for number in range(MAX_ROWS):
        add(conversation, entry(number + 10))
    assert conversation.place_of(conversation.make_line(entry(1))) is None
    assert conversation.place_of(conversation.make_line(entry(MAX_ROWS + 50))) == MAX_ROWS
    oldest = conversation.remove(0)
    assert conversation.line(oldest.row_id) is None
    assert conversation.rows[0].starts_group
