"""What holds for every test: a home of its own, no unexpected warning in the log, and nothing left behind.

Markers: expected_warnings(PATTERN, ...), needs_root, needs_netlab, needs_program(NAME, ...).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import shutil
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import HealthCheck, settings

from . import guards, longest_first
from .netlab import why_unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator
    from pathlib import Path

# How long an example takes is the machine's business.
settings.register_profile("bridgecall", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bridgecall")

_FAILED: pytest.StashKey[bool] = pytest.StashKey()


class ExpectWarning(Protocol):
    """The `expected_warnings` fixture."""

    def __call__(self, pattern: str) -> None:
        """Let pass every record whose `logger: message` has a match for `pattern`."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let workers begin with what takes longest (`--no-loadscope-reorder` keeps xdist from another order)."""
    if hasattr(config, "workerinput"):
        longest_first.sort(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember a failure: what a failed test leaves behind would only hide why it failed."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine cannot run, with the reason."""
    if item.get_closest_marker("needs_root") and not guards.is_root():
        pytest.skip("needs root")
    if item.get_closest_marker("needs_netlab"):
        reason = why_unavailable()
        if reason is not None:
            pytest.skip(reason)
    for marker in item.iter_markers("needs_program"):
        for name in marker.args:
            if shutil.which(name) is None:
                pytest.skip(f"needs the program {name}")


@pytest.fixture(autouse=True)
def bridgecall_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own home for settings, logs and keys."""
    home = tmp_path / "home"
    monkeypatch.setenv("BRIDGECALL_HOME", str(home))
    return home


# The guards depend on each other for their order: the event loop is made after the threads are counted and
# closed before they are counted again.


@pytest.fixture(autouse=True)
def nothing_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread or a child process behind."""
    threads, processes = guards.running_threads(), guards.child_processes()
    yield
    if request.node.stash.get(_FAILED, False):
        return
    left = guards.threads_left(threads) + guards.processes_left(processes)
    if left:
        pytest.fail("left running: " + "; ".join(left))


@pytest.fixture(autouse=True)
def warning_watch(
    request: pytest.FixtureRequest, nothing_left_running: None
) -> Iterator[guards.WarningWatch]:
    """Fail a test during which something unexpected was logged at WARNING or above."""
    watch = guards.WarningWatch()
    for marker in request.node.iter_markers("expected_warnings"):
        for pattern in marker.args:
            watch.expect(pattern)
    root = logging.getLogger()
    root.addHandler(watch)
    yield watch
    root.removeHandler(watch)
    unexpected = watch.unexpected()
    if unexpected and not request.node.stash.get(_FAILED, False):
        hint = "if it is meant, declare it with the expected_warnings marker or fixture"
        pytest.fail(f"unexpected in the log ({hint}):\n" + "\n".join(unexpected))


@pytest.fixture
def expected_warnings(warning_watch: guards.WarningWatch) -> ExpectWarning:
    """Call it with a regular expression to let matching warnings pass from now on."""
    return warning_watch.expect


@pytest.fixture(autouse=True)
def no_task_left(request: pytest.FixtureRequest, warning_watch: guards.WarningWatch) -> None:
    """Fail a coroutine test that leaves a task on its loop."""
    if inspect.iscoroutinefunction(getattr(request.node, "function", None)):
        request.getfixturevalue("_task_watch")


@pytest.fixture
async def _task_watch(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    if request.node.stash.get(_FAILED, False):
        return
    left = await guards.tasks_left(before)
    if left:
        pytest.fail("tasks left behind: " + "; ".join(left))
