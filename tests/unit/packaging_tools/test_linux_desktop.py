"""Desktop file, metainfo, man pages and Flatpak manifest, by the tools that judge them and against the programs."""

from __future__ import annotations

import configparser
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from desktop_app.arguments import parse_arguments as app_arguments
from desktop_app.bot.arguments import parse_arguments as bot_arguments
from desktop_app.protocol.invite import APP_SCHEME
from desktop_app.server.__main__ import main as server_main

if TYPE_CHECKING:
    from collections.abc import Callable
from linux import changelog, copyright_file, metainfo

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "packaging" / "linux"
APP_ID = "org.bridgecall.Bridgecall"
DESKTOP_FILE = FOLDER / f"{APP_ID}.desktop"
EPOCH = 1_750_000_000
PROGRAMS: dict[str, Callable[[list[str]], object]] = {
    "bridgecall": app_arguments,
    "bridgecall-bot": bot_arguments,
    "bridgecall-server": server_main,
}
"""Program -> what reads its command line."""
CHANGES = """\
# Changelog

## [Unreleased]

### Added

- Something for [later](docs/x.md).

## [1.2.0] - 2026-03-04

### Added

- A `thing` with <angles> & more,
  on two lines.

### Mended

- Another.

## [1.1.0] - 2026-01-02
"""


def entry() -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as the standard library's manual says
    parser.read(DESKTOP_FILE, encoding="utf-8")
    return parser["Desktop Entry"]


@pytest.mark.needs_program("desktop-file-validate")
def test_the_desktop_file_is_valid() -> None:
    done = subprocess.run(
        ["desktop-file-validate", str(DESKTOP_FILE)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_desktop_file_opens_links() -> None:
    values = entry()
    assert values["MimeType"] == f"x-scheme-handler/{APP_SCHEME};"
    assert values["Exec"] == "bridgecall %u"
    assert "VideoConference" in values["Categories"].split(";")
    assert values["Icon"] == APP_ID


@pytest.mark.needs_program("appstreamcli")
def test_the_metainfo_is_valid(tmp_path: Path) -> None:
    path = tmp_path / f"{APP_ID}.metainfo.xml"
    path.write_text(metainfo.render("0.1.0", EPOCH), encoding="utf-8")
    done = subprocess.run(
        ["appstreamcli", "validate", "--no-net", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_metainfo_and_desktop_file_agree() -> None:
    component = ET.fromstring(metainfo.render("0.1.0", EPOCH))
    assert component.findtext("launchable") == DESKTOP_FILE.name
    categories = {one.text for one in component.iterfind("categories/category")}
    assert categories | {"Qt"} == set(entry()["Categories"].strip(";").split(";"))
    assert {one.text for one in component.iterfind("provides/binary")} == set(PROGRAMS)


def test_a_release_has_its_day_and_its_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "CHANGELOG.md"
    path.write_text(CHANGES, encoding="utf-8")
    monkeypatch.setattr(changelog, "FILE", path)
    component = ET.fromstring(metainfo.render("1.2.0", EPOCH))
    first, second = component.iterfind("releases/release")
    assert (first.get("version"), first.get("date"), first.get("type")) == ("1.2.0", "2026-03-04", "stable")
    assert [one.text for one in first.iter("li")] == [
        "A thing with <angles> & more, on two lines.",
        "Another.",
    ]
    assert (second.get("version"), second.find("description")) == ("1.1.0", None)


def test_what_is_unreleased_is_of_the_build() -> None:
    newest = changelog.releases("1.3.0rc1", EPOCH, CHANGES)[0]
    assert (newest.version, newest.day.isoformat()) == ("1.3.0rc1", "2025-06-15")
    assert newest.sections == {"Added": ["Something for later."]}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_man_page_has_each_option_and_no_other(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        PROGRAMS[program](["--help"])
    told = capsys.readouterr().out
    page = (FOLDER / "man" / f"{program}.1").read_text(encoding="utf-8").replace("\\-", "-")
    options = page.partition(".SH OPTIONS")[2].partition("\n.SH ")[0]
    assert set(re.findall(r"--[a-z][a-z-]+", told)) == set(re.findall(r"--[a-z][a-z-]+", options))


@pytest.mark.needs_program("man")
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_man_page_is_sound(program: str) -> None:
    page = FOLDER / "man" / f"{program}.1"
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(page)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_flatpak_may_do_what_calls_need_and_no_more() -> None:
    manifest: dict[str, Any] = yaml.safe_load(
        (FOLDER / "flatpak" / f"{APP_ID}.yaml").read_text(encoding="utf-8")
    )
    assert (manifest["id"], manifest["command"]) == (APP_ID, "bridgecall")
    assert set(manifest["finish-args"]) == {
        "--share=network",
        "--share=ipc",
        "--socket=wayland",
        "--socket=fallback-x11",
        "--socket=pulseaudio",
        "--device=dri",
        "--device=all",
        "--talk-name=org.freedesktop.secrets",
        "--talk-name=org.freedesktop.Notifications",
        "--filesystem=xdg-download",
    }
    (module,) = manifest["modules"]
    commands = "\n".join(module["build-commands"])
    for name in (*PROGRAMS, "tree/.", f"{APP_ID}.desktop", f"{APP_ID}.metainfo.xml", "hicolor"):
        assert name in commands
    assert module["sources"] == [{"type": "dir", "path": "files"}]


def test_the_copyright_file_names_what_is_in_the_tree_alone(tmp_path: Path) -> None:
    for name in ("_internal/PySide6", "_internal/av.libs", "licenses"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "_internal" / "av.libs" / "libx264-1.so").touch()
    text = copyright_file.render(tmp_path)
    paragraphs = [
        dict(re.findall(r"^([A-Z][A-Za-z-]+): ?(.*)$", one, re.MULTILINE)) for one in text.split("\n\n")
    ]
    assert paragraphs[0]["Format"] == "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
    files = {one["Files"]: one["License"] for one in paragraphs if "Files" in one}
    assert files["*"] == "MIT"
    assert files["usr/lib/bridgecall/_internal/PySide6/*"] == "LGPL-3"
    assert files["usr/lib/bridgecall/_internal/av.libs/libx264*"] == "GPL-2+"
    assert "numpy" not in text
    assert "/usr/lib/bridgecall/licenses" in text
    # A paragraph of its own for each licence but for the one that has its text at once.
    alone = {one["License"] for one in paragraphs if "License" in one and "Files" not in one}
    assert alone == set(files.values()) - {"SCOWL"}
    assert all(line[0] in " \n" or ": " in line or line.endswith(":") for line in text.splitlines() if line)
