"""The engine thread: starts, runs coroutines, stops, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desktop_app.engine.thread import EngineThread

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def engine() -> Iterator[EngineThread]:
    """A running engine thread."""
    thread = EngineThread()
    thread.start()
    yield thread
    thread.stop()


def open_files() -> int:
    """How many file descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir())) if os.name == "posix" else 0


def test_coroutines_run_on_the_engine_thread_and_give_their_result(engine: EngineThread) -> None:
    async def name() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    assert engine.submit(name()).result(5) == "engine"


def test_the_loop_is_of_the_selector_kind(engine: EngineThread) -> None:
    assert isinstance(engine.loop, asyncio.SelectorEventLoop)


def test_an_exception_comes_back_to_the_caller(engine: EngineThread) -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        engine.submit(fail()).result(5)


def test_what_still_runs_is_cancelled_and_may_clean_up(engine: EngineThread) -> None:
    started = threading.Event()
    cleaned_up = threading.Event()

    async def run() -> None:
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned_up.set()

    future = engine.submit(run())
    assert started.wait(5)
    engine.stop()
    assert cleaned_up.is_set()
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(5)


def test_starting_and_stopping_twice_is_harmless() -> None:
    engine = EngineThread()
    engine.stop()
    engine.start()
    loop = engine.loop
    engine.start()
    assert engine.loop is loop
    engine.stop()
    engine.stop()
    assert loop.is_closed()


def test_nothing_can_be_submitted_when_it_does_not_run() -> None:
    engine = EngineThread()

    async def nothing() -> None:
        """Would warn when it is never awaited."""

    for _ in range(2):
        with pytest.raises(RuntimeError, match="does not run"):
            engine.submit(nothing())
        with pytest.raises(RuntimeError, match="does not run"):
            _ = engine.loop
        engine.start()
        engine.stop()


def test_twenty_lives_leave_no_thread_and_no_file_behind() -> None:
    async def work() -> int:
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        return 1

    def live() -> None:
        engine = EngineThread()
        engine.start()
        assert engine.submit(work()).result(5) == 1
        engine.stop()

    live()
    threads, files = threading.active_count(), open_files()
    for _ in range(20):
        live()
    assert threading.active_count() == threads
    assert open_files() == files
