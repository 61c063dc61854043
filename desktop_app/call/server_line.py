"""The connection to the server: made once, and made again as often as it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from desktop_app.core.tasks import TaskOwner
from desktop_app.rtc.attempts import attempt_times
from desktop_app.signaling.client import SignalingClient
from desktop_app.signaling.errors import ConnectError
from desktop_app.signaling.passwords import PASSWORD_CODES

from .doors import FINAL_CODES

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.protocol.messages import ServerMessage, Welcome
    from desktop_app.signaling.machine import SignalingMachine

logger = logging.getLogger(__name__)

FAREWELL_LIMIT_S = 3.0
"""For telling a server that we lost that we have left."""


class ServerLine:
    """One call's. Lives on the engine loop.

    Args:
        machine: what is said, and heard.
        url: ws:// or wss://
        fingerprint_sha256: the certificate that the server must have, if the link named one.
        on_message: told of everything after a welcome.
        on_lost: told a sentence when the connection is lost; it is made again already.
        on_back: told the welcome when we are in the room again.
        on_refused: told why the server does not let us in again; nothing more is tried.
    """

    def __init__(
        self,
        machine: SignalingMachine,
        url: str,
        fingerprint_sha256: str | None,
        *,
        on_message: Callable[[ServerMessage], None],
        on_lost: Callable[[str], None],
        on_back: Callable[[Welcome], None],
        on_refused: Callable[[ConnectError], None],
    ) -> None:
        self._machine = machine
        self._url = url
        self._fingerprint = fingerprint_sha256
        self._on_message = on_message
        self._on_lost = on_lost
        self._on_back = on_back
        self._on_refused = on_refused
        self._loop = asyncio.get_running_loop()
        self._client: SignalingClient | None = None
        self._tasks = TaskOwner("server line")
        self._farewell = TaskOwner("server line farewell")
        self._hurry = asyncio.Event()
        self._is_away = False
        self._closed = False

    async def connect(self) -> Welcome:
        """Enter the room for the first time.

        Raises:
            ConnectError: with the sentence for the person.
        """
        self._client = self._make()
        return await self._client.connect()

    def _make(self) -> SignalingClient:
        return SignalingClient(
            self._machine,
            self._url,
            fingerprint_sha256=self._fingerprint,
            on_message=self._on_message,
            on_lost=self._lost,
        )

    def flush(self) -> None:
        """Send what the machine has to say, soon."""
        if self._client is not None:
            self._client.flush()

    def check_now(self, gone: frozenset[str] = frozenset()) -> None:
        """The network may have changed: find out whether the connection lives; while it is lost, try at once.

        Args:
            gone: addresses that this machine has no longer.
        """
        if self._is_away:
            self._hurry.set()
        elif self._client is not None:
            self._client.check_now(gone)

    def _lost(self, reason: str) -> None:
        if self._closed or self._is_away:
            return
        self._is_away = True
        self._on_lost(reason)
        self._tasks.spawn(self._come_back(), name="come back")

    async def _come_back(self) -> None:
        while True:
            begun_s = self._loop.time()
            self._hurry.clear()
            for at_s in attempt_times():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(begun_s + at_s):
                        await self._hurry.wait()
                if await self._try():
                    return
                if self._hurry.is_set():
                    break  # and begin anew

    async def _try(self) -> bool:
        """True when there is no more to try."""
        if self._client is not None:
            await self._client.abandon()
        client = self._client = self._make()
        try:
            welcome = await client.connect()
        except ConnectError as error:
            if error.code in FINAL_CODES and not self._has_other_password(error.code):
                self._is_away = False
                self._on_refused(error)
                return True
            logger.info("the server is still away: %s", error)
            return False
        self._is_away = False
        self._on_back(welcome)
        return True

    def _has_other_password(self, code: str) -> bool:
        return code in PASSWORD_CODES and self._machine.passwords.refused(self._loop.time())

    async def close(self) -> None:
        """Leave the room; a server that we lost is told in the background, if it keeps a place for us."""
        if self._closed:
            return
        self._closed = True
        await self._tasks.close()
        client = self._client
        if self._is_away and self._machine.can_resume:
            if client is not None:
                await client.abandon()
            self._farewell.spawn(self._say_farewell(), name="say it")
        elif client is not None:
            await client.close()

    async def _say_farewell(self) -> None:
        client = SignalingClient(
            self._machine,
            self._url,
            fingerprint_sha256=self._fingerprint,
            on_message=lambda _message: None,
            on_lost=lambda _reason: None,
        )
        try:
            async with asyncio.timeout(FAREWELL_LIMIT_S):
                await client.connect()
        except (ConnectError, TimeoutError) as error:
            logger.info("the server could not be told that we left: %s", error)
        finally:
            await client.close()

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left."""
        await self._farewell.drain()
