"""Settings and their secrets together: the file for the one, the system's keyring for the other."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .schema import SettingsError
from .secrets import secret_names, with_secrets, without_secrets

if TYPE_CHECKING:
    from .schema import Settings
    from .store import LoadResult, SettingsStore
    from .vault import Vault

logger = logging.getLogger(__name__)

NO_KEYRING = (
    "There is no system keyring here that could keep secrets. "
    "User names and secrets of TURN servers are forgotten when Bridgecall ends."
)


class SettingsKeeper:
    """What the window loads from and saves to."""

    def __init__(self, store: SettingsStore, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._in_vault: dict[str, str] = {}
        """What this program has seen in the keyring or put into it."""

    def load(self) -> LoadResult:
        """The settings without the secrets of the keyring, for nothing here may wait for it."""
        return self._store.load()

    async def has_keyring(self) -> bool:
        """Whether secrets outlive the program."""
        return await self._vault.available()

    async def with_secrets(self, settings: Settings) -> Settings:
        """`settings` with the secrets that the keyring has."""
        found = await self._vault.load(secret_names(settings))
        self._in_vault |= found
        try:
            return with_secrets(settings, found)
        except SettingsError:
            logger.warning("a secret in the keyring is damaged and is not used")
            return settings

    async def save(self, settings: Settings) -> None:
        """Keep the secrets in the keyring, where there is one, and then the rest in the file.

        Raises:
            SettingsError: the file cannot be written.
        """
        public, secrets = without_secrets(settings)
        fresh = {name: secret for name, secret in secrets.items() if self._in_vault.get(name) != secret}
        if fresh and await self._vault.save(fresh):
            self._in_vault |= fresh
        # A bare address may belong to a secret that could not be had just now: that one stays.
        gone = [name for name in self._in_vault if name not in secrets and name not in secret_names(public)]
        if gone:
            await self._vault.remove(gone)
            for name in gone:
                del self._in_vault[name]
        await self._store.save_in_background(public)
