"""The build's own Python environment in build/env, made from the platform's lock: every file by its hash."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from bundle import BUILD, ROOT, BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ENV = BUILD / "env"
STAMP = ENV / "bridgecall-lock.sha256"
LOCKS = ROOT / "packaging" / "locks"
_LOCK_OF = {"linux": "linux.txt", "win32": "windows.txt", "darwin": "macos.txt"}
_BENT = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "__PYVENV_LAUNCHER__")


def lock() -> Path:
    """The lock of this platform.

    Raises:
        BuildError: there is none.
    """
    name = _LOCK_OF.get(sys.platform)
    if name is None:
        raise BuildError(f"There is no lock for {sys.platform}: only for Linux, Windows and macOS.")
    return LOCKS / name


def scripts() -> Path:
    """Where the environment's programs are."""
    return ENV / ("Scripts" if sys.platform == "win32" else "bin")


def python() -> Path:
    """The environment's interpreter."""
    return scripts() / ("python.exe" if sys.platform == "win32" else "python")


def clean_variables() -> dict[str, str]:
    """Our variables without those that would bend venv and pip to another place."""
    return {name: value for name, value in os.environ.items() if name not in _BENT} | {"PIP_USER": "0"}


def run(command: Sequence[str | Path], what: str, **variables: str) -> str:
    """Run `command` quietly and return what it printed.

    Raises:
        BuildError: it failed; all that it said is on stderr.
    """
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=ROOT,
        env=clean_variables() | variables,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise BuildError(f"{what} failed; its own words are above.")
    return done.stdout


def _wanted() -> str:
    parts = (
        lock().read_bytes(),
        sys.version.encode(),
        os.path.realpath(sys.executable).encode(),
        str(ROOT).encode(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def ensure() -> bool:
    """Make the environment unless it is there and of this lock and interpreter; returns whether it was made.

    Raises:
        BuildError: it cannot be made.
    """
    wanted = _wanted()
    if STAMP.exists() and STAMP.read_text(encoding="ascii") == wanted and python().exists():
        return False
    shutil.rmtree(ENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", ENV], "Making the environment of the build")
    pip: list[str | Path] = [
        python(),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "--quiet",
    ]
    locked: list[str | Path] = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", lock()]
    run([*pip, *locked], "Installing the locked packages")
    STAMP.write_text(wanted, encoding="ascii")
    return True
