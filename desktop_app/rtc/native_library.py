"""Finds the codec libraries that PyAV's wheel brings along, or the system's.

FFmpeg hides what a call needs of them: libvpx's bitrate cannot be changed while it encodes, and libopus's
concealment and in-band FEC cannot be reached. The same libraries, asked directly, give both; ctypes releases the
interpreter's lock during every call.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
from pathlib import Path

import av

logger = logging.getLogger(__name__)


class NativeLibraryError(Exception):
    """The library is not there, or is not of the kind that its binding was written for."""


def _bundled(name: str) -> list[Path]:
    package = Path(av.__file__).resolve().parent
    folders = (package.parent / "av.libs", package / ".dylibs", package)
    patterns = (f"lib{name}[-.]*so*", f"lib{name}[-.]*dylib", f"lib{name}[-.]*dll", f"{name}[-.]*dll")
    return [path for folder in folders for pattern in patterns for path in sorted(folder.glob(pattern))]


def load(name: str, *, keep_lock: bool = False) -> ctypes.CDLL:
    """Load `lib<name>`: the copy beside PyAV first, since it is there wherever we are installed.

    Args:
        name: of the library.
        keep_lock: whether calls keep the interpreter's lock. Where they take less than 0.1 ms that is better: on a
            computer that is short of time a thread that gives the lock away may wait for many milliseconds until it
            has it again, at each call.

    Raises:
        NativeLibraryError: there is none.
    """
    candidates = [str(path) for path in _bundled(name)]
    system = ctypes.util.find_library(name)
    if system is not None:
        candidates.append(system)
    for candidate in candidates:
        try:
            return ctypes.PyDLL(candidate) if keep_lock else ctypes.CDLL(candidate)
        except OSError:
            logger.info("%s cannot be loaded", candidate, exc_info=True)
    raise NativeLibraryError(f"lib{name} was not found")
