"""Shared libraries that are written without a compiler, and what is read of those that others wrote."""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bundle import elf, elf_writer, icu_data

if TYPE_CHECKING:
    from pathlib import Path

on_this_machine = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="ld.so of this machine loads them"
)


def written(folder: Path, functions: dict[str, bytes], tables: dict[str, bytes]) -> Path:
    path = folder / "libwritten.so.7"
    path.write_bytes(elf_writer.library(elf_writer.X86_64, path.name, functions, tables))
    return path


@on_this_machine
def test_the_loader_takes_it_and_its_functions_answer(tmp_path: Path) -> None:
    names = [f"call_{number}" for number in range(40)]
    code = {name: elf_writer.returning(elf_writer.X86_64, -(number % 2)) for number, name in enumerate(names)}
    library = ctypes.CDLL(str(written(tmp_path, code, {"numbers": struct.pack("<3i", 7, 8, 9)})))
    assert [library[name]() for name in names] == [0, -1] * 20
    assert list((ctypes.c_int * 3).in_dll(library, "numbers")) == [7, 8, 9]


@on_this_machine
def test_a_function_that_must_not_be_called_is_not_there_by_accident(tmp_path: Path) -> None:
    library = ctypes.CDLL(str(written(tmp_path, {"one": elf_writer.returning(elf_writer.X86_64, 0)}, {})))
    assert not hasattr(library, "other")


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": elf_writer.stopping(elf_writer.X86_64)}, {"b": b"data"})
    found = elf.read(path)
    assert (found.soname, found.needed, found.offered, found.objects) == (
        path.name,
        (),
        frozenset("ab"),
        frozenset("b"),
    )
    assert elf.is_loadable(path)
    assert not found.has_symbols


def test_a_segment_that_lies_askew_is_seen(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": elf_writer.stopping(elf_writer.AARCH64)}, {})
    image = bytearray(path.read_bytes())
    (table,) = struct.unpack_from("<Q", image, 32)
    struct.pack_into("<Q", image, table + 56 + 16, 0x10010)  # p_vaddr of the second segment
    path.write_bytes(image)
    assert not elf.is_loadable(path)


def common_data(entries: dict[str, bytes]) -> bytes:
    """An ICU common data file, as ucmndata.h describes it."""
    header = struct.pack("<HBBHHBBBB4s12x", 32, 0xDA, 0x27, 20, 0, 0, 0, 2, 0, b"CmnD") + bytes(4)
    base = 4 + 8 * len(entries)
    names, places = b"", []
    for name in sorted(entries):
        places.append(base + len(names))
        names += name.encode() + b"\0"
    body = bytearray(struct.pack("<I", len(entries)) + bytes(8 * len(entries)) + names)
    for number, name in enumerate(sorted(entries)):
        body += bytes(-len(body) % 16)
        struct.pack_into("<II", body, 4 + 8 * number, places[number], len(body))
        body += entries[name]
    return header[:32] + bytes(body)


USED = st.sampled_from(["coll/de.res", "root.res", "cnvalias.icu", "nfc.nrm", "ucase.icu"])
UNUSED = st.sampled_from(["zone/de.res", "unit/fr.res", "ibm-37.cnv", "curr/en.res", "brkitr/cjdict.dict"])
CONTENT = st.binary(min_size=16, max_size=64).map(lambda content: content[: len(content) // 16 * 16])


@settings(max_examples=30)
@given(st.dictionaries(USED, CONTENT, min_size=1), st.dictionaries(UNUSED, CONTENT))
def test_icu_keeps_the_content_of_what_qt_asks_for(used: dict[str, bytes], unused: dict[str, bytes]) -> None:
    keep = {f"icudt73l/{name}": content for name, content in used.items()}
    drop = {f"icudt73l/{name}": content for name, content in unused.items()}
    assert icu_data.trimmed(common_data(keep | drop)) == common_data(keep)


def test_other_data_is_refused() -> None:
    with pytest.raises(ValueError, match="ICU"):
        icu_data.trimmed(bytes(200))
    with pytest.raises(ValueError, match="ICU"):
        icu_data.find(bytes(200))
