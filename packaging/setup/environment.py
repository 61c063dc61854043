"""Make the Python environment in .venv, or bring it up to date with pyproject.toml.

    environment.py          what the application needs
    environment.py --dev    also what the tests need

Nothing is done, and no network is touched, while the stamp in .venv says that what pyproject.toml asks for
is there. Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / "bridgecall-setup.json"
MARK_OF_A_VENV = "pyvenv.cfg"


def wanted(pyproject: Path) -> str:
    """A digest of the parts of `pyproject` that decide what gets installed: the linters' settings do not."""
    tables = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    parts = [tables.get("build-system"), tables.get("project"), tables.get("tool", {}).get("setuptools")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_stamp(path: Path) -> dict[str, Any]:
    """What the last complete set-up wrote; an empty dict when there is none or it cannot be read."""
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def is_current(stamp: dict[str, Any], *, digest: str, root: Path, dev: bool) -> bool:
    """Whether an environment with this stamp serves: same wishes, same place, the tests' tools if wanted."""
    return (
        stamp.get("wanted") == digest
        and stamp.get("root") == str(root)  # the scripts of a moved environment point to the old place
        and (stamp.get("dev") is True or not dev)
    )


def venv_python(venv: Path) -> str:
    """The interpreter of an environment."""
    return str(venv / "bin" / "python")


def works(venv: Path) -> bool:
    """Whether the environment's interpreter still starts: it dies with the Python that it was made from."""
    try:
        command = [venv_python(venv), "-c", "import pip"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def clean_environment() -> dict[str, str]:
    """Our environment without the variables that would bend venv and pip to another place."""
    bent = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "__PYVENV_LAUNCHER__")
    environment = {key: value for key, value in os.environ.items() if key not in bent}
    environment["PIP_USER"] = "0"  # `user = true` in a person's settings breaks an installation into a venv
    return environment


def run(command: Sequence[str], what: str) -> None:
    """Run `command` quietly; when it fails, print all that it said and one sentence, and end."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=ROOT,
        env=clean_environment(),
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        sys.exit(f"{what} failed; its own words are above.")


def make_venv(moved: bool) -> None:
    """Make .venv when there is none that works."""
    if VENV.exists() and not moved and works(VENV):
        return
    if VENV.exists():
        if not (VENV / MARK_OF_A_VENV).exists() and any(VENV.iterdir()):
            sys.exit(f"{VENV} is in the way and is no Python environment: move it and try again.")
        shutil.rmtree(VENV)
    run([sys.executable, "-m", "venv", str(VENV)], "Making the Python environment")


def write_stamp(digest: str, *, dev: bool) -> None:
    """Say what was installed; written last and in one step, so that an interrupted set-up is done again."""
    fresh = STAMP.with_suffix(".new")
    fresh.write_text(json.dumps({"wanted": digest, "root": str(ROOT), "dev": dev}), encoding="utf-8")
    fresh.replace(STAMP)


def main() -> int:
    """Bring .venv up to date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dev", action="store_true", help="also install what the tests need")
    dev: bool = parser.parse_args().dev
    pyproject = ROOT / "pyproject.toml"
    with pyproject.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two set-ups at once: the second waits and finds all done
        digest = wanted(pyproject)
        stamp = read_stamp(STAMP)
        if is_current(stamp, digest=digest, root=ROOT, dev=dev) and works(VENV):
            return 0
        print("Setting up the Python environment in .venv; the first time takes a few minutes.", flush=True)
        make_venv(moved=bool(stamp) and stamp.get("root") != str(ROOT))
        dev = dev or stamp.get("dev") is True  # what was there stays up to date
        STAMP.unlink(missing_ok=True)
        pip = [venv_python(VENV), "-m", "pip", "--disable-pip-version-check", "--no-input"]
        target = f"{ROOT}[dev]" if dev else str(ROOT)
        run([*pip, "install", "--quiet", "--editable", target], "Installing the Python packages")
        write_stamp(digest, dev=dev)
    return 0


if __name__ == "__main__":
    sys.exit(main())
