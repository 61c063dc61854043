"""Offers that come faster than cards can be made, and offers that are withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.call.events import CallState, CallStateChanged, ParticipantJoined
from desktop_app.ui.files.arrivals import AT_ONCE
from desktop_app.ui.files.card import FileCard
from tests.data_events import file, line, transfer

from .calls import ANNA, emit

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.data.events import Transfer
    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The transfers for which a card was made."""
    ids: list[str] = []

    class Counted(FileCard):
        def __init__(self, transfer: Transfer, names: dict[str, str]) -> None:
            ids.append(transfer.transfer_id)
            super().__init__(transfer, names)

    monkeypatch.setattr("desktop_app.ui.files.coordinator.FileCard", Counted)
    return ids


def ids(*numbers: int) -> list[str]:
    return [transfer(number).transfer_id for number in numbers]


def test_offers_that_are_withdrawn_leave_nothing_behind(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine, made: list[str]
) -> None:
    emit(engine, ParticipantJoined(ANNA), line(1))
    for number in range(300):
        ending = "cancelled" if number % 2 else "failed"
        emit(engine, file(number), file(number, state=ending, message="It has changed."))
        emit(engine, file(number, state="cancelled"))
    panel = call.call_page.chat
    assert len(made) == AT_ONCE
    assert call.files.cards == {}
    assert panel.model.rowCount() == 1
    assert panel.unread == 1
    assert call.notices.text == ""
    emit(engine, file(1000))
    qtbot.waitUntil(lambda: list(call.files.cards) == ids(1000))
    assert len(made) == AT_ONCE + 1, "none of those that were withdrawn before it was their turn"


def test_many_offers_are_shown_one_after_the_other_as_they_are_then(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine, made: list[str]
) -> None:
    count = AT_ONCE + 3
    emit(engine, ParticipantJoined(ANNA), *(file(number) for number in range(count)))
    assert made == ids(*range(AT_ONCE))
    emit(engine, file(AT_ONCE, state="running", done_bytes=1000), file(AT_ONCE + 1, state="cancelled"))
    qtbot.waitUntil(lambda: len(call.files.cards) == count - 1)
    assert made == ids(*range(AT_ONCE + 1), AT_ONCE + 2)
    assert call.files.cards[made[AT_ONCE]].bar.isVisibleTo(call.files.cards[made[AT_ONCE]])
    assert call.call_page.chat.model.rowCount() == count - 1


def test_our_own_files_do_not_wait(call: MainWindow, engine: FakeEngine, made: list[str]) -> None:
    emit(engine, *(file(number, direction="out") for number in range(2 * AT_ONCE)))
    assert made == ids(*range(2 * AT_ONCE))


def test_what_waits_to_be_shown_goes_with_the_call(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine, made: list[str]
) -> None:
    emit(engine, *(file(number) for number in range(2 * AT_ONCE)))
    emit(engine, CallStateChanged(CallState.IDLE, ""), CallStateChanged(CallState.IN_CALL, "room"))
    emit(engine, file(1000))
    qtbot.waitUntil(lambda: list(call.files.cards) == ids(1000))
    assert len(made) == AT_ONCE + 1


def test_who_accepted_is_told_that_it_was_withdrawn(call: MainWindow, engine: FakeEngine) -> None:
    call.actions_.chat.trigger()
    emit(engine, ParticipantJoined(ANNA), file(1), file(2), file(3, state="running"))
    cards = call.files.cards
    cards[transfer(1).transfer_id].accept_button.click()
    for number in (1, 2, 3):
        emit(engine, file(number, state="cancelled"))
    assert list(call.files.cards) == ids(1, 3)
    assert cards[transfer(1).transfer_id].state.text() == "Cancelled"
    assert call.call_page.chat.view.indexWidget(call.call_page.chat.model.index(1)) is cards[ids(3)[0]]
