"""The board as a file."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from PySide6.QtGui import QColor, QImage

from desktop_app.data.board.errors import BoardError
from desktop_app.ui.board.export import MARGIN, MAX_PNG_PX, save, to_png, to_svg

from .desk import pen

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from desktop_app.data.messages.board import Shape

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>&amp; \x00\x1b \ud800\ufffe ]]> \"quoted\" 'too'\nline two"


def shapes() -> list[Shape]:
    base = pen(0, 0, 100, 0, width=10)
    return [
        base,
        replace(base, tool="rectangle", points=(300.0, 200.0, 200.0, 100.0), color="#2563eb"),
        replace(base, tool="ellipse", points=(0.0, 100.0, 100.0, 200.0), color="#14924c"),
        replace(base, tool="line", points=(0.0, 50.0, 300.0, 50.0), color="#1b212b"),
        replace(base, tool="text", points=(150.0, 150.0), text=HOSTILE, width=2.0),
    ]


def test_a_picture_has_what_is_on_the_board(qapp: QApplication) -> None:
    image = QImage.fromData(to_png(shapes()[:4]))
    # Twice the size; the first stroke's upper edge and the margin come before the board's origin.
    origin = round(2 * (MARGIN + 6))

    def at(x: int, y: int) -> QColor:
        return image.pixelColor(origin + 2 * x, origin + 2 * y)

    assert at(50, 0) == QColor("#d62c2c")
    assert at(200, 150) == QColor("#2563eb")
    assert at(0, 150) == QColor("#14924c")
    assert at(250, 50) == QColor("#1b212b")
    assert at(150, 100) == QColor("#ffffff")


def test_a_drawing_is_well_formed_whatever_the_texts_are(qapp: QApplication) -> None:
    root = ET.fromstring(to_svg(shapes()).encode("utf-8"))
    tags = [each.tag.removeprefix(SVG) for each in root.iter()]
    assert tags == ["svg", "rect", "g", "path", "rect", "ellipse", "path", "text", "tspan", "tspan"]
    words = [each.text or "" for each in root.iter(f"{SVG}tspan")]
    assert words[0].startswith("</text><script>alert(1)</script>&amp;")
    assert words[1] == "line two"
    rectangle = root.find(f".//{SVG}g/{SVG}rect")
    assert rectangle is not None
    assert [rectangle.get(name) for name in ("x", "y", "width", "height")] == ["200", "100", "100", "100"]
    [stroke, _line] = root.iter(f"{SVG}path")
    assert stroke.get("d") == "M0 0L100 0"


def test_a_stroke_has_the_same_curves_in_the_drawing(qapp: QApplication) -> None:
    root = ET.fromstring(to_svg([pen(0, 0, 10, 10, 20, 0, 30, 10), pen(5, 5)]))
    first, dot = (each.get("d") for each in root.iter(f"{SVG}path"))
    assert first == "M0 0Q10 10 15 5Q20 0 30 10"
    assert dot == "M5 5L5 5"


def test_a_picture_of_an_endless_board_is_bounded(qapp: QApplication) -> None:
    image = QImage.fromData(to_png([pen(-1e6, 0, 1e6, 100)]))
    assert (image.width(), image.height()) == (MAX_PNG_PX, 1)


@pytest.mark.parametrize("name", ["board.png", "board.SVG"])
def test_a_file_is_whole_or_as_it_was(qapp: QApplication, tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    target.write_text("before")
    save(shapes(), str(target))
    data = target.read_bytes()
    assert data.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")
    assert [each.name for each in tmp_path.iterdir()] == [name]
    folder = tmp_path / "folder.png"
    folder.mkdir()
    with pytest.raises(BoardError, match=r"could not be saved as folder\.png"):
        save(shapes(), str(folder))
    with pytest.raises(BoardError, match="could not be saved"):
        save(shapes(), str(tmp_path / "nowhere" / name))
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([name, "folder.png"])
