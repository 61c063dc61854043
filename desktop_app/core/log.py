"""Logging set-up: a rotating text file for the window, JSON lines for the server."""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

MAX_LOG_BYTES = 2_000_000
LOG_BACKUPS = 3
TEXT_FORMAT = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: t (Unix seconds), level, logger, message, and what the call gave as `extra`."""

    _STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "t": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry.update({k: v for k, v in vars(record).items() if k not in self._STANDARD})
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def _quiet_libraries() -> None:
    # aioice logs every candidate pair with both addresses at INFO; that is of use only when asked for.
    for name in ("aioice", "aiortc", "aiohttp.access", "asyncio", "qasync"):
        logging.getLogger(name).setLevel(logging.WARNING)


def setup_file_logging(path: Path, *, verbose: bool = False) -> None:
    """Log to `path` (rotated) and warnings to stderr; uncaught exceptions of all threads go to the log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=MAX_LOG_BYTES, backupCount=LOG_BACKUPS, encoding="utf-8"
    )
    if os.name == "posix":
        path.chmod(0o600)  # a log names people and addresses
    handlers: list[logging.Handler] = [handler]
    if sys.stderr is not None:  # a windowed program of Windows has none
        console = logging.StreamHandler(sys.stderr)
        console.setLevel(logging.DEBUG if verbose else logging.WARNING)
        handlers.append(console)
    for each in handlers:
        each.setFormatter(logging.Formatter(TEXT_FORMAT))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=handlers, force=True)
    _quiet_libraries()
    install_exception_hooks()


def setup_json_logging(*, verbose: bool = False) -> None:
    """Log JSON lines to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True)
    _quiet_libraries()
    install_exception_hooks()


def install_exception_hooks() -> None:
    """Send what nobody caught, on any thread, to the log with its traceback."""
    logger = logging.getLogger("desktop_app.uncaught")

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        logger.critical("uncaught exception", exc_info=(kind, error, trace))

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            hook(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = hook
    threading.excepthook = thread_hook
