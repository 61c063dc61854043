"""Where a window is in a call, on disk, so that the next start after a crash can offer to go back there.

One small file for each window in a call, with its process in it: a file whose process lives belongs to another window
and is left alone. A clean leave removes it. It holds no secret: the link's key is in the keyring under `key_name`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import secrets
import stat
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from .secrets import with_key, without_key

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

MAX_AGE_S = 12 * 3600.0
MAX_FILE_BYTES = 10_000
MAX_FILES = 100
_NAME = re.compile(r"call-[0-9a-f]{16}\.json")
_USER_ID = re.compile(r"[0-9a-f]{16}")
_START_TOLERANCE_S = 2.0


@dataclass(frozen=True, slots=True)
class ReturnPoint:
    """A call that ended without anybody leaving it."""

    path: Path
    link: str
    """Without its key."""
    room: str
    needs_key: bool
    """Whether the link had a key, which is in the keyring, if anywhere."""
    hosted: bool
    """Whether the server ran in the process that is gone."""
    user_id: str = ""
    """Who we were: with the same id the others see us once, not twice. Empty in files of older versions."""

    @property
    def key_name(self) -> str:
        """The name of the key in the keyring."""
        return key_name(self.path)

    def whole_link(self, key: str) -> str:
        """The link to join with."""
        return with_key(self.link, key)


def key_name(path: Path) -> str:
    """The name in the keyring of the key of the link in this file."""
    return f"return {path.stem}"


def new_path(folder: Path) -> Path:
    """Where a window writes down its call."""
    return folder / f"call-{secrets.token_hex(8)}.json"


def write_point(path: Path, link: str, room: str, *, hosted: bool, user_id: str = "") -> None:
    """Write down where this process is. Waits for the disk.

    Raises:
        OSError: it cannot be written.
    """
    public, key = without_key(link)
    content = {
        "link": public,
        "room": room,
        "needs_key": bool(key),
        "hosted": hosted,
        "user_id": user_id,
        "pid": os.getpid(),
        "started_s": psutil.Process().create_time(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:  # mkstemp makes it 0600
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(content, file)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def touch_point(path: Path) -> None:
    """The call still goes on."""
    with contextlib.suppress(OSError):
        os.utime(path)


def remove_point(path: Path) -> None:
    """The call was left, or is returned to."""
    with contextlib.suppress(OSError):
        path.unlink()


def find_point(folder: Path, now_s: float | None = None) -> tuple[ReturnPoint | None, list[Path]]:
    """The newest call of a process that is gone, and the files that are of no use any more, which are removed.

    Never raises; what is damaged is logged.
    """
    now_s = time.time() if now_s is None else now_s
    points: list[tuple[float, ReturnPoint]] = []
    useless: list[Path] = []
    try:
        paths = sorted(each for each in folder.iterdir() if _NAME.fullmatch(each.name))[:MAX_FILES]
    except OSError:
        return None, []
    for path in paths:
        try:
            changed_s, content = _read(path)
            if _lives(content):
                continue
            if not -60 <= now_s - changed_s <= MAX_AGE_S:
                useless.append(path)
                continue
            user_id = content.get("user_id")
            point = ReturnPoint(
                path,
                content["link"],
                content["room"],
                content["needs_key"],
                content["hosted"],
                user_id if isinstance(user_id, str) and _USER_ID.fullmatch(user_id) else "",
            )
            points.append((changed_s, point))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            logger.warning("%s is damaged and is not used: %s", path.name, type(error).__name__)
            useless.append(path)
    points.sort(key=lambda each: each[0])
    useless += [point.path for _, point in points[:-1]]
    for path in useless:
        remove_point(path)
    return (points[-1][1] if points else None), useless


def _read(path: Path) -> tuple[float, dict[str, Any]]:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
        raise ValueError("no small regular file")
    content = json.loads(path.read_bytes().decode("ascii"))
    kinds = {"link": str, "room": str, "needs_key": bool, "hosted": bool, "pid": int, "started_s": float}
    if not isinstance(content, dict) or any(
        not isinstance(content.get(name), kind) for name, kind in kinds.items()
    ):
        raise ValueError("values of wrong types")
    return status.st_mtime, content


def _lives(content: dict[str, Any]) -> bool:
    """Whether the process is still the one that wrote the file."""
    try:
        started_s = psutil.Process(content["pid"]).create_time()
    except (psutil.Error, ValueError, OverflowError):
        return False
    return bool(abs(started_s - content["started_s"]) < _START_TOLERANCE_S)
