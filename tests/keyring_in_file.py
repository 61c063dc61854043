"""A keyring backend for tests: a JSON file at BRIDGECALL_TEST_KEYRING, so that it outlives a killed process.

PYTHON_KEYRING_BACKEND=tests.keyring_in_file.KeyringInFile selects it (the keyring package reads that).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

if TYPE_CHECKING:
    from collections.abc import Mapping

BACKEND = f"{__name__}.KeyringInFile"
VARIABLE = "BRIDGECALL_TEST_KEYRING"


def environment(path: Path) -> Mapping[str, str]:
    """What a process needs to use this keyring."""
    return {"PYTHON_KEYRING_BACKEND": BACKEND, VARIABLE: str(path)}


class KeyringInFile(KeyringBackend):
    """Counts as a good one."""

    priority = 5.0

    def _entries(self) -> dict[str, str]:
        path = Path(os.environ[VARIABLE])
        found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def _write(self, entries: dict[str, str]) -> None:
        Path(os.environ[VARIABLE]).write_text(json.dumps(entries))

    def get_password(self, service: str, username: str) -> str | None:
        """The password, or None."""
        return self._entries().get(f"{service}|{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self._write(self._entries() | {f"{service}|{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        entries = self._entries()
        if entries.pop(f"{service}|{username}", None) is None:
            raise PasswordDeleteError("there is none")
        self._write(entries)
