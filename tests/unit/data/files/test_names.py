"""Names of files that others send."""

from __future__ import annotations

import os
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.data.files.names import MAX_NAME_BYTES, clean_name, numbered

HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("./\\: \0\n\u202e\u200b\ud800\u2028CONauxé")), max_size=300
)


@pytest.mark.parametrize(
    ("offered", "clean"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\report.pdf", "report.pdf"),
        ("C:report.pdf", "C_report.pdf"),
        ("report.pdf:stream", "report.pdf_stream"),
        ("/", "file"),
        ("..", "file"),
        ("folder/", "folder"),
        ("a/..", "a"),
        ("", "file"),
        ("  .hidden. ", "hidden"),
        ("CON", "_CON"),
        ("aux.txt", "_aux.txt"),
        ("nul .tar.gz", "_nul .tar.gz"),
        ("COM¹.log", "_COM¹.log"),
        ("console.log", "console.log"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("in\x00vis\x1bible\u200b.txt", "invisible.txt"),
        ("photo.jpg" + " " * 200 + ".exe", "photo.jpg .exe"),
        ("two\nlines.txt", "two lines.txt"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("Grüße 你好 🎉.txt", "Grüße 你好 🎉.txt"),
        ('what?*<>|".txt', "what______.txt"),
    ],
)
def test_known_tricks(offered: str, clean: str) -> None:
    assert clean_name(offered) == clean


def test_a_long_name_keeps_its_ending_and_whole_characters() -> None:
    name = clean_name("ä" * 300 + ".tar")
    assert name.endswith("ä.tar")
    assert MAX_NAME_BYTES - 2 <= len(name.encode()) <= MAX_NAME_BYTES


def test_a_long_ending_is_no_ending() -> None:
    assert len(clean_name("x." + "y" * 300).encode()) == MAX_NAME_BYTES


@given(HOSTILE)
def test_any_name_is_harmless(offered: str) -> None:
    name = clean_name(offered)
    assert name
    assert len(name.encode("utf-8")) <= MAX_NAME_BYTES
    assert PurePosixPath(name).name == name == PureWindowsPath(name).name
    assert not PureWindowsPath(name).drive
    assert not os.path.isabs(name)
    assert name == name.strip(". ")
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp") for one in name)
    assert not set(name) & set('<>:"|?*')


@given(HOSTILE)
def test_a_clean_name_stays_as_it_is(offered: str) -> None:
    assert clean_name(clean_name(offered)) == clean_name(offered)


@given(HOSTILE, st.integers(2, 9999))
def test_a_number_makes_another_clean_name(offered: str, number: int) -> None:
    name = clean_name(offered)
    assert numbered(name, 1) == name
    other = numbered(name, number)
    assert other != name
    assert len(other.encode()) <= 255 - len(".0123456789abcdef.part.json.tmp")


def test_numbers_stand_before_the_ending() -> None:
    assert numbered("report.pdf", 2) == "report (2).pdf"
    assert numbered("README", 3) == "README (3)"
