"""The line on which a shared screen takes the camera's place."""

from __future__ import annotations

import av

from desktop_app.call.topology.one_line import LATE_S, OneLine
from desktop_app.call.topology.picture_switch import PictureSwitch
from desktop_app.media.frame_slot import FrameSlot

CAMERA, SCREEN = (64, 48), (64, 36)


class Desk:
    """Both slots behind a line, and a clock."""

    def __init__(self, *, decode: bool = True) -> None:
        self.now_s = 100.0
        self.camera, self.screen = FrameSlot(), FrameSlot()
        self.counted = 0
        ways = []
        for slot in (self.camera, self.screen):
            switch = PictureSwitch(slot, lambda: self.now_s)
            ways.append(switch.way(decode=decode))
            switch.prefer(ways[-1])
        self.line = OneLine(ways[0], ways[1], self._count, lambda: self.now_s)

    def _count(self) -> None:
        self.counted += 1

    def come(self, size: tuple[int, int], *, keyframe: bool = False) -> None:
        frame = av.VideoFrame(*size, "yuv420p")
        frame.key_frame = keyframe  # type: ignore[misc]  # PyAV has a setter, its stubs do not know it
        self.line.put(frame)
        self.now_s += 0.033

    def seen(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """The sizes of what is in the camera's and in the screen's slot, emptied as a participant's tiles are."""
        sizes = []
        for slot in (self.camera, self.screen):
            newest = slot.newest()
            sizes.append(None if newest is None else (newest.frame.width, newest.frame.height))
            slot.clear()
        return sizes[0], sizes[1]


def test_pictures_go_where_they_were_said_to_be_from() -> None:
    desk = Desk()
    desk.come(CAMERA, keyframe=True)
    assert desk.seen() == (CAMERA, None)
    desk.line.shows_screen = True
    desk.come(SCREEN, keyframe=True)
    desk.come(SCREEN)
    assert desk.seen() == (None, SCREEN)
    assert desk.counted == 2


def test_the_last_pictures_of_the_one_do_not_flash_in_the_others_tile() -> None:
    desk = Desk()
    desk.come(CAMERA, keyframe=True)
    desk.seen()
    desk.now_s += LATE_S
    desk.line.shows_screen = True
    for _ in range(4):
        desk.come(CAMERA)
        assert desk.seen() == (None, None)
    desk.come(SCREEN, keyframe=True)
    assert desk.seen() == (None, SCREEN)
    desk.now_s += 2 * LATE_S
    desk.line.shows_screen = False
    desk.come(SCREEN)
    assert desk.seen() == (None, None)
    desk.come(CAMERA, keyframe=True)
    desk.come(CAMERA)
    assert desk.seen() == (CAMERA, None)


def test_a_word_that_comes_after_the_pictures_holds_nothing_up() -> None:
    desk = Desk()
    desk.come(CAMERA, keyframe=True)
    desk.come(SCREEN, keyframe=True)
    desk.seen()
    desk.line.shows_screen = True
    desk.come(SCREEN)
    assert desk.seen() == (None, SCREEN)


def test_without_a_keyframe_it_is_shown_after_a_second() -> None:
    desk = Desk()
    desk.come(CAMERA, keyframe=True)
    desk.now_s += LATE_S
    desk.line.shows_screen = True
    desk.seen()
    desk.come(SCREEN)
    assert desk.seen() == (None, None)
    desk.now_s += LATE_S
    desk.come(SCREEN)
    assert desk.seen() == (None, SCREEN)


def test_whoever_comes_later_waits_for_nothing() -> None:
    desk = Desk()
    desk.line.shows_screen = True
    desk.come(SCREEN)
    assert desk.seen() == (None, SCREEN), "there was no picture of the camera"
    blank = Desk(decode=False)
    blank.come(CAMERA)
    blank.now_s += LATE_S
    blank.line.shows_screen = True
    blank.come(SCREEN)
    assert blank.counted == 1, "pictures that nobody decodes have no keyframes"
