"""Run paths of the machine that built a library."""

from __future__ import annotations

import _ctypes
import ctypes
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from linux import runpath

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="ELF files are Linux's"),
    pytest.mark.needs_program("patchelf"),
]


@pytest.mark.parametrize(
    ("path", "stays"), [("/opt/python/lib", False), ("$ORIGIN/../lib", True), ("$ORIGIN:/x", False)]
)
def test_only_paths_beside_the_library_stay(tmp_path: Path, path: str, stays: bool) -> None:
    library = tmp_path / "library.so"
    shutil.copy(_ctypes.__file__, library)
    subprocess.run(["patchelf", "--set-rpath", path, str(library)], check=True)
    size = library.stat().st_size
    assert runpath.remove_absolute(library) is not stays
    told = subprocess.run(
        ["patchelf", "--print-rpath", str(library)], check=True, capture_output=True, text=True
    )
    assert told.stdout.strip() == (path if stays else "")
    assert library.stat().st_size == size
    ctypes.CDLL(str(library))


def test_what_is_no_elf_file_stays_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "x.so"
    other.write_text("/opt/python/lib")
    assert not runpath.remove_absolute(other)
    assert other.read_text() == "/opt/python/lib"
