"""The system's keyring (Secret Service, Keychain, Credential Locker) by the `keyring` package.

D-Bus and its dialogs may block for as long as they like, and a backend may hang: everything runs on one daemon thread,
and each request has a limit. After a request that took longer nothing more is asked for in this run of the program.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

logger = logging.getLogger(__name__)
T = TypeVar("T")

LIMIT_S = 8.0
"""The first request may have to wait for the person, who unlocks the keyring."""
MIN_PRIORITY = 1.0
"""As keyring.core.recommended has it: what is below keeps secrets in plain text, or not at all."""


class Vault:
    """Made on any thread; its coroutines may be awaited on any loop. Nothing that it does raises or logs a secret."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._requests: queue.SimpleQueue[tuple[Callable[[Any], Any], Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None
        self._gave_up = False
        # Portable installations and tests have secrets of their own.
        home = os.environ.get("BRIDGECALL_HOME")
        self._service = f"Bridgecall {home}" if home else "Bridgecall"

    async def available(self) -> bool:
        """Whether there is a keyring that keeps secrets."""
        return await self._ask(lambda keyring: _is_safe(keyring.get_keyring()), False)

    async def load(self, names: Iterable[str]) -> dict[str, str]:
        """Those of the secrets that it has."""
        wanted = tuple(names)

        def get(keyring: Any) -> dict[str, str]:
            if not _is_safe(keyring.get_keyring()):
                return {}
            found = {name: keyring.get_password(self._service, name) for name in wanted}
            return {name: secret for name, secret in found.items() if isinstance(secret, str)}

        return await self._ask(get, {}) if wanted else {}

    async def save(self, secrets: Mapping[str, str]) -> bool:
        """Keep these; whether that was done."""
        kept = dict(secrets)

        def put(keyring: Any) -> bool:
            if not _is_safe(keyring.get_keyring()):
                return False
            for name, secret in kept.items():
                if keyring.get_password(self._service, name) != secret:
                    keyring.set_password(self._service, name, secret)
            return True

        return await self._ask(put, False)

    async def remove(self, names: Iterable[str]) -> None:
        """Forget these."""
        gone = tuple(names)

        def delete(keyring: Any) -> None:
            if not _is_safe(keyring.get_keyring()):
                return
            for name in gone:
                with contextlib.suppress(keyring.errors.PasswordDeleteError):
                    keyring.delete_password(self._service, name)

        if gone:
            await self._ask(delete, None)

    def close(self) -> None:
        """End the thread once it has done what it was asked for; nothing more is asked. Does not wait."""
        self._gave_up = True
        if self._thread is not None:
            self._requests.put(None)

    async def _ask(self, work: Callable[[Any], T], otherwise: T) -> T:
        if self._gave_up:
            return otherwise
        answer: Future[T] = Future()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="keyring", daemon=True)
            self._thread.start()
        self._requests.put((work, answer))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(answer), self._limit_s)
        except TimeoutError:
            self._gave_up = True
            logger.warning(
                "the keyring does not answer within %.0f s; it is not used any more", self._limit_s
            )
        except Exception as error:  # noqa: BLE001 - backends raise what they like, and their texts may hold anything
            logger.warning("the keyring refuses: %s", type(error).__name__)
        return otherwise

    def _run(self) -> None:
        import keyring  # here, for its backends take their time to be found
        import keyring.errors

        while (request := self._requests.get()) is not None:
            work, answer = request
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                answer.set_result(work(keyring))
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
                answer.set_exception(error)


def _is_safe(backend: Any) -> bool:
    return float(getattr(backend, "priority", 0)) >= MIN_PRIORITY
