"""What incoming and outgoing transfers have in common. Pure: no clock, no disk, no network.

A machine is told what happened. It leaves messages for the other end in `outbox`, and says with `next_job` what is to
be done on a worker thread: one job at a time, whose outcome it is told before it names the next.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from desktop_app.data.messages.files import FileCancel

from .errors import CANCELLED, peer_sentence

if TYPE_CHECKING:
    from desktop_app.core.errors import UserFacingError
    from desktop_app.data.events import TransferState
    from desktop_app.data.messages.files import FilesMessage

ENDED: frozenset[TransferState] = frozenset(("done", "declined", "cancelled", "failed"))


class TransferMachine(ABC):
    """One file, one participant."""

    def __init__(self, transfer_id: str, name: str, size_bytes: int) -> None:
        self.transfer_id = transfer_id
        self.name = name
        """Cleaned."""
        self.size_bytes = size_bytes
        self.state: TransferState = "offered"
        self.message = ""
        """One sentence, when it failed."""
        self.done_bytes = 0
        """What the receiver has on its disk."""
        self.resumed_from = 0
        self.sha256 = ""
        self.number = 0
        """Of the newest offer."""
        self.is_connected = False
        """Whether the offer was made on a connection that is still there."""
        self.is_accepted = False
        self.outbox: list[FilesMessage] = []
        self._job: object | None = None
        """What was handed out and has no outcome yet."""

    @property
    def is_over(self) -> bool:
        """Nothing more happens, but what is to be cleaned up."""
        return self.state in ENDED

    @abstractmethod
    def next_job(self) -> object | None:
        """What is to be done on a worker thread now; None: nothing, or the outcome of the last one is not known."""

    @abstractmethod
    def needs(self, job: object) -> bool:
        """Whether a job that runs is of use still; only one that may take long is ever not."""

    def stopped(self) -> None:
        """A job that was not needed any more has ended without an outcome."""
        self._job = None

    @abstractmethod
    def lost(self) -> None:
        """The connection is gone."""

    def cancel(self) -> None:
        """The person ends it."""
        if not self.is_over and not self._is_too_late():
            self._tell_end(CANCELLED)
            self._end("cancelled")

    def peer_cancelled(self, code: str) -> None:
        """The other end ends it; `code` may be anything."""
        if not self.is_over and not self._is_too_late():
            if code == CANCELLED:
                self._end("cancelled")
            else:
                self._end("failed", peer_sentence(code))

    def failed(self, error: UserFacingError) -> None:
        """A job, or what came, went wrong."""
        self._job = None
        if not self.is_over:
            self._tell_end(error.code)
            self._end("failed", str(error))

    def _tell_end(self, code: str) -> None:
        self.outbox.append(FileCancel(transfer_id=self.transfer_id, code=code[:32]))

    def _is_too_late(self) -> bool:
        return False

    def _end(self, state: TransferState, message: str = "") -> None:
        self.state = state
        self.message = message
