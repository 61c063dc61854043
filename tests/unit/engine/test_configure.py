"""From the person's settings to what the call takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_app.call.files_config import FilesConfig
from desktop_app.core.paths import download_dir
from desktop_app.engine.configure import media_config, with_settings
from desktop_app.settings.schema import Settings


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ("echo_cancellation", "echo_cancellation"),
        ("noise_suppression", "noise_suppression"),
        ("automatic_gain", "automatic_gain"),
        ("silence_saving", "dtx"),
    ],
)
@pytest.mark.parametrize("on", [False, True])
def test_every_switch_of_the_sound_arrives(setting: str, field: str, on: bool) -> None:
    assert getattr(media_config(Settings().replace(**{setting: on})), field) == on


def test_the_folder_for_files_is_the_chosen_one_or_the_systems(tmp_path: Path) -> None:
    files = FilesConfig(Path("/elsewhere"), owner="somebody")
    chosen = with_settings(files, Settings().replace(download_folder=str(tmp_path)))
    assert chosen == FilesConfig(tmp_path, owner="somebody")
    assert with_settings(chosen, Settings()).download_folder == download_dir()
