"""Video files as cameras: played in a loop, at their speed, whatever is wrong with them."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from desktop_app.media import video_file
from desktop_app.media.errors import DeviceError
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.media.media_file import open_media_file
from desktop_app.media.opencv import cv2
from desktop_app.media.pattern import read_counter
from desktop_app.media.picture import planes_of
from desktop_app.media.source_status import SourceState
from desktop_app.media.video_file import VideoFileReader
from desktop_app.media.video_source import VideoFormat
from desktop_app.media.video_sources import open_video_source
from tests.waiting import StatusLog, eventually

from .media_files import sine, write_audio, write_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = VideoFormat(320, 240, 60)


def played(path: Path, count: int, video_format: VideoFormat = FORMAT) -> tuple[list[int], list[float]]:
    """The counters of the next `count` pictures of a reader, and their times since the first."""
    reader = VideoFileReader(path, video_format, threading.Event())
    try:
        read = [timed for timed in (reader.read(1.0) for _ in range(count)) if timed is not None]
    finally:
        reader.close()
    numbers, times_s = [], []
    for timed in read:
        number = read_counter(planes_of(timed.picture).y)
        if number is not None:
            numbers.append(number)
            times_s.append(timed.captured_at_s - read[0].captured_at_s)
    return numbers, times_s


def numbers_of(path: Path, count: int, video_format: VideoFormat = FORMAT) -> list[int]:
    """The counters alone."""
    return played(path, count, video_format)[0]


def plays_at(rate: float, numbers: list[int], times_s: list[float]) -> bool:
    """Whether each picture was shown at its time, give or take one; a machine that stalls shows no other picture."""
    return bool(np.abs(np.array(numbers) - rate * np.array(times_s)).max() <= 1.5)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.webm", "libvpx"), ("a.avi", "mpeg4"), ("a.mkv", "mjpeg")]
)
def test_common_files_play_in_order(tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    if codec == "mjpeg":
        write_video(path, rate=30, frames=45, codec="mpeg4")
    else:
        write_video(path, rate=30, frames=45, codec=codec)
    numbers, times_s = played(path, 60)
    assert len(numbers) > 50
    assert (np.diff(numbers) >= 0).all()
    # 60 pictures a second are asked for, the film has 30: each is shown twice.
    assert plays_at(30, numbers, times_s)


def test_a_film_loops(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", rate=30, frames=36)
    numbers = numbers_of(path, 100)
    restarts = np.flatnonzero(np.diff(numbers) < 0)
    assert len(restarts) >= 1
    assert numbers[restarts[0]] > 30
    assert numbers[restarts[0] + 1] < 5


def test_a_faster_film_loses_pictures_and_keeps_its_speed(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", rate=60, frames=90)
    numbers, times_s = played(path, 20, VideoFormat(320, 240, 20))
    assert np.diff(numbers).min() >= 2
    assert plays_at(60, numbers, times_s)


def test_another_size_is_scaled_and_letterboxed(tmp_path: Path) -> None:
    path = write_video(tmp_path / "wide.mp4", width=640, height=360)
    reader = VideoFileReader(path, VideoFormat(320, 240, 30), threading.Event())
    timed = reader.read(1.0)
    reader.close()
    assert timed is not None
    luma = planes_of(timed.picture).y
    assert luma.shape == (240, 320)
    assert (luma[:28] == 16).all()
    assert read_counter(np.ascontiguousarray(luma[30:210])) == 0


def test_a_photograph_is_a_picture_that_stands_still(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    assert cv2.imwrite(str(path), np.full((240, 320, 3), 200, dtype=np.uint8))
    opened: list[Path] = []
    reader = VideoFileReader(path, FORMAT, threading.Event())

    def counting(each: Path) -> object:
        opened.append(each)
        return open_media_file(each)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video_file, "open_media_file", counting)
        pictures = [reader.read(1.0) for _ in range(70)]
    reader.close()
    assert all(timed is not None and planes_of(timed.picture).y[120, 160] > 180 for timed in pictures)
    assert len(opened) <= 3


@pytest.fixture
def bad_files(tmp_path: Path) -> dict[str, Path]:
    """Files that are no films, by what is wrong with them."""
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("not a film\n" * 1000)
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(200_000))
    (tmp_path / "folder.mp4").mkdir()
    film = write_video(tmp_path / "film.mp4").read_bytes()
    (tmp_path / "head.mp4").write_bytes(film[: len(film) // 2])
    write_audio(tmp_path / "sound.wav", sine(440, 1.0))
    return {path.stem: path for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("stem", "sentence"),
    [
        ("empty", 'The file "empty.mp4" is empty.'),
        ("text", 'The file "text.mp4" is not a media file that can be played.'),
        ("noise", 'The file "noise.mp4" is not a media file that can be played.'),
        ("head", 'The file "head.mp4" is not a media file that can be played.'),
        ("folder", '"folder.mp4" is not a file.'),
        ("sound", 'The file "sound.wav" holds no video.'),
    ],
)
def test_a_bad_file_is_named_with_its_problem(bad_files: dict[str, Path], stem: str, sentence: str) -> None:
    slot, status = FrameSlot(), StatusLog()
    source = open_video_source(str(bad_files[stem]), FORMAT, slot=slot, on_status=status)
    source.start()
    assert status.wait_for(SourceState.FAILED).message == sentence
    eventually(slot.newest, "the placeholder")
    source.stop()


def test_a_film_with_damage_in_the_middle_plays_on(tmp_path: Path) -> None:
    data = bytearray(write_video(tmp_path / "film.avi", codec="mpeg4", frames=40).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    (tmp_path / "film.avi").write_bytes(data)
    numbers = numbers_of(tmp_path / "film.avi", 85)
    assert max(numbers) > 30
    assert len(numbers) > 30


def test_a_file_that_is_cut_while_it_plays_goes_on(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.avi", codec="mpeg4", frames=40)
    reader = VideoFileReader(path, FORMAT, threading.Event())
    assert reader.read(1.0) is not None
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    assert all(reader.read(1.0) is not None for _ in range(85))
    reader.close()


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(DeviceError, match="is not a file"):
        VideoFileReader(tmp_path / "pipe.mp4", FORMAT, threading.Event()).read(1.0)


def test_a_play_list_cannot_reach_the_network(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(DeviceError, match=r"list\.m3u8"):
        VideoFileReader(path, FORMAT, threading.Event()).read(1.0)


def test_a_file_that_vanishes_and_comes_back(tmp_path: Path) -> None:
    original = write_video(tmp_path / "original.mp4", frames=33)
    path = tmp_path / "film.mp4"
    shutil.copy(original, path)
    slot, status = FrameSlot(), StatusLog()
    source = open_video_source(str(path), FORMAT, slot=slot, on_status=status)
    source.start()
    status.wait_for(SourceState.LIVE)
    path.unlink()
    failed = status.wait_for(SourceState.FAILED)
    assert failed.message == 'The file "film.mp4" does not exist.'
    shutil.copy(original, path)
    status.wait_for(SourceState.LIVE, after=status.all.index(failed))
    eventually(lambda: source.delivered_fps > 30, "the film's rate")
    source.stop()
    assert status.states == ["opening", "live", "failed", "live", "off"]


def test_strange_timestamps_do_not_freeze_or_rush_the_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "film.mp4", rate=30, frames=45)
    original = VideoFileReader._decoded

    def strange(self: VideoFileReader, *arguments: object) -> Iterator[object]:
        for number, frame in enumerate(original(self, *arguments)):  # type: ignore[arg-type]
            if number == 5:
                frame.pts = 10**12  # a jump of years
            elif number == 10:
                frame.pts = -(10**12)  # and back, and further
            elif number == 15:
                frame.pts = None
            yield frame

    monkeypatch.setattr(VideoFileReader, "_decoded", strange)
    numbers, times_s = played(path, 60)
    assert len(numbers) > 50
    assert plays_at(30, numbers, times_s)
