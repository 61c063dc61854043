"""packaging/macos: the bundle of a small tree has everything, where codesign wants it."""

from __future__ import annotations

import os
import plistlib
import re
import struct
from pathlib import Path, PurePosixPath

import pytest

from bundle import PROGRAMS
from macos import app, dmg, layout, macho, signing
from macos.layout import Kind

EPOCH = 1_700_000_000
RESOURCES = "Contents/Resources"
FRAMEWORKS = "Contents/Frameworks"


def machine_code(major: int, minor: int = 0) -> bytes:
    """A Mach-O library of 64 bits whose only load command is LC_BUILD_VERSION."""
    header = struct.pack("<IIIIIIII", 0xFEEDFACF, 0x0100000C, 0, 6, 1, 24, 0, 0)
    return header + struct.pack("<IIIIII", 0x32, 24, 1, major << 16 | minor << 8, 0, 0)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small frozen tree of macOS, with all that makes its layout difficult."""
    folder = tmp_path / "bridgecall"
    internal = folder / "_internal"
    for name in PROGRAMS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(machine_code(11))
    (folder / "licences").mkdir()
    (folder / "licences" / "Qt.txt").write_text("LGPL", encoding="utf-8")
    files = {
        "base_library.zip": b"zip",
        "libssl.3.dylib": machine_code(11),
        "resources/web/index.html": b"page",
        "numpy/core.so": machine_code(14, 2),
        "numpy/version.py": b"version",
        "numpy/.dylibs/libgfortran.dylib": machine_code(11),
        "numpy-2.1.0.dist-info/METADATA": b"metadata",
        "lib-dynload/_ssl.so": machine_code(11),
        "PySide6/__init__.py": b"",
        "PySide6/Qt/lib/QtCore.framework/Versions/A/QtCore": machine_code(13),
        "PySide6/Qt/lib/QtCore.framework/Versions/A/Resources/Info.plist": b"plist",
        "PySide6/Qt/translations/qt.qm": b"words",
    }
    for name, data in files.items():
        path = internal / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    framework = internal / "PySide6/Qt/lib/QtCore.framework"
    (framework / "Versions/Current").symlink_to("A")
    (framework / "QtCore").symlink_to("Versions/Current/QtCore")
    (internal / "QtCore").symlink_to("PySide6/Qt/lib/QtCore.framework/Versions/A/QtCore")
    return folder


@pytest.fixture
def bundle(tree: Path, tmp_path: Path) -> Path:
    icon = tmp_path / "icon.icns"
    icon.write_bytes(b"icns")
    return app.make(tree, tmp_path / "dist", "1.2.3", EPOCH, icon=icon)


def test_every_file_of_the_tree_is_found_in_frameworks_and_in_resources(tree: Path, bundle: Path) -> None:
    internal = tree / "_internal"
    for path in internal.rglob("*"):
        if path.is_file():
            name = path.relative_to(internal)
            assert (bundle / FRAMEWORKS / name).read_bytes() == path.read_bytes(), name
            assert (bundle / RESOURCES / name).read_bytes() == path.read_bytes(), name


def test_code_and_data_are_apart_and_no_folder_of_code_has_a_dot(bundle: Path) -> None:
    for path in (bundle / FRAMEWORKS).rglob("*"):
        if path.is_symlink() or ".framework" in str(path):
            continue
        if path.is_dir():
            assert "." not in path.name
        else:
            assert macho.is_code(path), path
    data = [path for path in (bundle / RESOURCES).rglob("*") if path.is_file() and not path.is_symlink()]
    assert data
    assert not any(macho.is_code(path) for path in data)


def test_no_link_leads_nowhere_or_out_of_the_bundle(bundle: Path) -> None:
    links = [path for path in bundle.rglob("*") if path.is_symlink()]
    assert links
    for path in links:
        assert not os.path.isabs(os.readlink(path))
        assert path.resolve(strict=True).is_relative_to(bundle.resolve())


def test_programs_can_be_run_and_licences_are_there(bundle: Path) -> None:
    for name in PROGRAMS:
        assert os.access(bundle / "Contents/MacOS" / name, os.X_OK)
    assert (bundle / RESOURCES / "licences/Qt.txt").read_text(encoding="utf-8") == "LGPL"
    assert (bundle / RESOURCES / "bridgecall.icns").is_file()


def test_info_plist_says_who_asks_for_what_and_the_newest_macos_that_a_library_needs(bundle: Path) -> None:
    table = plistlib.loads((bundle / "Contents/Info.plist").read_bytes())
    assert table["CFBundleShortVersionString"] == table["CFBundleVersion"] == "1.2.3"
    assert table["CFBundleIdentifier"] == "org.bridgecall.Bridgecall"
    assert table["CFBundleURLTypes"][0]["CFBundleURLSchemes"] == ["bridgecall"]
    assert table["LSMinimumSystemVersion"] == "14.2"
    assert table["NSHighResolutionCapable"] is True
    assert (bundle / "Contents/MacOS" / table["CFBundleExecutable"]).is_file()
    assert (bundle / RESOURCES / table["CFBundleIconFile"]).is_file()
    for what in ("Camera", "Microphone", "LocalNetwork"):
        assert re.fullmatch(r"[A-Z].{30,}\.", table[f"NS{what}UsageDescription"])


def test_two_bundles_of_one_tree_are_the_same(tree: Path, bundle: Path, tmp_path: Path) -> None:
    again = app.make(tree, tmp_path / "again", "1.2.3", EPOCH, icon=tmp_path / "icon.icns")

    def contents(folder: Path) -> dict[str, object]:
        return {
            str(path.relative_to(folder)): os.readlink(path)
            if path.is_symlink()
            else (path.is_file() and path.read_bytes(), path.stat().st_mode, path.stat().st_mtime)
            for path in folder.rglob("*")
        }

    assert contents(bundle) == contents(again)


def test_an_older_bundle_is_replaced_as_a_whole(tree: Path, bundle: Path, tmp_path: Path) -> None:
    (bundle / "Contents/stale").write_text("x", encoding="utf-8")
    assert app.make(tree, tmp_path / "dist", "1.2.4", EPOCH, icon=tmp_path / "icon.icns") == bundle
    assert not (bundle / "Contents/stale").exists()


@pytest.mark.parametrize("version", ["", "v1", "1..2", "1.2.3.4", "next"])
def test_versions_that_macos_does_not_take_are_refused(version: str) -> None:
    with pytest.raises(app.BundleError, match="version"):
        app.information(version)


def test_an_absolute_link_is_refused(tree: Path) -> None:
    (tree / "_internal" / "outside").symlink_to("/usr/lib")
    with pytest.raises(app.BundleError, match="others do not have"):
        app.tree_entries(tree / "_internal")


def test_a_package_of_data_is_linked_as_a_whole() -> None:
    names = {"a/x.so": Kind.CODE, "a/b/one.txt": Kind.DATA, "a/b/two.txt": Kind.DATA}
    plan = layout.plan({PurePosixPath(name): (kind, "") for name, kind in names.items()})
    assert plan.links == {
        PurePosixPath("Contents/Frameworks/a/b"): "../../Resources/a/b",
        PurePosixPath("Contents/Resources/a/x.so"): "../../Frameworks/a/x.so",
    }


def test_machine_code_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    fat = struct.pack(">IIIIIII", 0xCAFEBABE, 1, 0x0100000C, 0, 4096, 56, 12)
    for data, expected in (
        (machine_code(12, 3), (12, 3)),
        (fat.ljust(4096, b"\0") + machine_code(14), (14, 0)),
        (fat, None),
        (machine_code(12)[:40], None),
        (b"\xca\xfe\xba\xbe\x00\x00\x00\x41 a class of Java", None),
        (b"", None),
    ):
        path.write_bytes(data)
        assert macho.oldest_macos(path) == expected
    path.write_bytes(b"\xca\xfe\xba\xbe\x00\x00\x00\x41 a class of Java")
    assert not macho.is_code(path)


def test_signing_goes_from_the_inside_out_and_gives_rights_to_programs_alone(bundle: Path) -> None:
    inside = bundle / FRAMEWORKS
    code = [
        path for path in inside.rglob("*") if path.is_file() and not path.is_symlink() and macho.is_code(path)
    ]
    programs = [bundle / "Contents/MacOS" / name for name in PROGRAMS]
    commands = signing.app_commands(bundle, code, programs, "Developer ID Application: A (B)")
    signed = [command[-1] for command in commands if "--sign" in command]
    assert signed[-1] == str(bundle)
    assert len(signed) == len(set(signed))
    assert str(inside / "PySide6/Qt/lib/QtCore.framework") in signed
    assert not any("QtCore.framework/" in path for path in signed)
    with_rights = [command[-1] for command in commands if "--entitlements" in command]
    assert with_rights == [*map(str, programs[1:]), str(bundle)]
    assert all("runtime" in command for command in commands if "--sign" in command)
    ad_hoc = signing.app_commands(bundle, code, programs, signing.AD_HOC)
    assert not any("runtime" in command or "--timestamp" in command for command in ad_hoc)


def test_entitlements_are_the_camera_the_microphone_and_the_network() -> None:
    rights = plistlib.loads(signing.ENTITLEMENTS.read_bytes())
    assert all(value is True for value in rights.values())
    assert {name.removeprefix("com.apple.security.") for name in rights} == {
        "cs.allow-unsigned-executable-memory",
        "device.audio-input",
        "device.camera",
        "network.client",
        "network.server",
    }


def test_notarizing_needs_an_identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(signing.IDENTITY_VARIABLE, raising=False)
    monkeypatch.setenv(signing.PROFILE_VARIABLE, "release")
    with pytest.raises(signing.SigningError, match=signing.IDENTITY_VARIABLE):
        signing.sign_image(tmp_path / "image.dmg")


def test_the_disk_image_is_made_of_the_staged_folder(tmp_path: Path) -> None:
    command = dmg.image_command(tmp_path / "stage", tmp_path / "out.dmg")
    assert command[command.index("-srcfolder") + 1] == str(tmp_path / "stage")
    assert command[-1] == str(tmp_path / "out.dmg")
