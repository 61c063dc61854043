"""Each connection is an open file, and systems allow 1024 of them unless a program asks for more."""

from __future__ import annotations

import logging
import sys

logger = logging.getLogger(__name__)

SPARE = 1128
"""For everything that is not a client: the log, Redis, Janus, the listening socket; and for a thousand connections that
are no WebSockets, or not yet."""


def allow_connections(number: int) -> None:
    """Raise the process' limit of open files, as far as it may; what it may not is said in the log."""
    if sys.platform == "win32":
        return  # there is no such limit
    import resource

    wanted = number + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        may = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (may, hard))
        except (OSError, ValueError):
            may = soft
        if may < wanted:
            logger.warning("%d connections need %d open files, and only %d are allowed", number, wanted, may)
