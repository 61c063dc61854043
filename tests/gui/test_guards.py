"""The guards of the GUI tests catch what they are there for, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

OFFENDERS = """
import asyncio
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QWidget

kept = []

def test_widget():
    kept.append(QWidget())

def test_timer():
    kept.append(QTimer())
    kept[-1].start(3600_000)

def test_thread():
    kept.append(QThread())
    kept[-1].start()

def test_task(qt_loop):
    kept.append(qt_loop.create_task(asyncio.Event().wait()))

def test_clean(qtbot, qt_loop):
    widget = QWidget()
    qtbot.addWidget(widget)
    timer = QTimer(widget)
    timer.start(3600_000)
    task = qt_loop.create_task(asyncio.sleep(0))
    qtbot.waitUntil(task.done)

def test_zz_end():
    thread = next(each for each in kept if isinstance(each, QThread))
    thread.quit()
    assert thread.wait(10_000)
"""


def test_each_offender_is_caught_and_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "test_offenders.py").write_text(OFFENDERS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.gui.conftest",
        "-p",
        "no:cacheprovider",
        "-q",
        "-rA",
    ]
    command += ["-c", str(ROOT / "pyproject.toml"), f"--rootdir={tmp_path}", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, cwd=ROOT)
    caught = set(re.findall(r"^ERROR \S*test_offenders\.py::(\w+)", done.stdout, re.MULTILINE))
    assert caught == {"test_widget", "test_timer", "test_thread", "test_task"}, done.stdout + done.stderr
    assert "left behind: QWidget" in done.stdout
    assert "left behind: QTimer" in done.stdout
    assert "left behind: QThread" in done.stdout
    assert "6 passed, 4 errors" in done.stdout
