"""Media files: which words of a setting mean one, and opening one that may be anything."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import av

from desktop_app.media.errors import DeviceError

if TYPE_CHECKING:
    from av.container import InputContainer

_PICTURES = (".gif", ".jpeg", ".jpg", ".png")
_FILMS = (
    ".3gp",
    ".avi",
    ".flv",
    ".h264",
    ".ivf",
    ".m4v",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpeg",
    ".mpg",
    ".ogv",
    ".ts",
)
_SOUNDS = (".aac", ".aif", ".aiff", ".au", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma")
_SUFFIXES = (*_PICTURES, *_FILMS, *_SOUNDS, ".webm", ".wmv", ".y4m")


def is_file_spec(spec: str) -> bool:
    """Whether `spec` means a file: one that exists, or one that plainly should (a path, or a name like film.mp4).

    A slash alone says nothing: "Family 17h/19h HD Audio" is a sound card.
    """
    if not spec or spec.isdecimal():
        return False
    try:
        return not stat.S_ISCHR(Path(spec).expanduser().stat().st_mode)  # /dev/video0 is a device
    except (OSError, ValueError, RuntimeError):
        if spec.startswith("/dev/"):
            return False
        looks_like_path = spec.startswith(("/", "./", "../", "~/", ".\\", "\\\\")) or spec[1:3] in (
            ":\\",
            ":/",
        )
        return looks_like_path or spec.lower().endswith(_SUFFIXES)


def open_media_file(path: Path) -> InputContainer:
    """Open a media file that may be anything; raises DeviceError with a sentence that names the problem."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise DeviceError(f'The file "{path.name}" does not exist.') from error
    except (OSError, ValueError) as error:
        raise DeviceError(f'The file "{path.name}" cannot be opened: {_reason(error)}.') from error
    if not stat.S_ISREG(status.st_mode):  # a pipe would block for ever
        raise DeviceError(f'"{path.name}" is not a file.')
    if status.st_size == 0:
        raise DeviceError(f'The file "{path.name}" is empty.')
    try:
        # A play list inside the file must not make us open addresses of somebody else's choice.
        return av.open(str(path), options={"protocol_whitelist": "file"}, metadata_errors="ignore")
    except PermissionError as error:
        raise DeviceError(f'The file "{path.name}" may not be read by this account.') from error
    except (OSError, ValueError, EOFError) as error:  # PyAV's errors are OSErrors and ValueErrors
        raise DeviceError(f'The file "{path.name}" is not a media file that can be played.') from error


def _reason(error: BaseException) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
