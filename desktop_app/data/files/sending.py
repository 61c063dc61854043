"""Files that go out: the outgoing state machine with its source, and the turns of several on one connection."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from desktop_app.data.channels import DEFAULT_CHUNK_BYTES, MAX_BULK_QUEUED_BYTES
from desktop_app.data.events import Transfer

from .frames import HEADER_BYTES, Kind, pack
from .outgoing import CloseSource, OpenSource, Outgoing, ReadSource
from .records import OutgoingRecord
from .source import Source
from .transfer import ActiveTransfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from desktop_app.data.port import Link

    from .source import SourceFile
    from .transfer import Surroundings

logger = logging.getLogger(__name__)

CHUNK_S = 0.02
"""A chunk takes about so long, since a chat line waits for the one that is on its way."""
MOST_CHUNK_BYTES = MAX_BULK_QUEUED_BYTES - HEADER_BYTES
"""A receiver may take more, but no longer frame can ever wait in the channel."""


class Sending(ActiveTransfer[Outgoing]):
    """One file for one participant.

    Args:
        machine: its state.
        user_id: for whom.
        surroundings: what every transfer needs.
        file: the source.
        on_accepted: called once, to write it down.
        on_over: called once, to forget it.
        on_data: called when there may be something to send.
    """

    def __init__(
        self,
        machine: Outgoing,
        user_id: str,
        surroundings: Surroundings,
        file: SourceFile,
        *,
        on_accepted: Callable[[OutgoingRecord], None],
        on_over: Callable[[OutgoingRecord], None],
        on_data: Callable[[Link], None],
    ) -> None:
        super().__init__(machine, user_id, surroundings)
        self.file = file
        self._source = Source(file, self.stop)
        self._on_accepted = on_accepted
        self._on_over = on_over
        self._on_data = on_data
        self._is_recorded = machine.is_accepted

    @property
    def record(self) -> OutgoingRecord:
        """As it is written down when it was accepted."""
        return OutgoingRecord(
            transfer_id=self.machine.transfer_id,
            path=self.file.path,
            size_bytes=self.file.size_bytes,
            modified_ns=self.file.modified_ns,
            user_id=self.user_id,
        )

    def chunk_bytes(self, most_bytes: int) -> int:
        """How large a piece of data is to be at the present rate."""
        return min(most_bytes, MOST_CHUNK_BYTES, max(DEFAULT_CHUNK_BYTES, int(self.rate_bytes_s * CHUNK_S)))

    def send_one(self, link: Link) -> bool | None:
        """Send a frame; False: the channel is full; None: there is nothing to send now."""
        frame = self.machine.frame(self.chunk_bytes(link.chunk_bytes))
        if frame is None:
            return None
        if not link.send_bulk(pack(frame)):
            return False
        if frame.kind is Kind.DATA:
            self.moved_bytes += len(frame.payload)
        self.machine.frame_sent()
        return True

    def settle(self) -> None:
        """Do what follows from what the machine was told."""
        super().settle()
        if self.machine.is_accepted and not self._is_recorded and not self.machine.is_over:
            self._is_recorded = True
            self._on_accepted(self.record)
        if self.machine.is_over and self._is_recorded:
            self._is_recorded = False
            self._on_over(self.record)
        if self.link is not None and self.machine.is_flowing:
            self._on_data(self.link)

    async def do(self, job: object) -> None:
        """Do a job on a worker thread."""
        run, machine = self.lane.run, self.machine
        match job:
            case OpenSource(offset=offset, prefix_sha256=prefix_sha256):
                if offset:
                    await self.lane.read_back(self.link, self._source.open, offset, prefix_sha256)
                else:
                    await run(self._source.open, offset, prefix_sha256)
                machine.opened(job)
            case ReadSource(most_bytes=most_bytes):
                machine.read(*await run(self._source.read, most_bytes))
            case CloseSource():
                await run(self._source.close)
                machine.closed()

    def release(self) -> None:
        """Let go of the source; on a worker thread."""
        self._source.close()

    def snapshot(self) -> Transfer:
        """As it is shown."""
        machine = self.machine
        return Transfer(
            transfer_id=machine.transfer_id,
            direction="out",
            user_id=self.user_id,
            name=machine.name,
            size_bytes=machine.size_bytes,
            done_bytes=machine.done_bytes,
            state=machine.state,
            path=self.file.path,
            preview=machine.preview,
            rate_bytes_s=self.rate_bytes_s,
            left_s=self.left_s,
            message=machine.message,
            resumed_from=machine.resumed_from,
            sha256=machine.sha256,
            moved_bytes=self.moved_bytes,
        )


class Turns:
    """Fair turns of the files that go through one connection: a chunk each."""

    def __init__(self) -> None:
        self._last = ""
        self.is_at_work = False

    def send(self, link: Link, sendings: Iterable[Sending]) -> None:
        """Fill the channel; `sendings` are those of this link."""
        self.is_at_work = True
        try:
            while self._round(link, [one for one in sendings if one.machine.is_flowing]):
                pass
        finally:
            self.is_at_work = False

    def _round(self, link: Link, flowing: list[Sending]) -> bool:
        """A chunk of each, beginning after the one that was last; whether to go on."""
        ids = [one.machine.transfer_id for one in flowing]
        start = ids.index(self._last) + 1 if self._last in ids else 0
        has_sent = False
        for one in (*flowing[start:], *flowing[:start]):
            try:
                sent = one.send_one(link)
            except Exception as error:  # a defect ends this transfer alone
                logger.exception("a transfer failed")
                one.broke(error)
                continue
            if sent is False:
                return False
            if sent:
                has_sent = True
                self._last = one.machine.transfer_id
                one.settle_safely()
        return has_sent
