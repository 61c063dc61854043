"""What the Debian package depends on, from ELF files."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from linux import depends, elf

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="ELF files are Linux's"),
    pytest.mark.needs_program("objdump"),
]


def one(name: str, *needed: str, **versions: str) -> elf.Elf:
    return elf.Elf(
        Path("tree/_internal") / name, frozenset(needed), {k: frozenset([v]) for k, v in versions.items()}
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "_internal").mkdir()
    shutil.copy("/bin/ls", tmp_path / "bridgecall")
    return tmp_path


def test_a_real_program_asks_for_libc(tree: Path) -> None:
    (tree / "_internal" / "text.so").write_text("no ELF file")
    (found,) = elf.scan(tree)
    assert found.path == tree / "bridgecall"
    assert "libc.so.6" in found.needed
    version = elf.newest([found], "GLIBC_")
    assert version is not None
    assert version >= (2, 14)
    assert depends.needs(tree).relations[0] == f"libc6 (>= {'.'.join(map(str, version))})"


def test_what_is_opened_by_name_is_always_needed(tree: Path) -> None:
    relations = depends.needs(tree).relations
    assert {"libpulse0", "libegl1", "libxcb-cursor0", "libx11-6"} <= set(relations)


def test_a_library_of_nobody_is_an_error(monkeypatch: pytest.MonkeyPatch, tree: Path) -> None:
    monkeypatch.setattr(
        elf, "scan", lambda folder: [elf.Elf(folder / "x.so", frozenset({"libnobody.so.77"}))]
    )
    with pytest.raises(depends.UnknownLibraryError, match=r"x\.so needs libnobody\.so\.77"):
        depends.needs(tree)


def test_copies_of_debians_libraries_go_with_what_they_alone_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = {
        "libX11.so.6": ["libxcb.so.1"],
        "libglib-2.0.so.0": ["libpcre2-8.so.0"],
        "libpcre2-8.so.0": [],
        "libqgtk3.so": ["libgtk-3.so.0"],
        "libQt6Gui.so.6": ["libX11.so.6", "libglib-2.0.so.0", "libfoo.so.1"],
        "libfoo.so.1": [],
    }
    for name in names:
        (tmp_path / name).touch()
    elves = [elf.Elf(tmp_path / name, frozenset(needed)) for name, needed in names.items()]
    monkeypatch.setattr(elf, "scan", lambda _: elves)
    found = depends.needs(tmp_path)
    assert {path.name for path in found.left_to_debian} == {
        "libX11.so.6",
        "libglib-2.0.so.0",
        "libpcre2-8.so.0",
    }
    assert "libglib2.0-0t64 | libglib2.0-0" in found.relations
    assert not [relation for relation in found.relations if "gtk" in relation]


def test_the_compilers_library_is_as_new_as_its_symbols(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    user = elf.Elf(
        tmp_path / "a.so",
        frozenset({"libstdc++.so.6"}),
        {"libstdc++.so.6": frozenset({"GLIBCXX_3.4.9", "GLIBCXX_3.4.29", "CXXABI_1.3"})},
    )
    monkeypatch.setattr(elf, "scan", lambda _: [user])
    assert "libstdc++6 (>= 11)" in depends.needs(tmp_path).relations
