"""The text behind "Copy diagnostics"."""

from __future__ import annotations

import dataclasses
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import desktop_app
from desktop_app.core.paths import log_file
from desktop_app.settings.secrets import without_secrets

if TYPE_CHECKING:
    from desktop_app.media.devices import Devices
    from desktop_app.settings.schema import Settings
    from desktop_app.stats.model import CallStats

LOG_TAIL_BYTES = 8000
_PACKAGES = ("aiortc", "aioice", "av", "PySide6", "qasync", "opencv-python", "aiohttp")


def describe(
    settings: Settings | None, devices: Devices, stats: CallStats | None, media: dict[str, Any]
) -> str:
    """Versions, devices, settings without secrets, the newest statistics and the log's end. Reads a file."""
    sections = {
        "Bridgecall": desktop_app.__version__,
        "System": f"{platform.platform()}, Python {platform.python_version()}",
        "Packages": ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
        "Devices": _json(dataclasses.asdict(devices)),
        "Media": _json(media),
        "Settings": _json(_public(settings)),
        "Statistics": _json(None if stats is None else dataclasses.asdict(stats)),
        "Log": _log_tail(),
    }
    return "\n\n".join(f"## {title}\n{text}" for title, text in sections.items()) + "\n"


def _version(name: str) -> str:
    for brand in (name, f"{name}-headless"):  # the installed programs have OpenCV without its own Qt
        try:
            return version(brand)
        except PackageNotFoundError:
            continue
    return "missing"


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str)


def _public(settings: Settings | None) -> dict[str, Any] | None:
    if settings is None:
        return None
    # Whom one calls is nobody's business either.
    values = dataclasses.asdict(without_secrets(settings)[0]) | {"last_target": bool(settings.last_target)}
    values.pop("window_geometry", None)
    return values


def _log_tail() -> str:
    path = log_file()
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - LOG_TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError as error:
        return f"({error.strerror})"
