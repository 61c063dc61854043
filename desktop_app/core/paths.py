"""Where settings, logs and keys live.

Linux follows the XDG base directory specification, Windows and macOS their own customs.
BRIDGECALL_HOME moves everything below one folder: tests and portable installations use it.
"""

from __future__ import annotations

import os
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


def certificate_dir() -> Path:
    """The folder of the hosted server's own certificate and key."""
    return _base("data") / "host-certificate"


def resources_dir() -> Path:
    """Icons, styles, sounds and the guest page; beside the package in a source tree and in a frozen bundle."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parents[2]
    return root / "resources"
