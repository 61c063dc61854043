"""`bridgecall --smoke-test`: of a sound installation, and of one that lacks something."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from .processes import AppProcess
from .program import ROOT
from .xvfb import Xvfb

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_S = 100.0
"""These tests share the machine with others."""
UNHURRIED = {"BRIDGECALL_SMOKE_TEST_LIMIT_S": str(LIMIT_S)}
STEPS = [
    "start", "application", "engine", "window", "lobby", "settings", "host", "guest-page", "call", "connection",
    "picture", "picture-back", "sound", "sound-back", "chat", "panels", "sound-system", "modules", "end",
    "log",
]  # fmt: skip
LOOPBACK_ALONE = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


def the_step(report: dict[str, Any], name: str) -> dict[str, Any]:
    """A step of the report."""
    found: list[dict[str, Any]] = [step for step in report["steps"] if step["name"] == name]
    assert len(found) == 1, report
    return found[0]


@pytest.mark.needs_root
async def test_a_sound_installation_passes_without_devices_and_network_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    written = tmp_path / "report.json"
    with Xvfb(tmp_path / "screen") as screen:
        app = AppProcess(
            tmp_path,
            "app",
            "--smoke-test",
            str(written),
            settings={"version": 1, "display_name": "Ana"},
            environment={**screen.environment, **UNHURRIED, "TMPDIR": str(temporary)},
            prefix=LOOPBACK_ALONE,
        )
        async with app:
            assert await app.wait(timeout=LIMIT_S) == 0, app.report()
    report = json.loads(written.read_text())
    assert report["ok"]
    assert report["frozen"] is False
    assert "log" not in report
    assert [step["name"] for step in report["steps"]] == STEPS
    assert all(step["ok"] for step in report["steps"])
    assert the_step(report, "sound")["detail"].startswith("1000 Hz at level 0.1")
    assert the_step(report, "sound-back")["detail"].startswith("440 Hz at level 0.1")
    # Nothing of the person's was read or written, and nothing is left.
    assert list(temporary.iterdir()) == []
    assert json.loads(app.settings_file.read_text()) == {"version": 1, "display_name": "Ana"}
    assert sorted(path.name for path in app.home.rglob("*") if path.is_file()) == ["settings.json"]
    assert app.stdout == []


async def test_an_installation_without_the_guest_page_fails_at_that_step(tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    for part in ("desktop_app", "resources"):
        shutil.copytree(ROOT / part, installed / part)
    (installed / "resources" / "web" / "index.html").unlink()
    with Xvfb(tmp_path / "screen") as screen:
        app = AppProcess(
            tmp_path,
            "app",
            "--smoke-test",
            environment={
                **screen.environment,
                **UNHURRIED,
                "PYTHONPATH": os.fspath(installed),
                "PYTHONSAFEPATH": "1",  # not the package in the working folder
            },
        )
        async with app:
            assert await app.wait(timeout=LIMIT_S) == 1, app.report()
    report = json.loads("\n".join(app.stdout))
    assert not report["ok"]
    assert [step["name"] for step in report["steps"] if not step["ok"]] == ["guest-page"]
    assert "404" in the_step(report, "guest-page")["detail"]
    assert "guest-page" in "\n".join(app.stderr)
    assert any("guest-page: FAILED" in line for line in report["log"])


async def test_without_a_display_it_says_so(tmp_path: Path) -> None:
    app = AppProcess(tmp_path, "app", "--smoke-test", environment={"DISPLAY": "", "QT_QPA_PLATFORM": "xcb"})
    async with app:
        assert await app.wait() == 2
    report = json.loads("\n".join(app.stdout))
    assert [(step["name"], step["ok"]) for step in report["steps"]] == [("display", False)]
    assert "display" in report["steps"][0]["detail"]
