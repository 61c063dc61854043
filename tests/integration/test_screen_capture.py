"""Screens and windows of a real X11 display: what they show is what is captured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from desktop_app.media.frame_slot import FrameSlot
from desktop_app.media.screen.open import list_screens, open_screen
from desktop_app.media.source_status import SourceState
from tests.end2end.xvfb import Xvfb
from tests.waiting import StatusLog, eventually
from tests.x11_window import PlainWindow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from desktop_app.media.screen.capture import ScreenCapture

RED, GREEN, BLUE = (200, 20, 20), (20, 180, 20), (20, 20, 200)
pytestmark = pytest.mark.needs_program("Xvfb")


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Xvfb]:
    with Xvfb(tmp_path / "screen", 1600, 900) as xvfb:
        monkeypatch.setenv("DISPLAY", xvfb.display)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield xvfb


class Captured:
    """What a capture shows, until the end of the block."""

    def __init__(self, spec: str) -> None:
        self.slot = FrameSlot()
        self.log = StatusLog()
        self._capture: ScreenCapture = open_screen(spec, slot=self.slot, on_status=self.log)

    def __enter__(self) -> Captured:
        self._capture.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._capture.stop()

    @property
    def size(self) -> tuple[int, int]:
        newest = self.slot.newest()
        return (0, 0) if newest is None else (newest.frame.width, newest.frame.height)

    def shows(self, rgb: tuple[int, int, int], x_share: float = 0.5, y_share: float = 0.5) -> bool:
        newest = self.slot.newest()
        if newest is None:
            return False
        image = newest.frame.to_ndarray(format="rgb24")
        pixel = image[int(y_share * image.shape[0]), int(x_share * image.shape[1])].astype(int)
        return bool((np.abs(pixel - rgb) < 12).all())


def test_the_list_has_the_screen_and_the_windows_with_pictures(screen: Xvfb) -> None:
    with (
        PlainWindow(screen.display, "Budget", (100, 100, 401, 300), RED) as window,
        PlainWindow(screen.display, "", (900, 100, 400, 300), BLUE),
        PlainWindow(screen.display, "tiny", (5, 5, 10, 10), BLUE),
    ):
        whole, budget = list_screens()
    assert (whole.id, whole.width_px, whole.height_px, whole.kind) == ("screen:1", 1600, 900, "screen")
    assert (budget.title, budget.width_px, budget.height_px) == ("Budget", 401, 300)
    assert budget.id == f"window:{window.id or int(budget.id.partition(':')[2])}"
    for source in (whole, budget):
        assert source.preview is not None
        assert len(source.preview.rgb) == 3 * source.preview.width_px * source.preview.height_px
    assert budget.preview is not None
    assert tuple(budget.preview.rgb[:3]) == RED


def test_a_screen_shows_what_lies_where(screen: Xvfb) -> None:
    with (
        PlainWindow(screen.display, "left", (0, 0, 800, 900), RED) as left,
        PlainWindow(screen.display, "right", (800, 0, 800, 900), BLUE),
        Captured("screen:1") as captured,
    ):
        eventually(lambda: captured.shows(RED, 0.25, 0.1) and captured.shows(BLUE, 0.75, 0.1))
        assert captured.size == (1280, 720), "scaled down, the ratio kept"
        left.paint(GREEN)
        eventually(lambda: captured.shows(GREEN, 0.25, 0.1) and captured.shows(BLUE, 0.75, 0.1))


def test_a_window_alone_is_shown_also_where_another_one_lies_over_it(screen: Xvfb) -> None:
    with (
        PlainWindow(screen.display, "mine", (100, 100, 501, 301), RED) as mine,
        Captured(f"window:{mine.id}") as captured,
    ):
        eventually(lambda: captured.shows(RED))
        assert captured.size == (500, 300)
        with PlainWindow(screen.display, "over", (50, 50, 700, 500), BLUE):
            mine.paint(GREEN)  # and not blue
            eventually(lambda: captured.shows(GREEN, 0.9, 0.9))
        mine.resize(640, 200)
        eventually(lambda: captured.size == (640, 200))
        mine.minimise(True)
        mine.minimise(False)
        mine.paint(RED)
        eventually(lambda: captured.shows(RED, 0.9, 0.9))
        mine.destroy()
        status = captured.log.wait_for(SourceState.FAILED)
        assert status.message == "The window that you showed was closed."


def test_what_is_not_there_is_one_sentence(screen: Xvfb) -> None:
    for spec, sentence in (
        ("screen:7", "That screen is no longer there."),
        ("window:77", "The window that you showed was closed."),
        ("nonsense", "There is no such screen or window."),
        ("window:99999999999999999999", "There is no such screen or window."),
    ):
        with Captured(spec) as captured:
            assert captured.log.wait_for(SourceState.FAILED).message == sentence
            assert captured.slot.newest() is None


def test_a_display_that_goes_away_ends_the_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Xvfb(tmp_path / "screen", 640, 480) as xvfb:
        monkeypatch.setenv("DISPLAY", xvfb.display)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        with Captured("screen:1") as captured:
            captured.log.wait_for(SourceState.LIVE)
            xvfb.stop()
            assert captured.log.wait_for(SourceState.FAILED).message
