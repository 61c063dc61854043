"""Files that come in: the incoming state machine with its part file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from desktop_app.data.events import Transfer

from .incoming import ClosePart, DiscardPart, FinishPart, Incoming, OpenPart, WritePart
from .records import IncomingRecord
from .transfer import ActiveTransfer

if TYPE_CHECKING:
    from desktop_app.data.port import Link

    from .part_file import PartFile
    from .transfer import Surroundings


class Receiving(ActiveTransfer[Incoming]):
    """One file for us.

    Args:
        machine: its state.
        user_id: who sends it, or "" of one that an earlier run began.
        surroundings: what every transfer needs.
        part: its beginning, where there is one already.
        preview: a small picture.
    """

    def __init__(
        self,
        machine: Incoming,
        user_id: str,
        surroundings: Surroundings,
        *,
        part: PartFile | None = None,
        preview: bytes | None = None,
    ) -> None:
        super().__init__(machine, user_id, surroundings)
        self.part = part
        self.preview = preview
        self.told_done_s: float | None = None
        """When the sender was told that the file is there; until some time later the record stays."""
        self.has_record_of_done = False

    @property
    def record(self) -> IncomingRecord:
        """As it is written down when it was accepted."""
        machine = self.machine
        return IncomingRecord(
            transfer_id=machine.transfer_id, name=machine.name, size_bytes=machine.size_bytes
        )

    def takes(self, link: Link, number: int) -> bool:
        """Whether a frame of this number is for this transfer."""
        machine = self.machine
        return self.link is link and machine.is_connected and machine.number == number and not machine.is_over

    def accept_into(self, part: PartFile) -> None:
        """The person wants it."""
        if not self.machine.is_over and not self.machine.is_accepted:
            self.part = part
            self.machine.accept()
        self.settle()

    def left(self) -> None:
        """The sender has left the room."""
        self.link = None
        self.machine.left()
        self.settle()

    def settle(self) -> None:
        """Do what follows from what the machine was told."""
        if self.machine.state == "done" and self.machine.outbox and self.is_bound:
            self.told_done_s = self._around.now_s()
        super().settle()

    def tick(self) -> None:
        """A moment has passed."""
        self.machine.tick()
        self.settle()
        super().tick()

    async def do(self, job: object) -> None:
        """Do a job on a worker thread."""
        run, machine, part = self.lane.run, self.machine, self.part
        assert part is not None  # nothing is done before it was accepted
        match job:
            case OpenPart():
                if await run(part.take_up):
                    machine.opened(*await self.lane.read_back(self.link, part.read_back))
                else:
                    machine.opened(*await run(part.read_back))
            case WritePart(pieces=pieces):
                machine.wrote(await run(part.write, pieces))
            case FinishPart(digest=digest):
                path = await run(part.finish, digest)
                self.has_record_of_done = True
                machine.finished(str(path))
            case DiscardPart():
                await run(part.discard)
                machine.cleaned()
            case ClosePart():
                await run(part.close)
                machine.cleaned()

    def release(self) -> None:
        """Let go of the part file; on a worker thread."""
        if self.part is not None:
            self.part.close()

    def forget_done(self) -> None:
        """Remove the record of a file that is there; on a worker thread."""
        if self.part is not None:
            self.part.forget()

    def snapshot(self) -> Transfer:
        """As it is shown."""
        machine = self.machine
        return Transfer(
            transfer_id=machine.transfer_id,
            direction="in",
            user_id=self.user_id,
            name=os.path.basename(machine.path) or machine.name,
            size_bytes=machine.size_bytes,
            done_bytes=machine.done_bytes,
            state=machine.state,
            path=machine.path,
            preview=self.preview,
            rate_bytes_s=self.rate_bytes_s,
            left_s=self.left_s,
            message=machine.message,
            resumed_from=machine.resumed_from,
            sha256=machine.sha256,
            moved_bytes=self.moved_bytes,
        )
