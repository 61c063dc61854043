"""The statistics beside a call: rows, values and graphs from CallStats, drawn only while they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest

from desktop_app.stats.model import (
    CallStats,
    InboundAudioStats,
    InboundVideoStats,
    LocalStats,
    OutboundVideoStats,
    PeerStats,
    TransportStats,
)
from desktop_app.ui.stats_panel import EVERYONE, StatsPanel
from desktop_app.ui.stats_rows import overview_sections, sections_for
from desktop_app.ui.stats_table import StatsTableModel

if TYPE_CHECKING:
    import asyncio

    from pytestqt.qtbot import QtBot

NAMES = {"a": "Anna", "b": "Ben"}


def second(time_s: float, **kbps: float) -> CallStats:
    """One second in which each participant sends so many kbit/s, and receives half of that."""
    return CallStats(
        time_s,
        {
            user_id: PeerStats(
                user_id,
                "connected",
                TransportStats(round_trip_time_ms=30.0),
                InboundVideoStats(kbps=rate, loss_pct=1.5, frames_per_second=29.5),
                InboundAudioStats(kbps=0.0),
                OutboundVideoStats(kbps=rate / 2),
            )
            for user_id, rate in kbps.items()
        },
        LocalStats(camera_fps=30.0),
    )


def cells(model: StatsTableModel) -> dict[tuple[str, str], tuple[str, str]]:
    """(section, label): (received, sent)."""
    found = {}
    for row in range(model.rowCount()):
        section = model.index(row, 0)
        for child in range(model.rowCount(section)):
            texts = [model.index(child, column, section).data() for column in range(3)]
            found[section.data(), texts[0]] = (texts[1], texts[2])
    return found


@pytest.fixture
def panel(qtbot: QtBot, qt_loop: asyncio.AbstractEventLoop) -> StatsPanel:
    made = StatsPanel()
    qtbot.addWidget(made)
    made.resize(420, 700)
    return made


def shown(qtbot: QtBot, panel: StatsPanel) -> StatsPanel:
    """The panel with its graphs loaded."""
    panel.show()
    qtbot.waitUntil(lambda: panel.graphs is not None, timeout=30_000)
    return panel


def test_the_model_keeps_qts_contract() -> None:
    model = StatsTableModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    peer = second(1.0, a=500.0).peers["a"]
    model.show_sections(sections_for(peer, LocalStats()))
    model.show_sections(overview_sections([("Anna", peer), ("Ben", None)], LocalStats()))
    model.show_sections(sections_for(None, None))
    assert tester.model() is model
    assert model.parent(model.index(0, 0, model.index(1, 0))) == model.index(1, 0)
    assert not model.index(99, 0).isValid()
    assert model.data(QModelIndex()) is None


def test_one_participant_has_rows_in_both_directions(qtbot: QtBot, panel: StatsPanel) -> None:
    panel.set_people({"a": "Anna"})
    shown(qtbot, panel).take_stats(second(1.0, a=812.0))
    found = cells(panel.model)
    assert found["Picture", "Bit rate"] == ("812 kbit/s", "406 kbit/s")
    assert found["Picture", "Frame rate"] == ("29.5 fps", "0.0 fps")
    assert found["Connection", "Round-trip time"] == ("30 ms", "")
    assert found["Sound", "Bit rate"] == ("0 kbit/s", "–")
    assert found["This computer", "Camera"] == ("30.0 fps", "")


def test_w3c_names_are_in_the_tooltips(panel: StatsPanel) -> None:
    section = panel.model.index(1, 0)
    tips = {
        panel.model.index(row, 0, section).data(): panel.model.index(row, 2, section).data(
            Qt.ItemDataRole.ToolTipRole
        )
        for row in range(panel.model.rowCount(section))
    }
    assert "outbound-rtp: targetBitrate" in tips["Target bit rate"]


def test_a_participant_can_be_chosen(qtbot: QtBot, panel: StatsPanel) -> None:
    panel.set_people(NAMES)
    shown(qtbot, panel).take_stats(second(1.0, a=100.0, b=300.0))
    assert panel.choice.currentText() == EVERYONE
    assert cells(panel.model)["Anna", "Picture"] == ("100 kbit/s", "50 kbit/s")
    assert cells(panel.model)["Ben", "Picture"] == ("300 kbit/s", "150 kbit/s")
    panel.choice.setFocus()
    QTest.keyClick(panel.choice, Qt.Key.Key_Down)
    QTest.keyClick(panel.choice, Qt.Key.Key_Down)
    assert panel.choice.currentText() == "Ben"
    assert cells(panel.model)["Picture", "Bit rate"] == ("300 kbit/s", "150 kbit/s")
    panel.set_people({**NAMES, "c": "Chloé"})
    assert panel.choice.currentText() == "Ben", "somebody else's coming does not change the choice"
    panel.set_people({"a": "Anna"})
    assert panel.choice.currentText() == "Anna"


def test_graphs_show_the_series_and_the_newest_values(qtbot: QtBot, panel: StatsPanel) -> None:
    panel.set_people(NAMES)
    for number in range(5):
        panel.take_stats(second(100.0 + number, a=100.0 + number, b=1000.0))
    graphs = shown(qtbot, panel).graphs
    assert graphs is not None
    rates, loss, rtt = graphs.graphs
    assert rates.line_data(0) == ([-4, -3, -2, -1, 0], [1100, 1101, 1102, 1103, 1104])
    assert rates.line_data(1)[1] == [550, 550.5, 551, 551.5, 552]
    assert loss.line_data(0)[1] == [1.5] * 5
    assert rtt.line_data(0)[1] == [30.0] * 5
    assert "received 1.10 Mbit/s" in rates.values_text
    assert "30 ms" in rtt.values_text
    panel.choice.setCurrentText("Anna")
    assert rates.line_data(0)[1] == [100, 101, 102, 103, 104]


def test_graphs_are_drawn_only_while_they_are_seen(qtbot: QtBot, panel: StatsPanel) -> None:
    panel.set_people({"a": "Anna"})
    graphs = shown(qtbot, panel).graphs
    assert graphs is not None
    panel.take_stats(second(1.0, a=100.0))
    panel.hide()
    panel.take_stats(second(2.0, a=200.0))
    assert graphs.graphs[0].line_data(0)[1] == [100.0]
    panel.show()
    assert graphs.graphs[0].line_data(0)[1] == [100.0, 200.0]


def test_a_panel_that_was_never_seen_loads_no_graphs(panel: StatsPanel) -> None:
    panel.set_people({"a": "Anna"})
    panel.take_stats(second(1.0, a=100.0))
    assert panel.graphs is None


def test_a_call_that_is_over_is_forgotten(qtbot: QtBot, panel: StatsPanel) -> None:
    panel.set_people({"a": "Anna"})
    panel.take_stats(second(1.0, a=100.0))
    graphs = shown(qtbot, panel).graphs
    panel.clear()
    assert graphs is not None
    assert graphs.graphs[0].line_data(0) == ([], [])
    assert panel.choice.count() == 0
    assert cells(panel.model)["Picture", "Bit rate"] == ("–", "–")


def test_the_close_button_asks_to_be_closed(qtbot: QtBot, panel: StatsPanel) -> None:
    shown(qtbot, panel)
    with qtbot.waitSignal(panel.close_requested):
        QTest.mouseClick(panel.close_button, Qt.MouseButton.LeftButton)


def test_many_sections_are_painted_anew_at_once(qtbot: QtBot, panel: StatsPanel) -> None:
    people = {f"u{number}": f"Person {number}" for number in range(20)}
    panel.set_people(people)
    shown(qtbot, panel).take_stats(second(1.0, **dict.fromkeys(people, 100.0)))
    told: list[int] = []
    panel.model.dataChanged.connect(lambda first, last, _roles: told.append(last.row() - first.row() + 1))
    panel.take_stats(second(2.0, **dict.fromkeys(people, 200.0)))
    assert told == [panel.model.rowCount()], "not a signal for each of them"
    assert cells(panel.model)["Person 19", "Picture"] == ("200 kbit/s", "100 kbit/s")
