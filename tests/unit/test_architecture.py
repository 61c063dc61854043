"""Rules of the house that a linter does not know."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "desktop_app"
MAX_LINES = 450
LINKS = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")

IMPORT_ALL = """
import importlib, pkgutil, sys
import tests.unit.without_qt
for root in sys.argv[1:]:
    module = importlib.import_module(root)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), root + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
"""


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def python_files() -> list[Path]:
    return [
        path for folder in ("desktop_app", "tests", "packaging") for path in (ROOT / folder).rglob("*.py")
    ]


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def contract(name: str) -> dict[str, Any]:
    [found] = [
        each for each in pyproject()["tool"]["importlinter"]["contracts"] if each["name"].startswith(name)
    ]
    return dict(found)


def packages() -> set[str]:
    return {f"desktop_app.{path.parent.name}" for path in SOURCE.glob("*/__init__.py")}


@pytest.mark.parametrize(
    ("name", "free"),
    [
        ("Qt stays in", {"ui", "engine", "media", "smoke_test"}),
        ("aiortc and aioice are known to", {"rtc"}),
        ("Only the composition root hosts", {"server", "smoke_test"}),
    ],
)
def test_a_new_package_is_not_forgotten_in_the_contracts(name: str, free: set[str]) -> None:
    bound = set(contract(name)["source_modules"])
    assert packages() - bound == {f"desktop_app.{package}" for package in free}


def test_all_but_window_and_audio_backend_can_be_imported_without_qt() -> None:
    modules = contract("Qt stays in")["source_modules"]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *modules], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_files_are_short() -> None:
    scripts = list((ROOT / "resources").rglob("*.js"))
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files() + scripts}
    too_long = {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > MAX_LINES}
    assert too_long == {}


def test_private_names_of_aiortc_are_used_in_one_package() -> None:
    mangled = re.compile(r"\b_(?:RTC|Remote|Jitter|Stream|Encoder|Ice|Stun|Turn)\w*__\w+")
    offenders = [
        str(path.relative_to(ROOT))
        for path in SOURCE.rglob("*.py")
        if path.parent.name != "aiortc_internals" and mangled.search(path.read_text(encoding="utf-8"))
    ]
    assert offenders == []


def test_entry_points_exist() -> None:
    project = pyproject()["project"]
    for target in [*project["scripts"].values(), *project["gui-scripts"].values()]:
        module, _, function = target.partition(":")
        path = ROOT.joinpath(*module.split("."))
        source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        provides = rf"^def {function}\(|^from .* import .*\b{function}\b"
        assert re.search(provides, source.read_text(encoding="utf-8"), re.MULTILINE), target


def test_documented_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE))
    used = {
        word for path in documents() for word in re.findall(r"\bmake ([a-z0-9-]+)\b(?=[`\s])", commands(path))
    }
    assert {"run", "env", "test"} <= used
    assert used <= targets


def commands(path: Path) -> str:
    """What a document shows as something to type: code blocks and code spans."""
    text = path.read_text(encoding="utf-8")
    return (
        "\n".join(re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL) + re.findall(r"`[^`\n]+`", text)) + "\n"
    )


def test_documented_options_exist() -> None:
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", commands(ROOT / "README.md")))
    declared = {
        option
        for path in SOURCE.rglob("*.py")
        for option in re.findall(r'"(--[a-z][a-z-]+)"', path.read_text(encoding="utf-8"))
    }
    assert {"--port", "--camera"} <= shown
    assert shown <= declared


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_documents_link_to_what_exists(path: Path) -> None:
    targets = [target for target in LINKS.findall(path.read_text(encoding="utf-8")) if "://" not in target]
    assert [target for target in targets if not (path.parent / target).exists()] == []
