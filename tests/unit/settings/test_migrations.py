"""Migrations: every step is run once, in order, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from desktop_app.settings.migrations import CURRENT_VERSION, STEPS, migrate


def rename_name(values: dict[str, Any]) -> dict[str, Any]:
    if "name" in values:
        values["display_name"] = values.pop("name")
    return values


def split_size(values: dict[str, Any]) -> dict[str, Any]:
    width = values.pop("width", None)
    if isinstance(width, int):
        values["video_size"] = f"{width}x{width * 3 // 4}"
    return values


OLD_STEPS = {1: rename_name, 2: split_size}


def test_there_is_a_step_for_every_older_version() -> None:
    assert sorted(STEPS) == list(range(1, CURRENT_VERSION))


@pytest.mark.parametrize(
    ("version", "values", "expected"),
    [
        (1, {"name": "Ana", "width": 640}, {"display_name": "Ana", "video_size": "640x480"}),
        (2, {"name": "kept as unknown", "width": 320}, {"name": "kept as unknown", "video_size": "320x240"}),
        (3, {"display_name": "Ana"}, {"display_name": "Ana"}),
        (1, {"width": "broken", "other": [1]}, {"other": [1]}),
        (1, {}, {}),
    ],
)
def test_steps_run_in_order_from_the_files_version(
    version: int, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert migrate(values, version, steps=OLD_STEPS, current=3) == expected


def test_newer_version_is_left_alone() -> None:
    assert migrate({"from_the_future": 1}, 9, steps=OLD_STEPS, current=3) == {"from_the_future": 1}


def test_argument_is_not_changed() -> None:
    values = {"name": "Ana"}
    migrate(values, 1, steps=OLD_STEPS, current=3)
    assert values == {"name": "Ana"}


@pytest.mark.parametrize(
    "written",
    [
        {"updates": {"check": False, "url": "https://example.org/"}},
        {"updates.check": False, "updates.url": "https://example.org/"},
        {"updates_check": False, "updates": {"check": True, "url": "https://example.org/"}},
    ],
)
def test_settings_of_updates_have_names_like_all_others(written: dict[str, Any]) -> None:
    expected = {"updates_check": False, "updates_url": "https://example.org/"}
    assert migrate(written | {"frame_rate": 10}, 2) == expected | {"frame_rate": 10}
    assert migrate({"updates": ["damaged"]}, 2) == {}
