"""`bridgecall --test-connection`: the connection test of the settings, for a terminal."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

from desktop_app.core.log import setup_file_logging
from desktop_app.core.paths import log_file, settings_file
from desktop_app.engine.core import EngineCore
from desktop_app.engine.test_report import report
from desktop_app.hosting import InProcessHost
from desktop_app.media.qt_audio import QtAudioBackend
from desktop_app.settings.store import SettingsStore

if TYPE_CHECKING:
    from desktop_app.arguments import AppArguments
    from desktop_app.engine.port import TestLine
    from desktop_app.media.audio_backend import AudioBackend
    from desktop_app.settings.schema import Settings

logger = logging.getLogger(__name__)


def run(arguments: AppArguments) -> int:
    """Print the lines as they come; 0 when nothing failed, else 1."""
    setup_file_logging(log_file(), verbose=arguments.verbose)
    settings = SettingsStore(settings_file()).load().settings
    if arguments.invite is not None:
        settings = settings.replace(last_target=arguments.invite.link())
    backend = QtAudioBackend()
    try:
        lines = asyncio.run(_test(settings, backend))
    except KeyboardInterrupt:
        return 1
    finally:
        backend.close()
    return 1 if any(line.verdict == "fail" for line in lines) else 0


async def _test(settings: Settings, backend: AudioBackend) -> tuple[TestLine, ...]:
    core = EngineCore(backend=backend, host=InProcessHost(), emit=lambda _event: None)
    try:
        return await core.test_connection(settings, _print)
    finally:
        await core.close()


def _print(line: TestLine) -> None:
    if line.verdict == "running":
        return
    text = report((line,))
    if sys.stdout is None:  # a windowed program of Windows: the log is all there is
        logger.info("%s", text)
        return
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
