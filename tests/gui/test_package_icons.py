"""The icons of the packages: every size, read back by Qt, and the same bytes each time."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage

from linux import icons

WHITE, BLUE = QColor("#ffffff"), QColor("#3469e2")


def is_like(first: QColor, second: QColor) -> bool:
    return all(
        abs(a - b) < 24
        for a, b in (
            (first.red(), second.red()),
            (first.green(), second.green()),
            (first.blue(), second.blue()),
        )
    )


def assert_is_the_icon(image: QImage, size_px: int) -> None:
    """A rounded blue square with a white person in its left half."""
    assert (image.width(), image.height()) == (size_px, size_px)
    assert image.pixelColor(0, 0).alpha() == 0
    assert is_like(image.pixelColor(round(size_px * 19 / 64), round(size_px * 19 / 64)), WHITE)
    assert is_like(image.pixelColor(size_px // 2, size_px // 4), BLUE)


@pytest.mark.parametrize("size_px", [32, 48, 256])
def test_a_png_shows_the_drawing(size_px: int) -> None:
    assert_is_the_icon(QImage.fromData(icons.render_png(size_px)), size_px)


def test_the_ico_has_each_size_and_qt_reads_them(tmp_path: Path) -> None:
    icons.ico(tmp_path / "a.ico")
    data = (tmp_path / "a.ico").read_bytes()
    reserved, kind, count = struct.unpack_from("<HHH", data)
    assert (reserved, kind, count) == (0, 1, len(icons.ICO_SIZES_PX))
    end = 6 + 16 * count
    for index, size in enumerate(icons.ICO_SIZES_PX):
        width, _, _, _, planes, bits, length, offset = struct.unpack_from("<BBBBHHII", data, 6 + 16 * index)
        assert (width or 256, planes, bits, offset) == (size, 1, 32, end)
        # An icon of this image alone: Qt takes the largest of several.
        alone = struct.pack("<HHH", 0, 1, 1) + data[6 + 16 * index : 18 + 16 * index] + struct.pack("<I", 22)
        image = QImage.fromData(alone + data[offset : offset + length])
        assert image.width() == size
        if size >= 32:
            assert_is_the_icon(image, size)
        end = offset + length
    assert end == len(data)


def test_the_icns_has_each_size(tmp_path: Path) -> None:
    icons.icns(tmp_path / "a.icns")
    data = (tmp_path / "a.icns").read_bytes()
    assert data[:4] == b"icns"
    assert struct.unpack_from(">I", data, 4) == (len(data),)
    offset, found = 8, {}
    while offset < len(data):
        kind, length = data[offset : offset + 4], struct.unpack_from(">I", data, offset + 4)[0]
        found[kind] = QImage.fromData(data[offset + 8 : offset + length]).width()
        offset += length
    assert found == icons.ICNS_TYPES


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    """As the build does; it has no display and no application object."""
    subprocess.run([sys.executable, icons.__file__, str(tmp_path)], check=True, timeout=60)
    icons.ico(tmp_path / "here.ico")
    icons.icns(tmp_path / "here.icns")
    assert (tmp_path / "here.ico").read_bytes() == (tmp_path / "bridgecall.ico").read_bytes()
    assert (tmp_path / "here.icns").read_bytes() == (tmp_path / "bridgecall.icns").read_bytes()
    written = {
        path.relative_to(tmp_path / "hicolor")
        for path in (tmp_path / "hicolor").rglob("*.*")
        if path.is_file()
    }
    sizes = {Path(f"{size}x{size}/apps/{icons.APP_ID}.png") for size in icons.HICOLOR_SIZES_PX}
    assert written == sizes | {Path(f"scalable/apps/{icons.APP_ID}.svg")}
    for size in icons.HICOLOR_SIZES_PX:
        png = tmp_path / "hicolor" / f"{size}x{size}" / "apps" / f"{icons.APP_ID}.png"
        assert png.read_bytes() == icons.render_png(size)
