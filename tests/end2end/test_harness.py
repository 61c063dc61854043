"""The harness itself: what the other end-to-end tests rely on."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from .processes import AppProcess, EventProcess, ProcessFailure, ProgramProcess, ServerProcess
from .xvfb import Xvfb, read_xwd, write_png

if TYPE_CHECKING:
    from pathlib import Path

PAINTER = """
import sys
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QApplication, QWidget
class Flag(QWidget):
    def paintEvent(self, event):
        painter = QPainter(self)
        for band, colour in enumerate(("#ff0000", "#00ff00", "#0000ff")):
            painter.fillRect(band * 100, 0, 100, 200, QColor(colour))
        painter.end()
        print("painted", flush=True)
app = QApplication(sys.argv)
flag = Flag()
flag.setWindowFlag(Qt.WindowType.FramelessWindowHint)
flag.setGeometry(50, 40, 300, 200)
flag.show()
app.exec()
"""

TALKER = """
import json, signal, sys
def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)
def stop(*_):
    say("left")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("not JSON")
print("[1, 2]")
say("joined", participants=[])
for user in ("ann", "bob"):
    say("first-frame", user=user, kind="video", ms=12.5)
for line in sys.stdin:
    say("heard", **json.loads(line))
say("end-of-input")
"""


@pytest.mark.needs_program("Xvfb")
async def test_a_screenshot_shows_what_a_window_paints(tmp_path: Path) -> None:
    with Xvfb(tmp_path / "screen", 640, 480) as screen:
        environment = screen.environment
        async with ProgramProcess(tmp_path, "painter", ["-c", PAINTER], environment=environment) as painter:
            await painter.wait_for_line("painted")
            colours = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
            picture = await screen.wait_until(lambda rgb: tuple(rgb[140, 100]) == colours["red"])
            assert np.array_equal(screen.screenshot(tmp_path / "screen.png"), picture)
            assert await painter.stop(expected_status=-signal.SIGTERM) == -15
        with pytest.raises(AssertionError, match=r"not shown within 0 s: see .*last\.png"):
            await screen.wait_until(lambda rgb: tuple(rgb[140, 100]) == (1, 2, 3), timeout=0)
        assert (tmp_path / "screen" / "last.png").read_bytes()[:4] == b"\x89PNG"
    assert picture.shape == (480, 640, 3)
    assert [tuple(picture[140, x]) for x in (100, 200, 300)] == list(colours.values())
    assert tuple(picture[10, 10]) == (0, 0, 0)


def test_a_png_is_read_by_others_as_it_was_written(tmp_path: Path) -> None:
    import av

    rgb = np.random.default_rng(1).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    write_png(tmp_path / "folder" / "noise.png", rgb)
    with av.open(str(tmp_path / "folder" / "noise.png")) as container:
        [frame] = container.decode(video=0)
    assert np.array_equal(frame.to_ndarray(format="rgb24"), rgb)


def test_what_is_no_dump_is_refused() -> None:
    for data in (b"", bytes(99), bytes(500)):
        with pytest.raises(ValueError, match="X Window Dump"):
            read_xwd(data)


async def test_events_are_found_by_name_and_fields(tmp_path: Path) -> None:
    talker = EventProcess(tmp_path, "talker", ["-c", TALKER], takes_input=True)
    async with talker:
        bob = await talker.wait_for_event("first-frame", user="bob")
        assert bob["ms"] == 12.5
        assert [event["user"] for event in talker.events("first-frame")] == ["ann", "bob"]
        await talker.send({"cmd": "mute"})
        await talker.send({"cmd": "leave"})
        second = await talker.wait_for_event("heard", skip=1)
        assert second["cmd"] == "leave"
        assert await talker.wait_for_event("heard", where=lambda event: event["cmd"] == "mute")
    assert talker.exit_status == 0
    assert talker.events()[-1] == {"event": "left"}
    assert (tmp_path / "talker.stdout").read_text().splitlines() == talker.stdout


async def test_a_failure_reports_what_the_program_said(tmp_path: Path) -> None:
    script = "import sys; print('on the way'); sys.exit('it broke')"
    process = EventProcess(tmp_path, "broken", ["-c", script])
    with pytest.raises(ProcessFailure, match=r"(?s)ended before any event 'joined'.*on the way.*it broke"):
        async with process:
            await process.wait_for_event("joined")
    assert process.exit_status == 1
    with pytest.raises(ProcessFailure, match="broken ended with status 1"):
        await process.stop()


async def test_silence_is_a_failure(tmp_path: Path) -> None:
    talker = EventProcess(tmp_path, "talker", ["-c", TALKER], takes_input=True)
    async with talker:
        await talker.wait_for_event("joined")
        with pytest.raises(ProcessFailure, match=r"no event 'applause' {'user': 'bob'} within 0.2 s"):
            await talker.wait_for_event("applause", user="bob", timeout=0.2)
    assert talker.exit_status == 0


async def test_a_process_that_ignores_sigterm_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.end2end.program.STOP_LIMIT_S", 0.2)
    script = (
        "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); sys.stdin.read()"
    )
    deaf = EventProcess(tmp_path, "deaf", ["-c", script], takes_input=True)
    await deaf.start()
    await deaf.wait_for_line("deaf")
    with pytest.raises(ProcessFailure, match=r"deaf still runs after 0.2 s"):
        await deaf.stop()
    assert deaf.exit_status == -signal.SIGKILL


async def test_a_server_that_cannot_start_does_not_stay(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailure, match="server ended before any event 'listening'"):
        async with ServerProcess(tmp_path, "--no-such-option"):
            pass
    async with ServerProcess(tmp_path / "well") as server:
        assert server.port > 0
        assert server.url == f"ws://127.0.0.1:{server.port}/ws"
    assert server.exit_status == 0


async def test_the_log_of_an_application_is_followed(tmp_path: Path) -> None:
    app = AppProcess(tmp_path, "app", settings={"version": 1})
    home = repr(str(app.home))
    writer = f"""
import os, pathlib, sys
assert os.environ["BRIDGECALL_HOME"] == {home}
log = pathlib.Path({home}, "state", "bridgecall.log")
log.parent.mkdir()
with log.open("w") as file:
    for line in ("first", "half a li", "ne", "first again"):
        file.write(line + ("" if line == "half a li" else chr(10)))
        file.flush()
print(pathlib.Path({home}, "config", "settings.json").read_text())
"""
    app._command = [sys.executable, "-c", writer]  # in the application's place
    async with app:
        await app.wait_for_log("^first again$")
        assert (await app.wait_for_log("first", skip=1)).string == "first again"
        assert await app.wait() == 0
        assert app.log == ["first", "half a line", "first again"]
        assert app.stdout == ['{"version": 1}']
        with pytest.raises(ProcessFailure, match=r"ended before any log line(?s:.*)half a line"):
            await app.wait_for_log("never")
