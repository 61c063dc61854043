"""The list of the conversation: plain text, links, copying, sizes, and many lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from desktop_app.ui.chat import view
from desktop_app.ui.chat.line_layout import LineLayout
from desktop_app.ui.chat.panel import ChatPanel
from desktop_app.ui.chat.rows import MAX_ROWS
from desktop_app.ui.chat.tips import link_tip, plain_tip
from tests.data_events import START_MS, entry, line, transfer

from .calls import emit

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.data.events import ChatEntry
    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

HTML = '<b>x</b><img src="file:///etc/passwd"><a href="https://evil.example">y</a> &lt;'


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be opened in another program."""
    urls: list[str] = []

    def open_url(url: QUrl) -> bool:
        urls.append(url.toString())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    return urls


@pytest.fixture
def panel(qtbot: QtBot) -> ChatPanel:
    """A chat of its own."""
    made = ChatPanel()
    qtbot.addWidget(made)
    made.resize(340, 600)
    made.set_people({"a": "Anna", "b": "Ben"})
    made.show()
    return made


def show(panel: ChatPanel, *entries: ChatEntry) -> None:
    for each in entries:
        panel.take_line(each)
    panel.view.doItemsLayout()


def test_the_newest_line_does_not_touch_what_is_below(panel: ChatPanel) -> None:
    show(panel, *(entry(number) for number in range(60)))
    panel.view.show_newest()
    bottom = panel.view.visualRect(panel.model.index(59)).bottom()
    assert 4 <= panel.view.height() - bottom <= 16


def link_point(panel: ChatPanel, number: int, which: int = 0) -> QPoint:
    """The middle of a link in the view."""
    view = panel.view
    row = panel.model.conversation.rows[number]
    rect = view.visualRect(panel.model.index(number))
    layout = view.lines.layout_of(row, rect.width())
    place = layout.link_rects(row.links[which])[0]
    return rect.topLeft() + view.lines.places(row, rect.width()).text + place.center().toPoint()


def select(panel: ChatPanel, number: int) -> None:
    flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
    panel.view.selectionModel().setCurrentIndex(panel.model.index(number), flags)


def click(panel: ChatPanel, point: QPoint) -> None:
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=point)


def test_nothing_is_rendered_as_html(panel: ChatPanel) -> None:
    show(panel, entry(1, HTML), entry(2, HTML.replace("<", "(").replace(">", ")")))
    rows = panel.model.conversation.rows
    assert rows[0].text == HTML
    font = panel.view.font()
    wide = LineLayout(rows[0], font, 10_000).size.width()
    assert wide == pytest.approx(LineLayout(rows[1], font, 10_000).size.width(), rel=0.2), (
        "each letter has its room"
    )
    assert plain_tip("<b>x</b>").count("&lt;") == 2


def test_a_link_is_opened_by_a_click_and_shows_where_it_leads(
    call: MainWindow, engine: FakeEngine, opened: list[str]
) -> None:
    call.actions_.chat.trigger()
    panel = call.call_page.chat
    emit(engine, line(1, "https://example.org/a?b=<i>"), line(2, "javascript:alert(1)"))
    panel.view.doItemsLayout()
    point = link_point(panel, 0)
    assert panel.view.tip_at(point) == "Opens https://example.org/a?b="
    click(panel, point)
    assert opened == ["https://example.org/a?b="]
    click(panel, panel.view.visualRect(panel.model.index(1)).bottomLeft() + QPoint(30, -10))
    assert len(opened) == 1, "text beside a link opens nothing"


@pytest.mark.parametrize("text", ["https://bank.example@evil.example/", "https://аррӏе.example/"])
def test_a_link_that_may_deceive_is_opened_only_after_asking(
    call: MainWindow, engine: FakeEngine, opened: list[str], text: str
) -> None:
    call.actions_.chat.trigger()
    panel = call.call_page.chat
    emit(engine, line(1, text))
    panel.view.doItemsLayout()
    click(panel, link_point(panel, 0))
    assert opened == []
    (box,) = call.findChildren(QMessageBox)
    assert box.textFormat() == Qt.TextFormat.PlainText
    (link,) = panel.model.conversation.rows[0].links
    assert box.informativeText() == link.target
    assert link.warning in link_tip(link)
    box.button(QMessageBox.StandardButton.Open).click()
    assert opened == [QUrl(link.target).toString()]


def test_a_link_behind_characters_of_two_units_is_found(panel: ChatPanel) -> None:
    show(panel, entry(1, "😀😀😀 https://example.org/x tail"))
    (link,) = panel.model.conversation.rows[0].links
    assert panel.view.link_at(link_point(panel, 0)) == link
    row = panel.model.conversation.rows[0]
    layout = LineLayout(row, panel.view.font(), 1000)
    end = layout.link_rects(link)[0].right()
    assert layout.link_at(QPointF(end - 2, 5)) == link
    assert layout.link_at(QPointF(end + 6, 5)) is None


def test_no_program_for_links_is_told(
    call: MainWindow, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    emit(engine, line(1, "https://example.org"))
    call.chat.open_link(call.call_page.chat.model.conversation.rows[0].links[0])
    assert call.notices.text == "No program could open https://example.org."


def test_copying_one_line_and_several(panel: ChatPanel) -> None:
    clipboard = QGuiApplication.clipboard()
    show(panel, entry(1, HTML), entry(2, "two", to="me"), entry(3, "three", own=True))
    select(panel, 0)
    QTest.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == HTML
    assert not clipboard.mimeData().hasHtml()
    panel.view.selectAll()
    panel.view.copy_selected()
    lines = clipboard.text().split("\n")
    assert lines[0].endswith(f"Anna: {HTML}")
    assert lines[1].endswith("Anna (to you only): two")
    assert lines[2].endswith("You: three")


def test_the_menu_copies_and_opens(panel: ChatPanel) -> None:
    chosen: list[object] = []
    panel.view.link_activated.connect(chosen.append)
    show(panel, entry(1, "https://example.org/?a&b"), entry(2, "no link"))
    menu = panel.view.make_menu(link_point(panel, 0))
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == ["Open https://example.org/?a&&b", "Copy link", "&Copy", "Select &all"]
    menu.actions()[0].trigger()
    assert chosen == list(panel.model.conversation.rows[0].links)
    menu.actions()[1].trigger()
    assert QGuiApplication.clipboard().text() == "https://example.org/?a&b"
    select(panel, 1)
    by_key = panel.view.make_menu(None)
    assert [action.text() for action in by_key.actions()] == ["&Copy", "Select &all"]
    by_key.actions()[0].trigger()
    assert QGuiApplication.clipboard().text() == "no link"
    for each in (menu, by_key):
        each.deleteLater()


def test_every_row_is_as_high_as_what_is_painted_in_it(panel: ChatPanel) -> None:
    show(
        panel,
        entry(1, "short"),
        entry(2, "word " * 60),
        entry(3, "x" * 500, own=True, state="failed"),
        entry(4, "a\nb\n\nc", author="b", to="me"),
        entry(5, "שלום עולם " * 20, from_history=True),
        entry(6, "next day 👍🏽", sent_ms=START_MS + 2 * 86_400_000),
    )
    for width in (260, 328, 700, 260):
        for row in panel.model.conversation.rows:
            places = panel.view.lines.places(row, width)
            assert panel.view.lines.height(row, width) == places.height
            assert places.bubble.left() >= 0
            assert places.bubble.right() <= width
    assert not panel.grab().isNull()


def test_a_line_that_failed_gets_room_to_say_so(qtbot: QtBot, panel: ChatPanel) -> None:
    show(panel, entry(1, own=True, state="waiting"), entry(2, own=True, state="sent"))
    before = panel.view.visualRect(panel.model.index(0)).height()
    panel.take_line(entry(1, own=True, state="failed", recipients=2))
    qtbot.waitUntil(lambda: panel.view.visualRect(panel.model.index(0)).height() > before)
    assert "Not delivered" in panel.view.tip_at(panel.view.visualRect(panel.model.index(0)).center())


def test_own_private_and_selected_lines_look_different(panel: ChatPanel) -> None:
    pictures = set()
    for changes in ({}, {"own": True, "state": "sent"}, {"to": "me"}, {"from_history": True}):
        panel.reset()
        show(panel, entry(1, **changes))
        pictures.add(bytes(panel.view.grab().toImage().constBits()))
    panel.view.selectAll()
    pictures.add(bytes(panel.view.grab().toImage().constBits()))
    assert len(pictures) == 5


def test_1500_lines_are_measured_once_and_not_one_widget_each(qtbot: QtBot, panel: ChatPanel) -> None:
    words = "some words that make a line of more than one row in a narrow panel"
    for number in range(1500):
        panel.take_line(entry(number, words[: 5 + number % 60], author="ab"[number // 4 % 2]))
    bar = panel.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 20_000 and bar.value() == bar.maximum())
    assert len(panel.view.viewport().children()) < 5
    assert panel.view.lines.measured <= 2 * 1500 + 200, "not anew for each line that comes"
    measured = [dict(row.measured) for row in panel.model.conversation.rows]
    bar.setValue(bar.maximum() // 2)
    panel.view.grab()
    assert [row.measured for row in panel.model.conversation.rows] == measured


def test_many_lines_are_measured_in_slices_for_another_width(
    qtbot: QtBot, panel: ChatPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "SLICE_S", 0.0)
    show(panel, *(entry(number, "word " * 30) for number in range(5 * view.ROWS_AT_ONCE)))
    shown, bar = panel.view, panel.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 0)
    before = bar.maximum()
    panel.resize(700, 600)
    shown.doItemsLayout()
    assert bar.maximum() > 0.9 * before, "they stay where they were until all are measured"
    measured = shown.lines.measured
    qtbot.waitUntil(lambda: 0 < bar.maximum() < 0.7 * before)
    assert bar.value() == bar.maximum()
    assert shown.lines.measured >= measured + 5 * view.ROWS_AT_ONCE


def test_more_than_the_window_keeps(panel: ChatPanel) -> None:
    panel.take_transfer(transfer(1))
    gone: list[str] = []
    panel.model.file_removed.connect(gone.append)
    for number in range(MAX_ROWS):
        panel.take_line(entry(number, sent_ms=2e12 + number))
    assert panel.model.rowCount() == MAX_ROWS
    assert gone == [transfer(1).transfer_id]
    panel.take_line(entry(MAX_ROWS + 1, sent_ms=0.0))
    assert panel.model.rowCount() == MAX_ROWS
    assert panel.model.conversation.rows[0].key[0] == 2e12, "what is older than all of them is not shown"


def test_a_larger_font_measures_anew(qtbot: QtBot, panel: ChatPanel) -> None:
    show(panel, entry(1))
    before = panel.view.visualRect(panel.model.index(0)).height()
    font = panel.view.font()
    font.setPointSizeF(font.pointSizeF() * 2)
    panel.view.setFont(font)
    qtbot.waitUntil(lambda: panel.view.visualRect(panel.model.index(0)).height() > before + 5)
