"""The version, the time that stands in for "now", and the metadata that the frozen programs read both from."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any

from bundle import ROOT, BuildError

if TYPE_CHECKING:
    from pathlib import Path

OLDEST_EPOCH = 315_619_200
"""2 January 1980: ZIP files know no earlier day, in any time zone."""


def project(pyproject: Path = ROOT / "pyproject.toml") -> dict[str, Any]:
    """The [project] table."""
    table = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    assert isinstance(table, dict)
    return table


def version() -> str:
    """The version, from pyproject.toml, the one place where it is written."""
    return str(project()["version"])


def epoch() -> int:
    """Seconds since 1970 that every file of a build is dated with.

    SOURCE_DATE_EPOCH if set (https://reproducible-builds.org/specs/source-date-epoch/), else the time of the
    commit; a source tree without git is dated by its pyproject.toml.

    Raises:
        BuildError: SOURCE_DATE_EPOCH is no number.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        if not given.isascii() or not given.isdigit():
            raise BuildError("SOURCE_DATE_EPOCH must be a number of seconds since 1970.")
        return max(int(given), OLDEST_EPOCH)
    try:
        command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        return max(int(done.stdout), OLDEST_EPOCH)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return max(int((ROOT / "pyproject.toml").stat().st_mtime), OLDEST_EPOCH)


def write_metadata(folder: Path) -> Path:
    """Write bridgecall's own .dist-info into `folder`: importlib.metadata finds the version there when frozen."""
    table = project()
    info = folder / f"{table['name']}-{table['version']}.dist-info"
    shutil.rmtree(info, ignore_errors=True)
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.4", f"Name: {table['name']}", f"Version: {table['version']}"]
    lines += [f"Summary: {table['description']}", f"License-Expression: {table['license']}"]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return info
