"""The guards that every test runs under catch what they are there for."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests import guards

ROOT = Path(__file__).resolve().parents[2]

OFFENDERS = """
import asyncio, logging, subprocess, sys, threading
import pytest

stop = threading.Event()

def test_thread():
    threading.Thread(target=stop.wait, name="stray-thread", daemon=True).start()

def test_process():
    global child
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

def test_warning():
    logging.getLogger("somewhere").warning("the moon is %s", "full")

async def test_task():
    global task
    task = asyncio.create_task(asyncio.sleep(3600), name="stray-task")

@pytest.mark.expected_warnings("somewhere: the moon")
def test_marked(expected_warnings):
    expected_warnings("^somewhere: the sun is up$")
    logging.getLogger("somewhere").warning("the moon is down")
    logging.getLogger("somewhere").error("the sun is up")

async def test_clean():
    await asyncio.to_thread(threading.get_ident)
    await asyncio.create_task(asyncio.sleep(0))

def test_zz_end():
    stop.set()
    child.communicate()
"""


def test_each_offender_is_caught_and_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "test_offenders.py").write_text(OFFENDERS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:pytest-qt"]
    command += ["-p", "tests.unit.without_qt", "-p", "no:cacheprovider", "-q"]
    command += ["-c", str(ROOT / "pyproject.toml"), f"--rootdir={tmp_path}", str(tmp_path)]
    # The grace time is for what is on its way out; these offenders are not, and the test need not wait.
    start = f"import sys, runpy; from tests import guards; guards.GRACE_S = 0.3; sys.argv = {command[2:]!r}"
    done = subprocess.run(
        [sys.executable, "-c", f"{start}; runpy.run_module('pytest', run_name='__main__')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "7 passed, 4 errors" in done.stdout, done.stdout + done.stderr
    for offence in (
        "left running: stray-thread",
        "WARNING somewhere: the moon is full",
        "stray-task",
        "-c input()",
    ):
        assert offence in done.stdout


def test_a_warning_is_expected_by_its_logger_and_text() -> None:
    watch = guards.WarningWatch()
    for level, text in ((logging.WARNING, "first"), (logging.ERROR, "second")):
        watch.handle(logging.LogRecord("a.logger", level, __file__, 1, text, (), None))
    assert watch.unexpected() == ["WARNING a.logger: first", "ERROR a.logger: second"]
    watch.expect(r"^a\.logger: fir")
    assert watch.unexpected() == ["ERROR a.logger: second"]


def test_a_thread_that_ends_by_itself_is_not_left() -> None:
    before = guards.running_threads()
    go = threading.Event()
    thread = threading.Thread(target=go.wait)
    thread.start()
    assert guards.running_threads() - before == {thread}
    go.set()
    assert guards.threads_left(before) == []


async def test_a_task_that_ends_by_itself_is_not_left() -> None:
    before = asyncio.all_tasks()
    task = asyncio.create_task(asyncio.sleep(0))
    assert await guards.tasks_left(before) == []
    assert task.done()


@pytest.mark.skipif(sys.platform != "linux", reason="the list of children is the Linux kernel's")
def test_a_child_counts_until_it_is_waited_for() -> None:
    before = guards.child_processes()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert guards.child_processes() - before == {child.pid}
    child.communicate()
    assert guards.processes_left(before) == []
