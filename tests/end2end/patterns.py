"""Finds our test pattern on a screenshot and reads its frame counter: proof by pixels that a picture moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from desktop_app.media.opencv import cv2
from desktop_app.media.pattern import CODE_TOP, read_counter

Image = npt.NDArray[np.uint8]

BARS = 7
YELLOW_BAR, BLUE_BAR = 1, 6
YELLOW, BLUE = (191, 191, 0), (0, 0, 191)
TOLERANCE = 45
MIN_BAR_PX = 12


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern on the screen: its place in pixels, whether it stands mirrored, and its frame number."""

    x: int
    y: int
    width: int
    height: int
    mirrored: bool
    counter: int | None


def _boxes(image: Image, colour: tuple[int, int, int]) -> list[tuple[int, int, int, int]]:
    near = np.all(np.abs(image.astype(np.int16) - np.array(colour)) < TOLERANCE, axis=2).astype(np.uint8)
    # Labels and icons may lie on a bar and cut it: close small gaps.
    near = cv2.morphologyEx(near, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, _labels, stats, _centres = cv2.connectedComponentsWithStats(near)
    return [
        (int(x), int(y), int(w), int(h))
        for x, y, w, h, _area in stats[1:count]
        if w >= MIN_BAR_PX and h >= MIN_BAR_PX
    ]


def find_patterns(image: Image) -> list[Pattern]:
    """All whole patterns on `image` (RGB), the largest first.

    The yellow and the blue bar of one picture have the same top, height and width; from their places follows
    that of the picture.
    """
    found = []
    for yellow in _boxes(image, YELLOW):
        for blue in _boxes(image, BLUE):
            pattern = _pattern(image, yellow, blue)
            if pattern is not None:
                found.append(pattern)
    return sorted(found, key=lambda each: -each.width)


def _pattern(
    image: Image, yellow: tuple[int, int, int, int], blue: tuple[int, int, int, int]
) -> Pattern | None:
    bar = yellow[2]
    distance = blue[0] - yellow[0]
    if abs(blue[2] - bar) > 0.2 * bar + 2 or abs(abs(distance) - (BLUE_BAR - YELLOW_BAR) * bar) > 0.5 * bar:
        return None
    if min(yellow[1] + yellow[3], blue[1] + blue[3]) <= max(yellow[1], blue[1]):
        return None
    bar_px = abs(distance) / (BLUE_BAR - YELLOW_BAR)
    width = round(BARS * bar_px)
    mirrored = distance < 0
    x = round(blue[0] if mirrored else yellow[0] - bar_px)
    bottom = max(yellow[1] + yellow[3], blue[1] + blue[3])
    top = min(yellow[1], blue[1])
    height = round((bottom - top) / CODE_TOP)
    x, top = max(0, x), max(0, top)
    crop = image[top : top + height, x : x + width]
    if crop.shape[0] < 24 or crop.shape[1] < 88:
        return None
    counter = read_counter(np.ascontiguousarray(crop[:, ::-1] if mirrored else crop))
    return Pattern(x, top, width, height, mirrored, counter)


def remote_counter(image: Image) -> int | None:
    """The frame number of the largest pattern that is not mirrored: the other's picture in a call of two."""
    for pattern in find_patterns(image):
        if not pattern.mirrored and pattern.counter is not None:
            return pattern.counter
    return None
