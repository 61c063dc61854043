"""Files in the window: cards, sending, previews, opening."""

from __future__ import annotations

import struct
import threading
import zlib
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QImage, QImageWriter
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton

from desktop_app.call.events import CallState, CallStateChanged, ParticipantJoined
from desktop_app.core.errors import UserFacingError
from desktop_app.ui.files.opening import could_be_program
from desktop_app.ui.files.preview import MAX_BYTES, SHOWN_SIDE_PX, decode_preview
from tests.data_events import file, line, transfer

from .calls import ANNA, BEN, called, emit

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from desktop_app.ui.files.card import FileCard
    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine


def picture(width: int, height: int, form: bytes = b"PNG") -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 30, 30))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(form)).write(image)
    return bytes(buffer.data().data())


def png_that_claims(width: int, height: int) -> bytes:
    """A small PNG file whose header says that it is huge (RFC 2083)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(1 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be opened in another program."""
    paths: list[str] = []

    def open_url(url: QUrl) -> bool:
        paths.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    return paths


@pytest.fixture
def room(call: MainWindow, engine: FakeEngine) -> MainWindow:
    """A call with Anna and Ben, the chat open."""
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    call.actions_.chat.trigger()
    return call


def card(window: MainWindow, number: int = 1) -> FileCard:
    return window.files.cards[transfer(number).transfer_id]


def buttons(shown: FileCard) -> list[str]:
    return [each.text() for each in shown.findChildren(QPushButton) if not each.isHidden()]


def test_an_offer_is_accepted_or_declined(qtbot: QtBot, room: MainWindow, engine: FakeEngine) -> None:
    emit(engine, file(1), file(2, name="<b>two</b>.txt"))
    assert buttons(card(room, 1)) == ["Accept", "Decline"]
    assert card(room, 2).accept_button.accessibleName() == "Accept: <b>two</b>.txt"
    card(room, 1).accept_button.click()
    card(room, 2).decline_button.click()
    qtbot.waitUntil(lambda: called(engine, "decline_file") == [(transfer(2).transfer_id,)])
    assert called(engine, "accept_file") == [(transfer(1).transfer_id,)]


def test_progress_is_shown_and_can_be_cancelled(qtbot: QtBot, room: MainWindow, engine: FakeEngine) -> None:
    emit(engine, file(1))
    emit(
        engine, file(1, state="running", done_bytes=500_000, rate_bytes_s=1e6, left_s=90.0, resumed_from=1000)
    )
    shown = card(room)
    assert shown.bar.value() == 250
    assert not shown.bar.isHidden()
    assert (
        shown.state.text() == "500.0\u00a0kB\u00a0of\u00a02.0\u00a0MB · 1.0\u00a0MB/s · 2\u00a0min\u00a0left"
    )
    assert shown.note.text() == "Went on from 1.0 kB"
    assert buttons(shown) == ["Cancel"]
    shown.cancel_button.click()
    qtbot.waitUntil(lambda: called(engine, "cancel_file") == [(transfer(1).transfer_id,)])
    emit(engine, file(1, state="cancelled"))
    assert shown.state.text() == "Cancelled"
    assert shown.bar.isHidden()
    assert buttons(shown) == []


def test_several_at_once_each_have_their_card_in_order(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, line(1), file(1), file(2, direction="out", user_id="b"), file(3, state="running"))
    view, model = room.call_page.chat.view, room.call_page.chat.model
    view.doItemsLayout()
    for number in (1, 2, 3):
        shown = card(room, number)
        rect = view.visualRect(model.index(number))
        assert view.indexWidget(model.index(number)) is shown
        assert shown.geometry() == rect
        assert rect.height() >= shown.heightForWidth(rect.width()) > 60
    assert buttons(card(room, 2)) == ["Cancel"]


def test_a_card_that_grows_gets_more_room(qtbot: QtBot, room: MainWindow, engine: FakeEngine) -> None:
    emit(engine, file(1, state="declined"))
    view, model = room.call_page.chat.view, room.call_page.chat.model
    view.doItemsLayout()
    before = view.visualRect(model.index(0)).height()
    emit(
        engine, file(1, state="failed", message="A sentence that is so long that it needs several rows. " * 3)
    )
    qtbot.waitUntil(lambda: view.visualRect(model.index(0)).height() > before + 20)
    assert card(room).state.property("role") == "error"


def test_an_offer_while_the_chat_is_closed_is_told(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), file(1), file(2))
    assert call.notices.text.startswith("Anna offers you “photo.jpg” (2.0 MB).")
    assert call.call_page.chat.unread == 2
    emit(engine, file(2, state="cancelled"))
    assert call.notices.text.startswith("Anna offers you “photo.jpg” (2.0 MB)."), (
        "the other one is still there"
    )
    call.actions_.chat.trigger()
    assert call.notices.text == ""
    call.actions_.chat.trigger()
    emit(engine, file(1, state="running"), file(1, state="failed", message="The disk is full."))
    assert call.notices.text == "The disk is full."


def test_files_are_chosen_for_whom_the_chat_is_for(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a")
    room.call_page.chat.composer.choose("b")
    room.call_page.chat.composer.files_button.click()
    (dialog,) = room.findChildren(QFileDialog)
    dialog.filesSelected.emit([str(path)])
    dialog.done(1)
    qtbot.waitUntil(lambda: called(engine, "send_files") == [((str(path),), "b")])


def test_sending_opens_the_chat_and_folders_are_refused(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    (tmp_path / "Photos").mkdir()
    path = tmp_path / "a.txt"
    path.write_text("a")
    call.files.send([str(tmp_path / "Photos")], None)
    qtbot.waitUntil(lambda: call.notices.text.startswith("“Photos” is a folder"))
    assert called(engine, "send_files") == []
    assert not call.call_page.chat.isVisible()
    call.files.send([str(tmp_path / "Photos"), str(path)], "a")
    qtbot.waitUntil(call.call_page.chat.isVisible)
    assert called(engine, "send_files") == [((str(path),), "a")]


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_what_the_engine_refuses_is_told(qtbot: QtBot, room: MainWindow, engine: FakeEngine) -> None:
    engine.fail("send_files", UserFacingError("The file a.txt cannot be read."))
    room.files.send(["/nowhere/a.txt"], None)
    qtbot.waitUntil(lambda: room.notices.text == "The file a.txt cannot be read.")


def test_a_file_that_has_come_is_opened(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine, tmp_path: Path, opened: list[str]
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"x")
    emit(engine, file(1, state="done", path=str(path)))
    assert buttons(card(room)) == ["Open", "Open folder"]
    card(room).open_button.click()
    qtbot.waitUntil(lambda: opened == [str(path)])
    card(room).folder_button.click()
    qtbot.waitUntil(lambda: opened == [str(path), str(tmp_path)])
    path.unlink()
    card(room).open_button.click()
    qtbot.waitUntil(lambda: "no longer" in room.notices.text)


def test_what_could_be_a_program_is_opened_only_after_asking(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine, tmp_path: Path, opened: list[str]
) -> None:
    path = tmp_path / "invoice.pdf.exe"
    path.write_bytes(b"MZ")
    emit(engine, file(1, state="done", path=str(path)))
    card(room).open_button.click()
    (box,) = room.findChildren(QMessageBox)
    assert "invoice.pdf.exe" in box.text()
    assert box.defaultButton() is box.button(QMessageBox.StandardButton.Cancel)
    assert opened == []
    box.button(QMessageBox.StandardButton.Open).click()
    qtbot.waitUntil(lambda: opened == [str(path)])


PROGRAMS = """
    exe SH desktop html docm svg msc xll ppa xlsb ps1xml ws application appref-ms settingcontent-ms library-ms search-ms
    diagcab rdp iqy slk mst ocx webloc inetloc fileloc tool mpkg prefpane mobileconfig doc xls accdb mdb one
    whatever-comes-next
"""


@pytest.mark.parametrize(
    "name", [*(f"a.{ending}" for ending in PROGRAMS.split()), "run", "a.exe.", ".bashrc", ".txt"]
)
def test_programs(name: str) -> None:
    assert could_be_program(name)


@pytest.mark.parametrize("name", ["a.jpg", "a.JPG", "exe.txt", "a.pdf", "archive.zip", "a.exe.mp4", "a.docx"])
def test_no_programs(name: str) -> None:
    assert not could_be_program(name)


def test_the_conversation_forgets_its_files_with_the_call(room: MainWindow, engine: FakeEngine) -> None:
    emit(engine, file(1), file(2))
    emit(engine, CallStateChanged(CallState.IDLE, ""))
    assert room.files.cards == {}
    emit(engine, CallStateChanged(CallState.IN_CALL, "room"), file(1))
    assert list(room.files.cards) == [transfer(1).transfer_id]


# Previews


@pytest.mark.parametrize("form", [b"PNG", b"JPEG"])
def test_a_preview_is_decoded_on_another_thread_and_shown(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, form: bytes
) -> None:
    threads: list[threading.Thread] = []

    def watched(data: bytes) -> QImage | None:
        threads.append(threading.current_thread())
        return decode_preview(data)

    monkeypatch.setattr("desktop_app.ui.files.coordinator.decode_preview", watched)
    emit(engine, file(1, preview=picture(160, 120, form)))
    qtbot.waitUntil(lambda: card(room).preview.image is not None)
    image = card(room).preview.image
    assert image is not None
    assert image.width() == 160
    assert threads != []
    assert threading.main_thread() not in threads


def test_a_large_preview_is_made_small(qtbot: QtBot) -> None:
    image = decode_preview(picture(900, 300))
    assert image is not None
    assert (image.width(), image.height()) == (SHOWN_SIDE_PX, SHOWN_SIDE_PX // 3)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        png_that_claims(50_000, 50_000),
        png_that_claims(1025, 1),
        png_that_claims(0, 0),
        picture(100, 100) + bytes(MAX_BYTES),
    ],
    ids=["empty", "gif", "svg", "bomb", "wide", "no size", "long"],
)
def test_a_hostile_preview_is_not_decoded(qtbot: QtBot, data: bytes) -> None:
    assert decode_preview(data) is None


@pytest.mark.qt_log_ignore(".*", extend=True)
def test_a_broken_preview_leaves_the_icon(qtbot: QtBot, room: MainWindow, engine: FakeEngine) -> None:
    emit(engine, file(1, preview=picture(100, 100)[:60]), file(2, preview=picture(100, 100)))
    qtbot.waitUntil(lambda: card(room, 2).preview.image is not None)
    assert card(room, 1).preview.image is None
    assert buttons(card(room, 1)) == ["Accept", "Decline"]
