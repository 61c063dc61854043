"""Is there a screen? Qt answers with an abort, so it is asked beforehand."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

SENTENCE = "Bridgecall needs a graphical display: start it from a desktop session, or set DISPLAY."
_TIMEOUT_S = 3.0


def missing_display() -> str | None:
    """None when a window can be opened, else one sentence for the terminal."""
    if not sys.platform.startswith(("linux", "freebsd")):
        return None
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in (
        "offscreen",
        "minimal",
        "vnc",
        "linuxfb",
        "eglfs",
    ):
        return None
    if _wayland_answers() or _x11_answers(os.environ.get("DISPLAY", "")):
        return None
    return SENTENCE


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        return False
    path = Path(os.environ.get("XDG_RUNTIME_DIR", "/run")) / name  # an absolute name replaces the folder
    return _connects(socket.AF_UNIX, str(path))


def _x11_answers(display: str) -> bool:
    match = re.fullmatch(r"(?P<host>[^:]*):(?P<number>\d+)(\.\d+)?", display)
    if match is None:
        return False
    number = int(match["number"])
    if match["host"] in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        # Linux servers listen in the abstract namespace as well, sometimes only there.
        return _connects(socket.AF_UNIX, path) or _connects(socket.AF_UNIX, f"\0{path}")
    return _connects(socket.AF_INET, (match["host"], 6000 + number))


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(_TIMEOUT_S)
            probe.connect(address)
    except OSError:
        return False
    return True
