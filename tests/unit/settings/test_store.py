"""The settings file: written as a whole, private, and never lost when it or the disk is broken."""

from __future__ import annotations

import asyncio
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from desktop_app.settings.migrations import CURRENT_VERSION
from desktop_app.settings.schema import Settings, SettingsError
from desktop_app.settings.store import LoadResult, SettingsStore

BROKEN_NAME = re.compile(r"settings\.broken-\d{8}-\d{6}(-\d+)?\.json")
BREAKS = pytest.mark.expected_warnings(r"settings\.store: the settings (file is broken|cannot be read): ")
REFUSES = pytest.mark.expected_warnings(r"settings\.store: setting \w+ is refused: ")
CHANGED = Settings().replace(
    display_name="Zoë",
    ice_servers=("turn:t.example", "stun:s.example"),
    frame_rate=15,
    mirror_self_view=False,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def visible(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if not each.name.endswith(".lock"))


def test_no_file_is_no_news(path: Path) -> None:
    assert SettingsStore(path).load() == LoadResult(Settings(), None)
    assert not path.parent.exists()


def test_saved_settings_come_back(path: Path) -> None:
    SettingsStore(path).save(CHANGED)
    assert SettingsStore(path).load() == LoadResult(CHANGED, None)


def test_file_holds_a_version_and_what_differs_from_the_defaults(path: Path) -> None:
    SettingsStore(path).save(Settings().replace(frame_rate=15))
    assert read(path) == {"version": CURRENT_VERSION, "frame_rate": 15}


def test_setting_put_back_to_its_default_leaves_the_file(path: Path) -> None:
    store = SettingsStore(path)
    store.save(CHANGED)
    store.save(CHANGED.replace(frame_rate=30))
    assert "frame_rate" not in read(path)
    assert SettingsStore(path).load().settings == CHANGED.replace(frame_rate=30)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_file_is_private_and_nothing_else_is_left(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("{}")
    path.chmod(0o666)
    SettingsStore(path).save(CHANGED)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert visible(path.parent) == ["settings.json"]


def test_symbolic_link_stays_one(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "bridgecall.json"
    write(target, {"version": 1, "frame_rate": 10})
    path.parent.mkdir()
    path.symlink_to(target)
    store = SettingsStore(path)
    store.save(store.load().settings.replace(display_name="Ana"))
    assert path.is_symlink()
    assert read(target) == {"version": CURRENT_VERSION, "frame_rate": 10, "display_name": "Ana"}


BROKEN: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"version": 1, "frame_rate',
    "not-utf8": b'{"display_name": "\xff\xfe"}',
    "list": b"[1, 2]",
    "text": b'"hello"',
    "null": b"null",
    "deep": b"[" * 200_000,
    "huge-number": b'{"frame_rate": ' + b"9" * 10_000 + b"}",
    "too-long": b'{"display_name": "' + b"x" * 1_100_000 + b'"}',
    "version-zero": b'{"version": 0}',
    "version-text": b'{"version": "1"}',
    "version-true": b'{"version": true}',
}


@BREAKS
@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_broken_file_is_kept_aside(path: Path, data: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(data)
    result = SettingsStore(path).load()
    assert result.settings == Settings()
    names = visible(path.parent)
    assert len(names) == 1
    assert BROKEN_NAME.fullmatch(names[0])
    assert (path.parent / names[0]).read_bytes() == data
    assert result.notice is not None
    assert names[0] in result.notice
    assert result.notice.startswith("The settings could not be read, so the defaults are used;")


@BREAKS
def test_folder_in_the_files_place_is_kept_aside(path: Path) -> None:
    path.mkdir(parents=True)
    (path / "inside").write_text("precious")
    store = SettingsStore(path)
    assert store.load().notice is not None
    store.save(CHANGED)
    aside = next(each for each in path.parent.iterdir() if BROKEN_NAME.fullmatch(each.name))
    assert (aside / "inside").read_text() == "precious"
    assert SettingsStore(path).load() == LoadResult(CHANGED, None)


@BREAKS
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_in_the_files_place_hangs_nobody(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    result = SettingsStore(path).load()
    assert result.settings == Settings()
    assert result.notice is not None


@BREAKS
def test_link_to_itself_is_kept_aside(path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(path)
    store = SettingsStore(path)
    assert store.load().notice is not None
    assert not path.is_symlink()
    store.save(CHANGED)
    assert SettingsStore(path).load().settings == CHANGED


@BREAKS
@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read_is_kept_aside(path: Path) -> None:
    write(path, {"version": 1})
    path.chmod(0)
    result = SettingsStore(path).load()
    assert result.notice is not None
    assert not path.exists()


@BREAKS
def test_two_broken_files_in_one_second_are_both_kept(path: Path) -> None:
    path.parent.mkdir()
    for content in ("one", "two", "three"):
        path.write_text(content)
        SettingsStore(path).load()
    kept = {each.read_text() for each in path.parent.iterdir() if BROKEN_NAME.fullmatch(each.name)}
    assert kept == {"one", "two", "three"}


@REFUSES
def test_wrong_value_falls_back_alone_and_is_named(path: Path) -> None:
    write(path, {"version": 1, "frame_rate": 1000, "display_name": "Ana"})
    result = SettingsStore(path).load()
    assert result.settings == Settings(display_name="Ana")
    assert (
        result.notice == "The setting “Frame rate” had a value that is not allowed, so its default is used."
    )
    assert path.exists()


@REFUSES
def test_several_wrong_values_are_named_in_one_sentence(path: Path) -> None:
    write(path, {"version": 1, "frame_rate": "fast", "camera": 3, "appearance": "pink"})
    result = SettingsStore(path).load()
    assert result.settings == Settings()
    assert result.notice == (
        "The settings “Camera”, “Frame rate” and “Colours” had values that are not allowed, "
        "so their defaults are used."
    )


@REFUSES
def test_saving_mends_wrong_values(path: Path) -> None:
    write(path, {"version": 1, "frame_rate": 1000, "display_name": "Ana"})
    store = SettingsStore(path)
    store.save(store.load().settings)
    assert SettingsStore(path).load() == LoadResult(Settings(display_name="Ana"), None)


def test_values_of_a_newer_version_survive(path: Path) -> None:
    write(path, {"version": 7, "hologram": {"on": True, "name": "\ud800"}, "frame_rate": 10})
    store = SettingsStore(path)
    result = store.load()
    assert result == LoadResult(Settings(frame_rate=10), None)
    store.save(result.settings.replace(display_name="Ana"))
    assert read(path) == {
        "version": 7,
        "hologram": {"on": True, "name": "\ud800"},
        "frame_rate": 10,
        "display_name": "Ana",
    }


def test_file_without_version_is_read(path: Path) -> None:
    write(path, {"display_name": "Ana"})
    assert SettingsStore(path).load() == LoadResult(Settings(display_name="Ana"), None)


def test_two_windows_do_not_undo_each_other(path: Path) -> None:
    first, second = SettingsStore(path), SettingsStore(path)
    first_settings, second_settings = first.load().settings, second.load().settings
    first.save(first_settings.replace(ice_servers=("stun:s.example",)))
    second.save(second_settings.replace(window_geometry="abc"))
    assert SettingsStore(path).load().settings == Settings(
        ice_servers=("stun:s.example",), window_geometry="abc"
    )


def test_file_that_vanished_is_written_whole(path: Path) -> None:
    store = SettingsStore(path)
    store.save(CHANGED)
    path.unlink()
    store.save(CHANGED.replace(frame_rate=20))
    assert SettingsStore(path).load().settings == CHANGED.replace(frame_rate=20)


def test_file_that_broke_meanwhile_is_kept_aside_on_saving(path: Path) -> None:
    store = SettingsStore(path)
    store.save(CHANGED)
    path.write_text("scrambled")
    store.save(CHANGED.replace(frame_rate=20))
    assert SettingsStore(path).load().settings == CHANGED.replace(frame_rate=20)
    kept = [each for each in path.parent.iterdir() if BROKEN_NAME.fullmatch(each.name)]
    assert [each.read_text() for each in kept] == ["scrambled"]


@BREAKS
def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    store = SettingsStore(tmp_path / "config" / "settings.json")
    result = store.load()
    assert result.settings == Settings()
    assert result.notice == "The settings could not be read, so the defaults are used."
    with pytest.raises(SettingsError, match=r"^The settings could not be saved: .+\.$"):
        store.save(CHANGED)


SAVE_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from desktop_app.settings.schema import Settings, SettingsError
from desktop_app.settings.store import SettingsStore

store = SettingsStore(Path(sys.argv[1]))
settings = store.load().settings
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))  # a write beyond 20 bytes fails, as on a full disk
try:
    store.save(settings.replace(server="x" * 200))
except SettingsError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs resource limits")
def test_write_that_fails_leaves_the_old_file(path: Path) -> None:
    SettingsStore(path).save(CHANGED)
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", SAVE_ON_A_FULL_DISK, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"The settings could not be saved: .+\.\n", done.stdout)
    assert path.read_bytes() == before
    assert visible(path.parent) == ["settings.json"]


SAVE_OFTEN = """
import sys
from pathlib import Path
from desktop_app.settings.store import SettingsStore

store = SettingsStore(Path(sys.argv[1]))
for number in range(25):
    result = store.load()
    assert result.notice is None, result.notice
    store.save(result.settings.replace(**{sys.argv[2]: f"{sys.argv[2]}-{number}"}))
"""


def test_processes_at_once_lose_nothing(path: Path) -> None:
    keys = ("display_name", "last_target", "microphone")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SAVE_OFTEN, str(path), key],
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        for key in keys
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    settings = SettingsStore(path).load().settings
    assert {key: getattr(settings, key) for key in keys} == {key: f"{key}-24" for key in keys}
    assert visible(path.parent) == ["settings.json"]


async def test_background_saves_end_with_the_newest(path: Path) -> None:
    store = SettingsStore(path)
    await asyncio.gather(*(store.save_in_background(Settings(frame_rate=rate)) for rate in range(5, 25)))
    assert SettingsStore(path).load().settings == Settings(frame_rate=24)


async def test_background_save_tells_of_its_failure(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    store = SettingsStore(tmp_path / "config" / "settings.json")
    with pytest.raises(SettingsError):
        await store.save_in_background(CHANGED)
