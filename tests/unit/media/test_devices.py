"""Finding cameras in a made-up /sys and /dev, and by probing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from desktop_app.media.devices import Camera, CameraProbe, Device, linux_cameras, list_cameras

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def add_node(root: Path, number: int, name: str | None, *, index: int = 0, file: bool = True) -> None:
    """One V4L2 node; its device file is an ordinary file, which refuses the capability question."""
    entry = root / "sys" / f"video{number}"
    entry.mkdir(parents=True)
    if name is not None:
        (entry / "name").write_text(f"{name}\n")
    (entry / "index").write_text(f"{index}\n")
    (root / "dev").mkdir(exist_ok=True)
    if file:
        (root / "dev" / f"video{number}").touch()


def found(root: Path) -> tuple[Camera, ...]:
    return linux_cameras(root / "sys", root / "dev")


def test_no_cameras_at_all(tmp_path: Path) -> None:
    assert found(tmp_path) == ()


def test_cameras_by_index_with_unique_names(tmp_path: Path) -> None:
    add_node(tmp_path, 10, "HD Webcam")
    add_node(tmp_path, 2, "HD Webcam")
    add_node(tmp_path, 0, "Capture Card")
    assert found(tmp_path) == (Camera(0, "Capture Card"), Camera(2, "HD Webcam"), Camera(10, "HD Webcam (2)"))


def test_second_nodes_of_a_camera_and_nodes_without_device_are_left_out(tmp_path: Path) -> None:
    add_node(tmp_path, 0, "HD Webcam")
    add_node(tmp_path, 1, "HD Webcam", index=1)
    add_node(tmp_path, 2, "Ghost", file=False)
    (tmp_path / "sys" / "v4l-subdev0").mkdir()
    assert found(tmp_path) == (Camera(0, "HD Webcam"),)


def test_a_camera_without_a_name_gets_one(tmp_path: Path) -> None:
    add_node(tmp_path, 3, None)
    add_node(tmp_path, 4, "\ufffd")
    assert found(tmp_path)[0] == Camera(3, "Camera 3")


def test_listing_gives_names_that_open_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.media.devices.find_cameras", lambda: (Camera(2, "HD Webcam"),))
    assert list_cameras() == (Device("HD Webcam", "HD Webcam"),)


def test_probing_stops_at_the_first_gap_and_is_remembered() -> None:
    asked: list[int] = []

    def can_open(index: int) -> bool:
        asked.append(index)
        return index < 2

    probe = CameraProbe(can_open)
    assert probe.cameras() == (Camera(0, "Camera 1"), Camera(1, "Camera 2"))
    assert probe.cameras() == probe.cameras()
    assert asked == [0, 1, 2]


def test_importing_opencv_leaves_no_trace_in_the_environment() -> None:
    code = """
import os
names = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")
os.environ["QT_QPA_FONTDIR"] = "/mine"
os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
before = {name: os.environ.get(name) for name in names}
from desktop_app.media.opencv import cv2
assert {name: os.environ.get(name) for name in names} == before, {name: os.environ.get(name) for name in names}
assert cv2.getNumThreads() == 1
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_media_works_without_qt() -> None:
    code = """
import importlib, pkgutil, sys
sys.modules["PySide6"] = None
import desktop_app.media
for module in pkgutil.iter_modules(desktop_app.media.__path__):
    if module.name not in ("qt_audio_helper", "qt_audio_streams"):
        importlib.import_module(f"desktop_app.media.{module.name}")
assert not [name for name in sys.modules if name.startswith("PySide6.")]
assert "livekit" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
