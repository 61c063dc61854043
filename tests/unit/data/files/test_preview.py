"""Small pictures of pictures, and pictures that lie about their size."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.data.files.limits import MAX_PREVIEW_BYTES
from desktop_app.data.files.preview import MAX_PREVIEW_PX, checked_preview, make_preview, picture_size
from desktop_app.data.files.source import look_at
from desktop_app.media.opencv import cv2

if TYPE_CHECKING:
    from pathlib import Path


def picture(width: int, height: int, ending: str, *, noise: bool = True) -> bytes:
    shape = (height, width, 3)
    pixels = (
        np.random.default_rng(1).integers(0, 255, shape, np.uint8) if noise else np.zeros(shape, np.uint8)
    )
    done, data = cv2.imencode(ending, pixels)
    assert done
    return data.tobytes()


def png_that_says(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack("!I", 13) + header + struct.pack("!I", zlib.crc32(header))


@pytest.mark.parametrize("ending", [".png", ".jpg"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (64, 48), (1000, 700), (300, 2900)])
def test_a_picture_becomes_a_small_one_of_the_same_shape(
    tmp_path: Path, ending: str, width: int, height: int
) -> None:
    path = tmp_path / f"photo{ending}"
    path.write_bytes(picture(width, height, ending))
    assert picture_size(path.read_bytes()) == (width, height)
    preview = make_preview(look_at(str(path)))
    assert preview is not None
    assert len(preview) <= MAX_PREVIEW_BYTES
    size = picture_size(preview)
    assert size is not None
    assert max(size) == min(MAX_PREVIEW_PX, max(width, height))
    assert size[0] / size[1] == pytest.approx(width / height, rel=0.1)
    assert checked_preview(base64.b64encode(preview).decode()) == preview


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.png", b""),
        ("text.png", b"hello"),
        ("bomb.png", png_that_says(65_000, 65_000)),
        ("cut.png", png_that_says(100, 100)),
        ("cut.jpg", b"\xff\xd8\xff"),
        ("notes.txt", picture(10, 10, ".png")),
    ],
)
def test_what_is_no_picture_or_a_bomb_has_no_preview(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert make_preview(look_at(str(tmp_path / name))) is None


def test_a_picture_that_ends_early_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "half.jpg"
    path.write_bytes(picture(400, 300, ".jpg")[:9000])
    preview = make_preview(look_at(str(path)))
    assert preview is None or picture_size(preview) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64!",
        "ä",
        base64.b64encode(b"hello").decode(),
        base64.b64encode(png_that_says(20_000, 20_000)).decode(),
        base64.b64encode(png_that_says(0, 5)).decode(),
        base64.b64encode(picture(8, 8, ".png") + bytes(MAX_PREVIEW_BYTES)).decode(),
    ],
)
def test_what_others_offer_as_a_preview_is_looked_at(text: str) -> None:
    assert checked_preview(text) is None


def test_no_preview_is_none() -> None:
    assert checked_preview(None) is None


@given(st.binary(max_size=64))
def test_any_header_is_read_without_harm(rest: bytes) -> None:
    for start in (b"\xff\xd8\xff\xe0", b"\xff\xd8", b"\x89PNG\r\n\x1a\n"):
        size = picture_size(start + rest)
        assert size is None or min(size) > 0
