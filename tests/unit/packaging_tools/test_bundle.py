"""Of the build what needs no PyInstaller: contents, archive, report, locks, stamp, comparison."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import build
from bundle import (
    BuildError,
    archive,
    compare,
    contents,
    distributions,
    environment,
    native,
    proved,
    report,
    stand_ins,
    targets,
    version,
)

ROOT = Path(__file__).resolve().parents[3]
EPOCH = 1_700_000_000


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small frozen tree."""
    folder = tmp_path / "tree"
    (folder / "_internal" / "av").mkdir(parents=True)
    (folder / "bridgecall").write_bytes(b"p" * 300)
    (folder / "bridgecall").chmod(0o755)
    (folder / "_internal" / "av" / "a.so").write_bytes(b"a" * 200)
    (folder / "_internal" / "b").write_bytes(b"b" * 100)
    if sys.platform != "win32":
        (folder / "bridgecall-bot").symlink_to("bridgecall")
    return folder


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/plugins/wayland-shell-integration/libxdg-shell.so",
        "PySide6/Qt/plugins/networkinformation/libqnetworkmanager.so",
        "PySide6/plugins/platforms/qwindows.dll",
        "PySide6/Qt/lib/libQt6Multimedia.so.6",
        "resources/web/index.html",
        "livekit/rtc/resources/liblivekit_ffi.so",
    ],
)
def test_what_is_used_is_kept(place: str) -> None:
    assert contents.wanted(place)


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/translations/qtbase_de.qm",
        "PySide6/Qt/qml/QtQuick/qmldir",
        "PySide6/Qt/plugins/platforms/libqeglfs.so",
        "PySide6/Qt/plugins/multimedia/libffmpegmediaplugin.so",
        "PySide6/Qt/plugins/platforminputcontexts/libqtvirtualkeyboardplugin.so",
        "PySide6\\plugins\\sqldrivers\\qsqlite.dll",
        "cv2/data/haarcascade_eye.xml",
        "numpy/_core/tests/data/x.csv",
        "numpy/_core/include/numpy/ndarrayobject.h",
    ],
)
def test_what_is_not_used_is_dropped(place: str) -> None:
    assert not contents.wanted(place)


def test_an_archive_does_not_depend_on_owner_time_or_place(tree: Path, tmp_path: Path) -> None:
    packed = []
    for number, name in enumerate(("one", "other")):
        copy = tmp_path / name / "tree"
        shutil.copytree(tree, copy, symlinks=True)
        os.utime(copy / "bridgecall", (number, number))
        out = tmp_path / name
        packed.append(archive.make(copy, out, "1.2.3", EPOCH))
    assert packed[0].read_bytes() == packed[1].read_bytes()
    with tarfile.open(packed[0]) as file:
        entries = file.getmembers()
    names = [entry.name for entry in entries]
    assert names[1:] == sorted(names[1:])
    assert {name.split("/")[0] for name in names} == {archive.name("1.2.3")}
    assert {(entry.uid, entry.gid, entry.uname, entry.mtime) for entry in entries} == {(0, 0, "", EPOCH)}


@pytest.mark.needs_program("sha256sum")
def test_the_checksums_are_those_that_sha256sum_checks(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    out.mkdir()
    archive.make(tree, out, "1.2.3", EPOCH)
    archive.write_checksums(out)
    command = ["sha256sum", "--check", "--strict", archive.CHECKSUMS]
    assert subprocess.run(command, cwd=out, capture_output=True, check=False).returncode == 0


def test_the_report_counts_every_file_once_and_begins_with_the_largest(tree: Path, tmp_path: Path) -> None:
    files = report.sizes(tree)
    assert list(files.items()) == [("bridgecall", 300), ("_internal/av/a.so", 200), ("_internal/b", 100)]
    assert report.parts(files) == {"bridgecall": 300, "av": 200, "b": 100}
    short = report.write(tree, None, tmp_path / "contents.txt")
    assert short.splitlines()[0] == "3 files"


def test_two_trees_are_compared_by_names_and_bytes(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy, symlinks=True)
    assert compare.differences(tree, copy) == ([], [])
    (copy / "_internal" / "b").write_bytes(b"b" * 50 + b"c" * 50)
    assert compare.differences(tree, copy) == ([], ["_internal/b: from byte 50 on, sizes 100 and 100"])
    (copy / "_internal" / "b").unlink()
    entries, others = compare.differences(tree, copy)
    assert (len(entries), others) == (1, [])


@pytest.mark.parametrize("system", ["linux", "windows", "macos"])
def test_every_line_of_a_lock_has_hashes_and_no_index(system: str) -> None:
    lock = environment.LOCKS / f"{system}.txt"
    packages = distributions.locked(lock)
    assert all(packages.values())
    names = {entry.partition("==")[0] for entry in packages}
    wished = {
        distributions.normalized(wish.split(">")[0].split("=")[0])
        for wish in version.project()["dependencies"]
    }
    assert wished - {"opencv-python"} <= names
    assert {"opencv-python-headless", "pyinstaller"} <= names
    text = lock.read_text(encoding="utf-8")
    assert not any(word in text for word in ("--index", "--find-links", "http:", "https:", "+cpu", "file:"))


def test_the_stamp_says_no_after_a_change_and_is_quick(tmp_path: Path) -> None:
    (tmp_path / "packaging" / "bundle").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\ndependencies = ["a"]\n')
    part = tmp_path / "packaging" / "bundle" / "part.py"
    part.write_text("1\n")
    stamp = tmp_path / "proved.json"
    assert not proved.is_current(stamp, tmp_path)
    proved.write(proved.digest(tmp_path), stamp)
    assert proved.is_current(stamp, tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "2"\ndependencies = ["a"]\n')
    part.write_bytes(b"1\r\n")  # a checkout on Windows
    assert proved.is_current(stamp, tmp_path)
    part.write_text("2\n")
    assert not proved.is_current(stamp, tmp_path)
    stamp.write_text("[")
    assert not proved.is_current(stamp, tmp_path)


def test_the_stamp_covers_what_freezes_and_what_tests() -> None:
    covered = {path.relative_to(ROOT).as_posix() for path in proved.files(ROOT)}
    assert {"packaging/build.py", "packaging/bundle/bridgecall.spec", "packaging/locks/linux.txt"} <= covered
    assert "packaging/proved.json" not in covered


def test_stand_ins_are_written_down(tree: Path) -> None:
    made = {tree / "_internal" / "b": "why not"}
    stand_ins.record(tree, made)
    assert stand_ins.recorded(tree) == set(made)


@pytest.mark.parametrize(
    ("name", "project"),
    [
        ("libavcodec-5e6b81c2.so.62.28.102", "FFmpeg"),
        ("avcodec-62.dll", "FFmpeg"),
        ("libQt6Core.so.6", "Qt"),
        ("Qt6Core.dll", "Qt"),
        ("libscipy_openblas64_-32a4b2a6.so", "OpenBLAS"),
        ("libx264-d6533a8d.so.165", "x264"),
        ("libpyside6.abi3.so.6.11", "Qt for Python"),
        ("libpython3.11.so.1.0", "Python"),
        ("libxcb-cursor.so.0", "X.Org client libraries"),
        ("liblivekit_ffi.so", "LiveKit and WebRTC"),
        ("libicudata.so.73", "ICU"),
    ],
)
def test_native_libraries_are_known_by_their_names(name: str, project: str) -> None:
    found = native.known(Path(name))
    assert found is not None
    assert found.name == project


def test_a_wrong_target_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BuildError, match="rpm"):
        targets.chosen("portable,rpm")
    assert build.main(["--only", "rpm"]) == 1
    assert "There is nothing called rpm" in capsys.readouterr().err


def test_a_date_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(BuildError, match="SOURCE_DATE_EPOCH"):
        version.epoch()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH))
    assert version.epoch() == EPOCH
