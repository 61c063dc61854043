"""Tells the person of a newer version: a quiet notice in the lobby, with its page and "not this version"."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from desktop_app.settings.update_address import is_safe_page
from desktop_app.updates.feed import UpdateError
from desktop_app.updates.version import parse_version

from .async_slots import run_coroutine
from .notice_bar import Offer

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.engine.port import EnginePort
    from desktop_app.settings.schema import Settings
    from desktop_app.updates.feed import Release
    from desktop_app.updates.memory import UpdateMemory

    from .main_window import MainWindow

logger = logging.getLogger(__name__)

LOOK_AGAIN_MS = 3_600_000
"""A window that stays open for days looks every hour whether a day is over."""
CODE = "update"
PAGE, SKIP = "Open its page", "Not this version"


def is_newer(release: Release, current: str) -> bool:
    """Whether it is newer than what runs; of a program that does not know its own version nothing is."""
    try:
        return parse_version(current) < release.version
    except ValueError:
        return False


def open_page(page: str) -> bool:
    """Send the browser there, to https alone; False when there is none."""
    return is_safe_page(page) and QDesktopServices.openUrl(QUrl(page, QUrl.ParsingMode.StrictMode))


async def ask(engine: EnginePort, memory: UpdateMemory, url: str) -> Release:
    """Ask now, whenever was asked last.

    Raises:
        UpdateError: it could not be found out.
    """
    await asyncio.to_thread(memory.asks, url, time.time(), only_when_due=False)
    release = await engine.newest_release(url)
    await asyncio.to_thread(memory.found, url, release)
    return release


class Updates(QObject):
    """One for a window, from `start` on. What touches the disk is on worker threads, the network is the engine's."""

    def __init__(
        self,
        engine: EnginePort,
        window: MainWindow,
        memory: UpdateMemory,
        current: str,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(window)
        self._engine = engine
        self._window = window
        self._memory = memory
        self._current = current
        self._now_s = now_s
        self._waiting: Release | None = None
        self._wanted = self._wish(window.controller.settings)
        self._turn = asyncio.Lock()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_AGAIN_MS)
        self._timer.timeout.connect(self.look)

    @property
    def has_news(self) -> bool:
        """Whether a version waits for the end of a call to be told."""
        return self._waiting is not None

    def start(self) -> None:
        """Look now and from time to time; needs the running loop."""
        self._window.pages.currentChanged.connect(lambda _index: self._show())
        self._window.controller.settings_changed.connect(self._use_settings)
        self._window.controller.before_close.append(self._stop)
        self._timer.start()
        self.look()

    async def _stop(self) -> None:
        self._timer.stop()

    @staticmethod
    def _wish(settings: Settings) -> str:
        return settings.updates_url if settings.updates_check else ""

    def _use_settings(self, settings: Settings) -> None:
        wanted = self._wish(settings)
        if wanted != self._wanted:
            self._wanted = wanted
            self._waiting = None
            self._window.notices.remove(CODE)
            self.look()

    def look(self) -> None:
        """Ask when it is time, and tell what is known."""
        if self._wanted:
            run_coroutine(self, self._look(self._wanted), lambda _sentence: None)

    async def _look(self, url: str) -> None:
        async with self._turn:
            is_time, remembered = await asyncio.to_thread(
                self._memory.asks, url, self._now_s(), only_when_due=True
            )
            release = remembered.release(url)
            if is_time:
                try:
                    release = await self._engine.newest_release(url)
                except UpdateError as error:
                    logger.info("the newest version is not known: %s", error)
                else:
                    await asyncio.to_thread(self._memory.found, url, release)
        if release is not None and is_newer(release, self._current) and not remembered.is_skipped(release):
            logger.info("version %s is available", release.version)
            if url == self._wanted:
                self._waiting = release
                self._show()

    def _show(self) -> None:
        """Not in a call, where nobody wants to hear of it."""
        release = self._waiting
        if release is None or self._window.pages.currentWidget() is not self._window.lobby:
            return
        self._waiting = None
        self._window.notices.show_notice(
            "info",
            f"Bridgecall {release.version} is available. This is version {self._current}.",
            CODE,
            lasting=True,
            offers=(Offer(PAGE, lambda: self._open(release)), Offer(SKIP, lambda: self._skip(release))),
        )

    def _open(self, release: Release) -> None:
        self._window.notices.remove(CODE)
        if not open_page(release.page):
            self._window.notices.show_notice("info", f"The page is {release.page}", CODE, lasting=True)

    def _skip(self, release: Release) -> None:
        self._window.notices.remove(CODE)
        run_coroutine(self, asyncio.to_thread(self._memory.skip, release), lambda _sentence: None)
