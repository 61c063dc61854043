"""A lock between processes for the moment of a read-modify-write."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger(__name__)

PATIENCE_S = 2.0
_POLL_S = 0.02


@contextlib.contextmanager
def file_lock(path: Path, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the lock file `path` (made when missing, never removed: removing it would let two hold it).

    After `patience_s` it goes on without: somebody who hangs with the lock must not hang everybody.

    Raises:
        OSError: the lock file cannot be made.
    """
    if sys.platform == "win32":
        yield  # there the last of two simultaneous writers wins; the file is still never half written
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        deadline_s = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    logger.warning("%s is held by another process; going on without it", path)
                    break
                time.sleep(_POLL_S)
            except OSError:  # some network disks know no locks; the settings are still replaced as a whole
                logger.info("%s cannot be locked; going on without it", path, exc_info=True)
                break
        yield
    finally:
        os.close(descriptor)
