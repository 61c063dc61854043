"""The composition root of the window: builds and wires everything, the only place that knows all."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from typing import TYPE_CHECKING, Literal, cast

import qasync  # type: ignore[import-untyped]
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

import desktop_app
from desktop_app.core.log import setup_file_logging
from desktop_app.core.paths import calls_dir, log_file, settings_file, updates_file
from desktop_app.engine.qt_bridge import EngineBridge
from desktop_app.engine.system_permissions import system_permissions
from desktop_app.handover import Handover, hand_over
from desktop_app.hosting import InProcessHost
from desktop_app.media.qt_audio import QtAudioBackend
from desktop_app.network_watch import watch_network
from desktop_app.settings.keeper import NO_KEYRING, SettingsKeeper
from desktop_app.settings.schema import SettingsError
from desktop_app.settings.store import SettingsStore
from desktop_app.settings.vault import Vault
from desktop_app.ui.async_slots import run_coroutine
from desktop_app.ui.link_opener import LinkOpener
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.theme import apply_theme
from desktop_app.ui.updates import Updates
from desktop_app.updates.memory import UpdateMemory

if TYPE_CHECKING:
    from desktop_app.arguments import AppArguments
    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.store import LoadResult

logger = logging.getLogger(__name__)

APPLICATION_ID = "org.bridgecall.Bridgecall"
"""The name of the desktop file without its suffix (freedesktop.org Desktop Entry Specification, "File naming")."""


def make_application() -> QApplication:
    """Qt's own, with our names."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Bridgecall")
    application.setApplicationVersion(desktop_app.__version__)
    application.setDesktopFileName(APPLICATION_ID)
    application.setQuitOnLastWindowClosed(False)  # the window closes the call first, then quits
    return application


def run(arguments: AppArguments) -> int:
    """Open the window and run until it is closed; returns the exit status."""
    setup_file_logging(log_file(), verbose=arguments.verbose)
    logger.info("Bridgecall %s starts", desktop_app.__version__)
    application = make_application()
    if arguments.clicked is not None and arguments.name is None and hand_over(arguments.clicked):
        logger.info("the link is given to the program that runs already")
        return 0
    vault = Vault()
    keeper = SettingsKeeper(SettingsStore(settings_file()), vault)
    loaded = keeper.load()
    settings = loaded.settings
    if arguments.name is not None:
        try:
            settings = settings.replace(display_name=arguments.name)
        except SettingsError as error:
            print(error, file=sys.stderr)  # noqa: T201 - the answer to a wrong command line
            return 2
    apply_theme(application, cast("Literal['system', 'light', 'dark']", settings.appearance))

    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    backend = QtAudioBackend()
    bridge = EngineBridge(backend=backend, make_host=InProcessHost, permissions=system_permissions())
    window = MainWindow(
        bridge,
        settings=settings,
        save_settings=keeper.save,
        initial_invite=arguments.invite,
        notice=loaded.notice,
        calls_folder=calls_dir(),
        vault=vault,
    )
    window.closed.connect(loop.stop)
    interrupts = _close_on_signals(window)
    opener = LinkOpener(window)
    handover = Handover(window)
    handover.received.connect(opener.open)
    if sys.platform == "darwin":
        opener.watch(application)
    updates = Updates(bridge, window, UpdateMemory(updates_file()), desktop_app.__version__)

    async def begin() -> None:
        window.start()
        handover.listen()
        watch_network(bridge.network_changed)
        updates.start()
        secrets = run_coroutine(window, take_secrets(window, keeper, loaded), lambda _sentence: None)
        if any(each.startswith("turn") and "," not in each for each in settings.ice_servers):
            await asyncio.wait((secrets,))  # a call that begins now needs its relays
        if arguments.host:
            window.controller.invite_changed.connect(_print_link)
            window.start_call()
        elif arguments.clicked is not None:
            opener.open(arguments.clicked)
        elif arguments.join and arguments.invite is not None:
            window.join(arguments.invite)

    loop.call_soon(lambda: run_coroutine(window, begin()))
    try:
        with loop:
            loop.run_forever()
            loop.run_until_complete(bridge.close())
    finally:
        handover.close()
        interrupts.stop()
        backend.close()
        vault.close()
    logger.info("Bridgecall ends")
    return 0


async def take_secrets(window: MainWindow, keeper: SettingsKeeper, loaded: LoadResult) -> None:
    """Give the window what the keyring has; take secrets out of a file of an older version."""
    settings = await keeper.with_secrets(loaded.settings)
    notice = "" if await keeper.has_keyring() else NO_KEYRING
    if loaded.had_secrets:
        await keeper.save(settings)
        if notice and any("," in each for each in settings.ice_servers):
            window.notices.show_notice("warning", notice, "keyring")
    window.take_secrets(loaded.settings, settings, notice)


def _print_link(invite: Invite | None) -> None:
    """Who starts a call from a terminal or a script gets the link there, too."""
    if invite is not None:
        print(invite.link(), flush=True)  # noqa: T201


def _close_on_signals(window: MainWindow) -> QTimer:
    """SIGTERM and SIGINT close the window as its button does."""

    def handle(_number: int, _frame: object) -> None:
        QTimer.singleShot(0, window.close)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    # Python runs signal handlers between bytecodes only: Qt's loop has to come back to Python now and then.
    timer = QTimer()
    timer.timeout.connect(lambda: None)
    timer.start(250)
    return timer
