"""packaging/windows/nsis.py: the script names every file, makensis takes it without a warning, and all is in it."""

from __future__ import annotations

import lzma
import struct
from typing import TYPE_CHECKING

import pytest

from windows import nsis

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = 1_700_000_000
PROGRAMS = ("bridgecall", "bridgecall-bot", "bridgecall-server")
MAGIC = b"\xef\xbe\xad\xdeNullsoftInst"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small frozen tree of Windows."""
    folder = tmp_path / "bridgecall"
    (folder / "_internal" / "PySide6" / "plugins").mkdir(parents=True)
    for name in PROGRAMS:
        (folder / f"{name}.exe").write_bytes(f"program {name}".encode())
    (folder / "_internal" / "python311.dll").write_bytes(b"the interpreter")
    (folder / "_internal" / "PySide6" / "plugins" / "süß $a.dll").write_bytes(b"a plugin")
    return folder


@pytest.fixture
def icon(tmp_path: Path) -> Path:
    """A white square of 16 pixels: ICONDIR, ICONDIRENTRY, BITMAPINFOHEADER, pixels, mask."""
    header = struct.pack("<IiiHHIIiiII", 40, 16, 32, 1, 32, 0, 0, 0, 0, 0, 0)
    image = header + b"\xff" * (16 * 16 * 4) + bytes(16 * 4)
    path = tmp_path / "icon.ico"
    path.write_bytes(struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(image), 22) + image)
    return path


def unpacked(installer: bytes) -> bytes:
    """The solid LZMA block of an installer: after 28 bytes its properties (5 bytes), then a raw stream."""
    start = installer.index(MAGIC) - 4 + 28
    properties, dictionary_bytes = struct.unpack_from("<BI", installer, start)
    filters = [
        {
            "id": lzma.FILTER_LZMA1,
            "dict_size": dictionary_bytes,
            "lc": properties % 9,
            "lp": properties // 9 % 5,
            "pb": properties // 45,
        }
    ]
    return lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=filters).decompress(installer[start + 5 :])


@pytest.mark.needs_program("makensis")
def test_it_compiles_with_all_files_and_the_same_bytes_each_time(
    tree: Path, icon: Path, tmp_path: Path
) -> None:
    first = nsis.make(tree, tmp_path / "one", "1.2.3", EPOCH, icon=icon)
    second = nsis.make(tree, tmp_path / "two", "1.2.3", EPOCH, icon=icon)
    assert first.name == "bridgecall-1.2.3-windows-x64-setup.exe"
    data = first.read_bytes()
    assert data == second.read_bytes()
    assert data.startswith(b"MZ")
    assert "1.2.3".encode("utf-16-le") in data  # the version resource
    assert b'level="highestAvailable"' in data
    inside = unpacked(data)
    for path in tree.rglob("*"):
        if path.is_file():
            assert path.read_bytes() in inside
    for text in ("URL:Bridgecall invitation", "advfirewall", "QuietUninstallString", "süß $a.dll"):
        assert text.encode("utf-16-le") in inside


def test_the_picture_is_a_bitmap_of_its_own_length() -> None:
    data = nsis.picture()
    magic, length_bytes, offset = struct.unpack_from("<2sI4xI", data)
    width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
    assert (magic, length_bytes, (width, height), bits) == (b"BM", len(data), nsis.PICTURE_PX, 24)
    assert len(data) == offset + height * -(-width * 3 // 4) * 4
    assert tuple(data[offset : offset + 3]) == nsis.PICTURE_BOTTOM[::-1]  # blue, green, red


@pytest.mark.needs_program("makensis")
def test_what_makensis_does_not_take_is_an_error_with_its_words(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(nsis.InstallerError, match=r"(?s)makensis failed.*no\.ico"):
        nsis.make(tree, tmp_path / "out", "1.2.3", EPOCH, icon=tmp_path / "no.ico")
    assert not list((tmp_path / "out").iterdir())


def test_the_uninstaller_deletes_what_was_installed_and_nothing_else(tree: Path) -> None:
    files = nsis.tree_files(tree)
    installed = nsis.install_script(tree, files).splitlines()
    removed = nsis.remove_script(files).splitlines()
    folder, written = "", set()
    for line in installed:
        command, _, rest = line.partition(" ")
        if command == "SetOutPath":
            folder = rest.strip('"')
        else:
            written.add(f"{folder}\\{rest.split('=', 1)[1].partition(chr(34))[0]}")
    deleted = {line.partition(" ")[2].strip('"') for line in removed if line.startswith("Delete ")}
    assert written == deleted
    assert len(written) == len(files)
    folders = [line.partition(" ")[2].strip('"') for line in removed if line.startswith("RMDir ")]
    assert folders == [
        "$INSTDIR\\_internal\\PySide6\\plugins",
        "$INSTDIR\\_internal\\PySide6",
        "$INSTDIR\\_internal",
    ]
    assert not any("/r" in line for line in removed)


@pytest.mark.parametrize("name", ["a:b", "what?", "end.", "a" * 181, "BRIDGECALL.exe"])
def test_names_that_windows_does_not_allow_are_refused(tree: Path, name: str) -> None:
    (tree / name).write_bytes(b"")
    with pytest.raises(nsis.InstallerError, match="Windows"):
        nsis.tree_files(tree)


def test_a_folder_without_our_program_is_no_tree(tmp_path: Path) -> None:
    with pytest.raises(nsis.InstallerError, match="no frozen tree"):
        nsis.tree_files(tmp_path)


def test_settings_are_only_deleted_after_a_question() -> None:
    script = nsis.SCRIPT.read_text(encoding="utf-8")
    recursive = [line.strip() for line in script.splitlines() if line.strip().startswith("RMDir /r")]
    assert recursive == ['RMDir /r "$APPDATA\\${PRODUCT}"', 'RMDir /r "$LOCALAPPDATA\\${PRODUCT}"']
    question = script.index("MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2")
    assert "/SD IDNO IDNO keep" in script[question : script.index("RMDir /r")]


def test_a_clicked_link_is_never_an_option() -> None:
    script = nsis.SCRIPT.read_text(encoding="utf-8")
    commands = [
        line.strip()
        for line in script.splitlines()
        if line.strip().startswith("WriteRegStr") and "%1" in line
    ]
    assert len(commands) == 1
    assert commands[0].endswith(""" '"$INSTDIR\\${WINDOW_PROGRAM}" -- "%1"'""")
