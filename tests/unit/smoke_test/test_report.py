"""The report names the step that went wrong, however it went wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from desktop_app.core.errors import UserFacingError
from desktop_app.smoke_test.report import UNFINISHED, Report, StepFailedError, StoppedError

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text())
    return values


def test_all_steps_done_is_ok_only_when_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    report = Report(path)
    with report.step("first") as step:
        step.detail = "found"
    assert not read(path)["ok"]
    assert report.finish()
    written = read(path)
    assert written["ok"]
    assert written["steps"][0] | {"seconds": 0} == {
        "name": "first",
        "ok": True,
        "seconds": 0,
        "detail": "found",
    }
    assert [each.name for each in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (StepFailedError("No picture."), "No picture."),
        (UserFacingError("No server."), "No server."),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
@pytest.mark.expected_warnings("smoke test: second")
def test_a_step_that_fails_ends_the_test(tmp_path: Path, error: Exception, detail: str) -> None:
    report = Report(tmp_path / "report.json")
    with report.step("first"):
        pass
    with pytest.raises(StoppedError), report.step("second"):
        raise error
    report.finish()
    written = read(tmp_path / "report.json")
    assert not written["ok"]
    assert [(each["name"], each["ok"]) for each in written["steps"]] == [("first", True), ("second", False)]
    assert written["steps"][1]["detail"] == detail


def test_after_a_crash_the_file_names_the_step_that_ran(tmp_path: Path) -> None:
    report = Report(tmp_path / "report.json")
    with report.step("window"):
        crashed = read(tmp_path / "report.json")  # as somebody finds it when the process is gone here
    assert crashed["steps"] == [{"name": "window", "ok": False, "seconds": 0.0, "detail": UNFINISHED}]


def test_the_time_limit_is_told_at_the_step_that_runs(tmp_path: Path) -> None:
    report = Report(tmp_path / "report.json")
    with report.step("window"):
        report.fail("time-limit", "Too late.")
        assert report.finish()
    assert not report.finish()
    written = read(tmp_path / "report.json")
    assert not written["ok"]
    assert [(each["name"], each["detail"]) for each in written["steps"]] == [("window", "Too late.")]


def test_without_a_step_that_runs_it_is_one_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(None)
    report.fail("display", "There is none.")
    report.finish()
    assert [step["name"] for step in json.loads(capsys.readouterr().out)["steps"]] == ["display"]


def test_a_report_that_cannot_be_written_is_no_success(tmp_path: Path) -> None:
    report = Report(tmp_path / "nowhere" / "report.json")
    assert not report.begin()
    with report.step("first"):
        pass
    assert not report.finish()
