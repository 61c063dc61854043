"""The files that the bot sends and receives, and what it prints of them."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.call.files_config import FilesConfig
from desktop_app.core.errors import UserFacingError
from desktop_app.data.events import TransferChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.call.events import CallEvent
    from desktop_app.call.session import Session
    from desktop_app.data.events import Transfer, TransferState

    from .arguments import BotArguments

REPORT_INTERVAL_S = 1.0


def files_config(arguments: BotArguments) -> FilesConfig:
    """What the command line says of files."""
    owner = f"bot-{hashlib.sha256(arguments.name.encode()).hexdigest()[:16]}"
    if arguments.receive_dir is None:
        return FilesConfig(owner=owner, answer="decline", standing_offers=arguments.send_files)
    return FilesConfig(Path(arguments.receive_dir), owner, "accept", arguments.send_files)


class Files:
    """Prints a `file` event at each change of state, and once a second between. Lives on the bot's loop."""

    def __init__(
        self, session: Session, write: Callable[..., None], *, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._session = session
        self._write = write
        self._now_s = now_s
        self._printed: dict[str, tuple[TransferState, int, float]] = {}
        session.events.subscribe(self._report)

    async def send(self, path: str, to: str | None) -> None:
        """Offer a file to everybody, or to one participant; an `error` event tells why it could not be offered."""
        try:
            await self._session.data.files.send_files([path], to)
        except UserFacingError as error:
            self._write("error", code=error.code, message=str(error))

    def _report(self, event: CallEvent) -> None:
        if not isinstance(event, TransferChanged):
            return
        transfer, now_s = event.transfer, self._now_s()
        state, resumed_from, at_s = self._printed.get(transfer.transfer_id, (None, 0, 0.0))
        is_new = (state, resumed_from) != (transfer.state, transfer.resumed_from)
        if not is_new and now_s - at_s < REPORT_INTERVAL_S:
            return
        self._printed[transfer.transfer_id] = (transfer.state, transfer.resumed_from, now_s)
        if transfer.state in ("done", "declined", "cancelled", "failed"):
            del self._printed[transfer.transfer_id]
        self._print(transfer)

    def _print(self, transfer: Transfer) -> None:
        self._write(
            "file",
            direction=transfer.direction,
            user=transfer.user_id,
            name=transfer.name,
            size=transfer.size_bytes,
            sha256=transfer.sha256 or None,
            path=transfer.path or None,
            state=transfer.state,
            mbit_s=round(transfer.rate_bytes_s * 8e-6, 3),
            resumed_from=transfer.resumed_from,
            done=transfer.done_bytes,
            moved=transfer.moved_bytes,
            message=transfer.message or None,
        )
