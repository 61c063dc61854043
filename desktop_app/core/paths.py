"""Where settings, logs and keys live.

Linux follows the XDG base directory specification, Windows and macOS their own customs.
BRIDGECALL_HOME moves everything below one folder: tests and portable installations use it.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

APP_NAME = "bridgecall"


def _base(kind: str) -> Path:
    override = os.environ.get("BRIDGECALL_HOME")
    if override:
        return Path(override) / kind
    home = Path.home()
    if sys.platform == "win32":
        variable = "APPDATA" if kind == "config" else "LOCALAPPDATA"
        return Path(os.environ.get(variable, home / "AppData" / "Local")) / "Bridgecall"
    if sys.platform == "darwin":
        if kind == "state":
            return home / "Library" / "Logs" / "Bridgecall"
        return home / "Library" / "Application Support" / "Bridgecall"
    variable, fallback = {
        "config": ("XDG_CONFIG_HOME", ".config"),
        "state": ("XDG_STATE_HOME", ".local/state"),
        "data": ("XDG_DATA_HOME", ".local/share"),
    }[kind]
    return Path(os.environ.get(variable) or home / fallback) / APP_NAME


def settings_file() -> Path:
    """The settings file (it may not exist yet)."""
    return _base("config") / "settings.json"


def log_file(program: str = APP_NAME) -> Path:
    """The log file of one of our programs."""
    return _base("state") / f"{program}.log"


def calls_dir() -> Path:
    """Where windows write down which calls they are in."""
    return _base("state") / "calls"


def updates_file() -> Path:
    """What is remembered of updates (it may not exist yet)."""
    return _base("state") / "updates.json"


def transfers_dir() -> Path:
    """Where programs write down which files they are sending."""
    return _base("state") / "transfers"


def download_dir() -> Path:
    """The folder for files that others send, unless the settings name one (it may not exist yet).

    Linux: XDG_DOWNLOAD_DIR of user-dirs.dirs (https://www.freedesktop.org/wiki/Software/xdg-user-dirs/).
    """
    if override := os.environ.get("BRIDGECALL_HOME"):
        return Path(override) / "downloads"
    home = Path.home()
    if sys.platform not in ("win32", "darwin"):
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "user-dirs.dirs"
        found = _xdg_user_dir(config, "XDG_DOWNLOAD_DIR", home)
        if found is not None:
            return found
    return home / "Downloads"


def _xdg_user_dir(config: Path, variable: str, home: Path) -> Path | None:
    """The last line that sets `variable` counts: "$HOME/name" or an absolute path, nothing else is allowed."""
    try:
        text = config.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    values = re.findall(rf'^[ \t]*{variable}[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"', text, re.MULTILINE)
    if not values:
        return None
    value = re.sub(r"\\(.)", r"\1", values[-1])
    if value == "$HOME" or value.startswith("$HOME/"):
        path = home / value[len("$HOME") :].lstrip("/")
        return None if path == home else path  # "$HOME/" stands for: there is none
    return Path(value) if value.startswith("/") and "\0" not in value else None


def certificate_dir() -> Path:
    """The folder of the hosted server's own certificate and key."""
    return _base("data") / "host-certificate"


def resources_dir() -> Path:
    """Icons, styles, sounds and the guest page; beside the package in a source tree and in a frozen bundle."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parents[2]
    return root / "resources"
