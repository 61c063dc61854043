"""The parts of packaging/build.py: from a clean clone to one folder of programs, and what is made of it.

Everything here runs with packaging/ on sys.path and needs the standard library alone; what a build needs beside
that is in an environment of its own (environment.py).
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The root of the repository."""
BUILD = ROOT / "build"
"""What is made on the way: the environment, PyInstaller's work, the frozen tree."""
TREE = BUILD / "tree" / "bridgecall"
"""The frozen tree: three programs and _internal/, the same on every platform."""
INTERNAL = "_internal"
PROGRAMS = ("bridgecall", "bridgecall-bot", "bridgecall-server")


class BuildError(Exception):
    """The build cannot go on; the text is one sentence for the person who started it."""
