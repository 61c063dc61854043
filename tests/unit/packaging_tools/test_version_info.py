"""packaging/windows/version_info.py: the text is an expression that PyInstaller can read, with the right numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows import version_info


def structure(text: str) -> dict[str, Any]:
    """What PyInstaller's own classes of these names would be given."""
    seen: dict[str, Any] = {"strings": {}}
    names = {
        "VSVersionInfo": lambda ffi, kids: (ffi, kids),
        "FixedFileInfo": lambda **values: seen.update(values),
        "StringFileInfo": lambda tables: tables,
        "StringTable": lambda language, strings: seen.update(language=language),
        "StringStruct": seen["strings"].__setitem__,
        "VarFileInfo": lambda structs: structs,
        "VarStruct": lambda name, values: seen.update({name: values}),
    }
    eval(compile(text, "version", "eval"), {"__builtins__": {}}, names)
    return seen


def test_a_release_has_its_numbers_and_the_programs_name() -> None:
    seen = structure(version_info.text("1.2.3"))
    assert seen["filevers"] == seen["prodvers"] == (1, 2, 3, 0)
    assert seen["strings"]["ProductVersion"] == "1.2.3"
    assert seen["strings"]["ProductName"] == "Bridgecall"
    assert seen["flags"] == 0
    assert [int(seen["language"][:4], 16), int(seen["language"][4:], 16)] == seen["Translation"]


def test_a_prerelease_is_marked_as_one() -> None:
    seen = structure(version_info.text("2.0.0rc1"))
    assert seen["filevers"] == (2, 0, 0, 0)
    assert seen["strings"]["FileVersion"] == "2.0.0rc1"
    assert seen["flags"] == 0x2  # VS_FF_PRERELEASE


@pytest.mark.parametrize("version", ["", "next", "1.2.3.4", "70000.0", "v1"])
def test_what_windows_cannot_show_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match=r"version|Windows"):
        version_info.text(version)


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=3))
def test_numbers_are_those_of_the_version(parts: list[int]) -> None:
    assert version_info.numbers(".".join(map(str, parts))) == tuple([*parts, 0, 0, 0][:4])
