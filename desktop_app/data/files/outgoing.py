"""One file that is offered to one participant and goes out: a pure state machine (machine.py)."""

from __future__ import annotations

import base64
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

from desktop_app.data.messages.files import FileOffer, FileProgress

from .errors import BAD_DATA, CANCELLED, own_error
from .frames import Frame, Kind
from .limits import BLOCK_BYTES, READ_AHEAD_BYTES, WINDOW_BYTES
from .machine import TransferMachine

if TYPE_CHECKING:
    from desktop_app.data.events import TransferState


@dataclass(frozen=True, slots=True)
class OpenSource:
    """Compare what the receiver has with the source, and read on from there; the outcome is `opened`."""

    offset: int
    prefix_sha256: str | None


@dataclass(frozen=True, slots=True)
class ReadSource:
    """Read on; the outcome is `read`."""

    most_bytes: int


@dataclass(frozen=True, slots=True)
class CloseSource:
    """Let go of the file; the outcome is `closed`."""


OutgoingJob: TypeAlias = OpenSource | ReadSource | CloseSource


class _Stage(Enum):
    IDLE = auto()
    """No connection."""
    OFFERED = auto()
    OPENING = auto()
    FLOWING = auto()
    SENT = auto()
    """All of it; `file-done` is expected."""


class Outgoing(TransferMachine):
    """The sender's side.

    Args:
        transfer_id: the secret of the two.
        name: as the receiver shall see it.
        size_bytes: of the source.
        preview: a small PNG or JPEG.
        is_accepted: it is taken up from a record.
    """

    def __init__(
        self,
        transfer_id: str,
        name: str,
        size_bytes: int,
        *,
        preview: bytes | None = None,
        is_accepted: bool = False,
    ) -> None:
        super().__init__(transfer_id, name, size_bytes)
        self.preview = preview
        self.is_accepted = is_accepted
        if is_accepted:
            self.state = "waiting"
        self._stage = _Stage.IDLE
        self._is_open = False
        self._open = OpenSource(0, None)
        self._blocks: deque[memoryview] = deque()
        self._digest: bytes | None = None
        self._read = 0
        """How far the source was read."""
        self._sent = 0
        self._has_begun = False
        self._next_frame: Frame | None = None

    @property
    def is_flowing(self) -> bool:
        """Whether frames are to be sent, at once or after the next progress."""
        return self._stage is _Stage.FLOWING

    # --- what happens -----------------------------------------------------------------------------

    def offer(self, number: int) -> None:
        """Offer it on a connection, for the first time or again."""
        if self.is_over:
            self._tell_end(CANCELLED)
            return
        self.is_connected = True
        self.number = number
        self._stage = _Stage.OFFERED
        self._forget_blocks()
        self.state = "waiting" if self.is_accepted else "offered"
        self.outbox.append(
            FileOffer(
                transfer_id=self.transfer_id,
                number=number,
                name=self.name,
                size_bytes=self.size_bytes,
                preview=None if self.preview is None else base64.b64encode(self.preview).decode("ascii"),
            )
        )

    def lost(self) -> None:
        """The connection is gone."""
        self.is_connected = False
        self.outbox.clear()
        if not self.is_over:
            self.state = "waiting"
            self._stage = _Stage.IDLE
            self._forget_blocks()

    def accepted(self, offset: int, prefix_sha256: str | None) -> None:
        """The receiver wants it from `offset` on."""
        if self.is_over or self._stage is not _Stage.OFFERED:
            return  # once an offer
        if offset > self.size_bytes or (offset > 0) != (prefix_sha256 is not None):
            self.failed(own_error(BAD_DATA))
            return
        self.is_accepted = True
        self.state = "running"
        self.done_bytes = offset
        self._open = OpenSource(offset, prefix_sha256)
        self._stage = _Stage.OPENING

    def declined(self) -> None:
        """The receiver does not want it."""
        if not self.is_over:
            self._end("declined")

    def progress(self, received_bytes: int) -> None:
        """The receiver has written so much, it says."""
        if self._stage in (_Stage.FLOWING, _Stage.SENT) and self.done_bytes < received_bytes <= self._sent:
            self.done_bytes = received_bytes

    def done(self) -> None:
        """The receiver has the whole file, it says; it waits to hear that we know."""
        if not self.is_over:
            self.done_bytes = self.size_bytes
            self.sha256 = self._digest.hex() if self._digest is not None else ""
            self._end("done")
        if self.state == "done":
            self.outbox.append(FileProgress(transfer_id=self.transfer_id, received_bytes=self.size_bytes))

    # --- frames -----------------------------------------------------------------------------------

    def frame(self, chunk_bytes: int) -> Frame | None:
        """The frame to send now, of at most `chunk_bytes` of data; None: nothing was read yet, the receiver is behind,
        or all is sent. It is the same one until `frame_sent`.
        """
        if self._next_frame is None and self._stage is _Stage.FLOWING:
            self._next_frame = self._make_frame(chunk_bytes)
        return self._next_frame

    def frame_sent(self) -> None:
        """The frame is in the channel."""
        frame, self._next_frame = self._next_frame, None
        if frame is None:
            return
        match frame.kind:
            case Kind.BEGIN:
                self._has_begun = True
            case Kind.DATA:
                self._take(len(frame.payload))
            case Kind.END:
                self._stage = _Stage.SENT

    def _make_frame(self, chunk_bytes: int) -> Frame | None:
        if not self._has_begun:
            return Frame(Kind.BEGIN, self.number, self._sent)
        if self._blocks:
            room = self.done_bytes + WINDOW_BYTES - self._sent
            block = self._blocks[0]
            if room < min(len(block), chunk_bytes):
                return None
            return Frame(Kind.DATA, self.number, self._sent, bytes(block[:chunk_bytes]))
        if self._digest is not None:
            return Frame(Kind.END, self.number, self._sent, self._digest)
        return None

    def _take(self, count: int) -> None:
        self._sent += count
        block = self._blocks.popleft()
        if count < len(block):
            self._blocks.appendleft(block[count:])

    def _forget_blocks(self) -> None:
        self._blocks.clear()
        self._digest = None
        self._has_begun = False
        self._next_frame = None

    # --- jobs -------------------------------------------------------------------------------------

    def next_job(self) -> OutgoingJob | None:
        """What is to be done on a worker thread now."""
        if self._job is not None:
            return None
        job: OutgoingJob | None = None
        if self.is_over or self._stage in (_Stage.IDLE, _Stage.SENT):
            if self._is_open:
                self._is_open = False
                job = CloseSource()
        elif self._stage is _Stage.OPENING:
            self._is_open = True
            job = self._open
        elif self._stage is _Stage.FLOWING and self._digest is None and self._has_room():
            job = ReadSource(BLOCK_BYTES)
        self._job = job
        return job

    def _has_room(self) -> bool:
        return self._read - self._sent + BLOCK_BYTES <= READ_AHEAD_BYTES

    def needs(self, job: object) -> bool:
        """Reading back is in vain when nobody receives any more, or from elsewhere."""
        return not isinstance(job, OpenSource) or (
            not self.is_over and self._stage is _Stage.OPENING and job is self._open
        )

    def opened(self, job: OpenSource) -> None:
        """The receiver's beginning is that of the source."""
        self._job = None
        if self.is_over or self._stage is not _Stage.OPENING or job is not self._open:
            return
        self._stage = _Stage.FLOWING
        self._forget_blocks()
        self._read = self._sent = self.done_bytes = self.resumed_from = job.offset

    def read(self, block: bytes, digest: bytes | None) -> None:
        """What the source says next, and with its end the digest."""
        self._job = None
        if self.is_over or self._stage is not _Stage.FLOWING:
            return
        self._read += len(block)
        if block:
            self._blocks.append(memoryview(block))
        self._digest = digest

    def closed(self) -> None:
        """The source is closed."""
        self._job = None

    def _end(self, state: TransferState, message: str = "") -> None:
        super()._end(state, message)
        self._blocks.clear()
        self._next_frame = None
