"""The stamp packaging/proved.json: of which packaging and which dependencies a build passed its smoke test.

`make test` compares it with what is there, which takes some milliseconds, and only when it differs freezes the
programs and tests them. So whoever changes packaging builds once and commits the stamp, and CI builds only where
that was forgotten, or where a merge brought two changes together.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import sys
import sysconfig
from typing import TYPE_CHECKING

from bundle import ROOT, version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAMP = ROOT / "packaging" / "proved.json"
_PARTS = (
    "packaging/build.py",
    "packaging/bundle",
    "packaging/locks",
    "desktop_app/smoke_test",
    "desktop_app/__main__.py",
    "desktop_app/core/paths.py",
    "desktop_app/media/opencv.py",
    "desktop_app/rtc/native_library.py",
)
"""What decides how the programs are frozen and how they are tested. Other packagers start from the same tree."""
_PROJECT = ("requires-python", "dependencies", "scripts", "gui-scripts")
_SUFFIXES = {".py", ".spec", ".txt", ".in", ""}


def files(root: Path) -> Iterator[Path]:
    """What the stamp covers."""
    for part in _PARTS:
        path = root / part
        if path.is_file():
            yield path
        for entry in sorted(path.rglob("*")) if path.is_dir() else ():
            if entry.is_file() and entry.suffix in _SUFFIXES and "__pycache__" not in entry.parts:
                yield entry


def digest(root: Path) -> str:
    """A digest of all that decides whether the frozen programs work, but for the programs' own code."""
    total = hashlib.sha256()
    for path in files(root):
        content = path.read_bytes().replace(b"\r\n", b"\n")  # as git has it on every system
        total.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    table = version.project(root / "pyproject.toml")
    wishes = {name: table.get(name) for name in _PROJECT}
    total.update(json.dumps(wishes, sort_keys=True).encode())
    return total.hexdigest()


def is_current(stamp: Path = STAMP, root: Path = ROOT) -> bool:
    """Whether what is there has been proved."""
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("digest") == digest(root)


def write(proved_digest: str, stamp: Path = STAMP) -> None:
    """Say that what has this digest was built and passed its smoke test."""
    text = json.dumps({"digest": proved_digest}, indent=1) + "\n"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != text:
        stamp.write_text(text, encoding="utf-8", newline="\n")


def cannot_build() -> str | None:
    """Why this machine cannot freeze programs, in a sentence; None when it can."""
    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        return "its Python has no venv."
    if sys.platform == "linux":
        if not sysconfig.get_config_var("Py_ENABLE_SHARED"):
            return "its Python is no shared library."
        if shutil.which("objcopy") is None:
            return "it has no binutils."
        shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        if not shown and (shutil.which("xvfb-run") is None or shutil.which("xauth") is None):
            return "it has no display, nor xvfb-run with xauth."
    return None
