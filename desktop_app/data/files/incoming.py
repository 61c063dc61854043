"""One file that is offered to us and comes in: a pure state machine (machine.py)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

from desktop_app.data.messages.files import FileAccept, FileCancel, FileDecline, FileDone, FileProgress

from .errors import BAD_DATA, CANCELLED, TOO_LONG, TOO_SHORT, own_error
from .frames import Frame, Kind
from .limits import MAX_UNWRITTEN_BYTES, PROGRESS_BYTES
from .machine import TransferMachine

if TYPE_CHECKING:
    from desktop_app.data.events import TransferState
    from desktop_app.data.messages.files import FilesMessage


@dataclass(frozen=True, slots=True)
class OpenPart:
    """Make or take up the part file; the outcome is `opened`."""


@dataclass(frozen=True, slots=True)
class WritePart:
    """Add these; the outcome is `wrote`."""

    pieces: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FinishPart:
    """Verify the digest and give the file its name; the outcome is `finished`."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class DiscardPart:
    """Delete the beginning; the outcome is `cleaned`."""


@dataclass(frozen=True, slots=True)
class ClosePart:
    """Let go of the beginning, which stays; the outcome is `cleaned`."""


IncomingJob: TypeAlias = OpenPart | WritePart | FinishPart | DiscardPart | ClosePart


class _Stage(Enum):
    IDLE = auto()
    """Nothing is expected: not accepted, or no connection."""
    OPENING = auto()
    READY = auto()
    """`file-accept` was sent; the beginning is expected."""
    FLOWING = auto()
    ENDING = auto()
    """All is there; what is left is for the disk."""


class Incoming(TransferMachine):
    """The receiver's side.

    Args:
        transfer_id: of the offer.
        name: cleaned.
        size_bytes: of the offer.
        is_accepted: it is taken up from a record.
    """

    def __init__(self, transfer_id: str, name: str, size_bytes: int, *, is_accepted: bool = False) -> None:
        super().__init__(transfer_id, name, size_bytes)
        self.path = ""
        self.is_accepted = is_accepted
        if is_accepted:
            self.state = "waiting"
        self._stage = _Stage.IDLE
        self._has_part = is_accepted
        self._is_open = False
        """Since it was accepted or taken up; what was found at the start is held without."""
        self._is_left = False
        """The sender has left the room."""
        self._expected = 0
        """The byte that the next frame begins with."""
        self._pieces: list[bytes] = []
        self._digest = b""
        self._told_bytes = 0

    # --- what happens -----------------------------------------------------------------------------

    def offered(self, number: int) -> None:
        """The sender offers it, for the first time or again."""
        self.is_connected = True
        self._is_left = False
        self.number = number
        if self.is_over:
            self.outbox.append(self._answer())
        elif self._stage is not _Stage.ENDING:
            self.state = "running" if self.is_accepted else "offered"
            if self.is_accepted:
                self._stage = _Stage.OPENING

    def lost(self) -> None:
        """The connection is gone. What has come is still written."""
        self.is_connected = False
        self.outbox.clear()
        if not self.is_over:
            self.state = "waiting"
            if self._stage is not _Stage.ENDING:
                self._stage = _Stage.IDLE

    def left(self) -> None:
        """The sender has left the room: the file is closed until somebody offers it again."""
        self._is_left = True

    def accept(self) -> None:
        """The person wants it."""
        if not self.is_over and not self.is_accepted:
            self.is_accepted = True
            self._stage = _Stage.OPENING
            self.state = "running" if self.is_connected else "waiting"

    def decline(self) -> None:
        """The person does not want it."""
        if not self.is_over and not self.is_accepted:
            self._end("declined")
            self.outbox.append(FileDecline(transfer_id=self.transfer_id))

    def frame(self, frame: Frame) -> None:
        """A frame with the number of the newest offer came."""
        if self.is_over or not self.is_connected or self._stage in (_Stage.IDLE, _Stage.OPENING):
            return  # nobody asked for it yet; what is missed by that ends the transfer later
        match frame.kind:
            case Kind.BEGIN:
                self._begin(frame.offset)
            case Kind.DATA:
                self._data(frame)
            case Kind.END:
                self._finish(frame)

    def tick(self) -> None:
        """A moment has passed: tell what was not told yet."""
        if self._stage is _Stage.FLOWING and self.is_connected and self.done_bytes != self._told_bytes:
            self._tell_progress()

    # --- outcomes of jobs -------------------------------------------------------------------------

    def next_job(self) -> IncomingJob | None:
        """What is to be done on a worker thread now."""
        if self._job is not None:
            return None
        job: IncomingJob | None = None
        if self.is_over:
            if self._has_part and self.state != "done":
                self._has_part = False
                job = DiscardPart()
        elif self._pieces:
            job = WritePart(tuple(self._pieces))
            self._pieces.clear()
        elif self._stage is _Stage.OPENING:
            self._has_part = self._is_open = True
            job = OpenPart()
        elif self._stage is _Stage.ENDING:
            job = FinishPart(self._digest)
        elif self._is_left and self._is_open:
            self._is_open = False
            job = ClosePart()
        self._job = job
        return job

    def needs(self, job: object) -> bool:
        """Reading back is in vain when nobody sends any more."""
        return not isinstance(job, OpenPart) or (not self.is_over and self._stage is _Stage.OPENING)

    def opened(self, offset: int, prefix_sha256: str | None) -> None:
        """So much is in the part file."""
        self._job = None
        if self.is_over:
            return
        self.done_bytes = self._told_bytes = self._expected = self.resumed_from = offset
        if self._stage is not _Stage.OPENING or not self.is_connected:
            self._stage = _Stage.IDLE
            return
        self._stage = _Stage.READY
        self.outbox.append(
            FileAccept(transfer_id=self.transfer_id, offset=offset, prefix_sha256=prefix_sha256)
        )

    def wrote(self, done_bytes: int) -> None:
        """The part file has so many bytes now."""
        self._job = None
        self.done_bytes = done_bytes
        if self.is_over or not self.is_connected or self._stage not in (_Stage.FLOWING, _Stage.ENDING):
            return
        if done_bytes - self._told_bytes >= PROGRESS_BYTES or done_bytes == self.size_bytes:
            self._tell_progress()

    def finished(self, path: str) -> None:
        """The file has its name."""
        self._job = None
        self.path = path
        self.sha256 = self._digest.hex()
        self._end("done")
        self.outbox.append(self._answer())

    def placed(self, path: str, sha256: str) -> None:
        """The file was verified before the program ended, and has its name now; "" when it had it already."""
        self.path = path
        self.sha256 = sha256
        self.done_bytes = self.size_bytes
        self._end("done")

    def cleaned(self) -> None:
        """The beginning is deleted or closed."""
        self._job = None

    # --- inside -----------------------------------------------------------------------------------

    def _begin(self, offset: int) -> None:
        if self._stage is not _Stage.READY or offset != self._expected:
            self.failed_by_peer(BAD_DATA)
        else:
            self._stage = _Stage.FLOWING

    def _data(self, frame: Frame) -> None:
        end = frame.offset + len(frame.payload)
        if end > self.size_bytes:
            self.failed_by_peer(TOO_LONG)
        elif end <= self._expected and self._stage in (_Stage.FLOWING, _Stage.ENDING):
            return  # again what is there already
        elif self._stage is not _Stage.FLOWING or frame.offset != self._expected:
            self.failed_by_peer(BAD_DATA)
        elif end - self.done_bytes > MAX_UNWRITTEN_BYTES:
            self.failed_by_peer(BAD_DATA)  # our disk is slower, and they do not wait for it
        else:
            self._pieces.append(frame.payload)
            self._expected = end

    def _finish(self, frame: Frame) -> None:
        if self._stage is not _Stage.FLOWING:
            if self._stage is _Stage.READY:
                self.failed_by_peer(BAD_DATA)
        elif frame.offset != self.size_bytes:
            self.failed_by_peer(TOO_LONG if frame.offset > self.size_bytes else TOO_SHORT)
        elif self._expected != self.size_bytes:
            self.failed_by_peer(TOO_SHORT)
        else:
            self._digest = frame.payload
            self._stage = _Stage.ENDING

    def failed_by_peer(self, code: str) -> None:
        """What came is wrong. A job that runs still tells its outcome."""
        job = self._job
        self.failed(own_error(code))
        self._job = job

    def _tell_progress(self) -> None:
        self._told_bytes = self.done_bytes
        self.outbox.append(FileProgress(transfer_id=self.transfer_id, received_bytes=self.done_bytes))

    def _answer(self) -> FilesMessage:
        if self.state == "done":
            return FileDone(transfer_id=self.transfer_id)
        if self.state == "declined":
            return FileDecline(transfer_id=self.transfer_id)
        return FileCancel(transfer_id=self.transfer_id, code=CANCELLED)

    def _is_too_late(self) -> bool:
        return isinstance(self._job, FinishPart)

    def _end(self, state: TransferState, message: str = "") -> None:
        super()._end(state, message)
        self._pieces.clear()
