"""Starts the frozen program itself: the build fails when that does not work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bundle import PROGRAMS, BuildError

LIMIT_S = 90
"""The smoke test ends itself within 20 s; a machine that does other things too gets more."""
_UNSET = (
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "QT_PLUGIN_PATH",
    "QT_QPA_PLATFORM_PLUGIN_PATH",
)


def _program(tree: Path, name: str) -> str:
    return str(tree / (f"{name}.exe" if sys.platform == "win32" else name))


def _on_display(command: list[str]) -> list[str]:
    """`command`, within a virtual display where there is none.

    Raises:
        BuildError: there is neither a display nor Xvfb.
    """
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return command
    if shutil.which("xvfb-run") is None:
        raise BuildError("The smoke test needs a display, or Xvfb with xvfb-run (Debian: xvfb, xauth).")
    return ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24", *command]


def _run(command: list[str], home: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if name not in _UNSET}
    variables |= {"BRIDGECALL_HOME": home}
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=variables,
            cwd=home,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{Path(command[0]).name} did not end within {LIMIT_S} s.") from error


def test(tree: Path, version: str, report: Path) -> str:
    """Run all programs of `tree`, the window with its smoke test; returns a line for the person.

    Args:
        tree: the frozen tree.
        version: what the programs must say they are.
        report: where the smoke test's own report goes.

    Raises:
        BuildError: a program failed, or a step of the smoke test.
    """
    with tempfile.TemporaryDirectory() as home:
        for name in PROGRAMS:
            done = _run([_program(tree, name), "--help"], home)
            # A windowed program of Windows has nothing to write to.
            if done.returncode or ("usage:" not in done.stdout and sys.platform != "win32"):
                raise BuildError(f"{name} --help failed ({done.returncode}): {done.stdout.strip()[-2000:]}")
        report.unlink(missing_ok=True)
        command = [_program(tree, "bridgecall"), "--smoke-test", str(report)]
        done = _run(_on_display(command), home)
    try:
        found = json.loads(report.read_text(encoding="utf-8"))
        steps = found["steps"]
        failed = [f"{step['name']}: {step['detail']}" for step in steps if not step["ok"]]
        ok = found["ok"] is True and found["frozen"] is True and found["version"] == version
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildError(
            f"The smoke test wrote no report ({done.returncode}): {done.stdout[-2000:]}"
        ) from error
    if done.returncode or failed or not ok:
        raise BuildError(
            f"The smoke test failed ({done.returncode}): {'; '.join(failed) or found}. {done.stdout[-800:]}"
        )
    return f"Smoke test: {len(steps)} steps, {sum(step['seconds'] for step in steps):.1f} s"
