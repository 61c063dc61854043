"""Files: offered, accepted, sent and received, over all connections and restarts (docs/data-channels.md)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from desktop_app.core.errors import UserFacingError
from desktop_app.core.tasks import TaskOwner
from desktop_app.data.channels import BULK, FILES
from desktop_app.data.messages.files import (
    FileAccept,
    FileCancel,
    FileDecline,
    FileDone,
    FileOffer,
    FileProgress,
    FileUnfinished,
)

from .errors import CLOSING, NOBODY_THERE, FileError
from .inbox import Inbox
from .journal import OutgoingJournal
from .limits import TICK_S
from .outbox import Outbox
from .transfer import Surroundings
from .workers import DiskWorkers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from desktop_app.data.events import DataEvent
    from desktop_app.data.messages.base import Message
    from desktop_app.data.port import Link

    from .inbox import Answer

logger = logging.getLogger(__name__)

CLOSE_LIMIT_S = 3.0
_LOOK_AGAIN_S = 0.02
MAX_TELLS = 4
"""How often a participant may say on one connection what it has beginnings of."""


class FileService:
    """Implements `port.Service`. Made on the engine loop.

    Args:
        user_id: ours in this call.
        download_folder: where files go; asked at each start and each acceptance.
        state_folder: where records of what is sent lie.
        owner: whose they are: the same program has the same owner at its next start.
        answer: what happens with offers.
        standing_offers: paths that each participant is offered once, as soon as they are there.
        emit: takes the events.
        now_s: a monotonic clock.
    """

    capability = "files"
    labels = (FILES.label, BULK.label)

    def __init__(
        self,
        *,
        user_id: str,
        download_folder: Callable[[], Path],
        state_folder: Path,
        owner: str,
        emit: Callable[[DataEvent], None],
        now_s: Callable[[], float],
        answer: Answer = "ask",
        standing_offers: Sequence[str] = (),
        on_error: Callable[[UserFacingError], None] = lambda _error: None,
    ) -> None:
        """`on_error` is told of standing offers that cannot be made."""
        self._tasks = TaskOwner("files")
        self._clock = TaskOwner("files-clock")
        self._workers = DiskWorkers()
        around = Surroundings(self._workers, self._tasks, emit, now_s)
        self._journal = OutgoingJournal(state_folder, owner, self._workers)
        self._inbox = Inbox(user_id=user_id, folder=download_folder, answer=answer, surroundings=around)
        self._here: set[Link] = set()
        """Those who were ready and have not left."""
        self._outbox = Outbox(
            user_id=user_id, journal=self._journal, is_here=self._here.__contains__, surroundings=around
        )
        self._standing_offers = tuple(standing_offers)
        self._on_error = on_error
        self._links: dict[Link, int] = {}
        """Those that are ready, and how often they told what is unfinished."""
        self._is_closed = False
        self._loaded = self._tasks.spawn(self._load(), name="load")
        self._clock.spawn(self._tick(), name="tick")

    # --- the person -------------------------------------------------------------------------------

    async def send_files(self, paths: Sequence[str], to: str | None = None) -> None:
        """Offer files to everybody who is there and understands it, or to one.

        Raises:
            FileError: one of them cannot be read or is no file, or nobody is there who could take it.
        """
        await asyncio.wait((self._loaded,))
        links = [link for link in self._links if to is None or link.user_id == to]
        if not links:
            who = (
                "Nobody is here who could receive files." if to is None else "They cannot receive files now."
            )
            raise FileError(who, code=NOBODY_THERE)
        await self._outbox.offer(paths, links)

    def accept(self, transfer_id: str) -> None:
        """Receive a file that was offered.

        Raises:
            FileError: it is not offered any more.
        """
        self._inbox.accept(transfer_id)

    def decline(self, transfer_id: str) -> None:
        """Do not receive it.

        Raises:
            FileError: it is not offered any more.
        """
        self._inbox.decline(transfer_id)

    def cancel(self, transfer_id: str) -> None:
        """End a transfer in either direction; one that is over stays as it is.

        Raises:
            FileError: there is none.
        """
        transfer = self._outbox.get(transfer_id) or self._inbox.get(transfer_id)
        if transfer is None:
            raise FileError("This transfer is not known any more.", code="unknown-transfer")
        transfer.machine.cancel()
        transfer.settle()

    # --- port.Service -----------------------------------------------------------------------------

    def link_ready(self, link: Link) -> None:
        """A connection to a participant is up."""
        if self._is_closed:
            return
        self._lose(link, gone=False)
        self._links[link] = 0
        self._here.add(link)
        if self._loaded.done():
            self._greet(link)

    def link_lost(self, link: Link) -> None:
        """The connection is gone."""
        self._lose(link, gone=False)

    def link_gone(self, link: Link) -> None:
        """The participant left."""
        self._here.discard(link)
        self._lose(link, gone=True)

    def received(self, link: Link, message: Message) -> None:
        """A message of the files channel."""
        if self._is_closed or link not in self._links:
            return
        match message:
            case FileOffer():
                # Whom we send to knows the transfer's id and could offer it back to us.
                if self._outbox.get(message.transfer_id) is None:
                    self._inbox.offered(link, message)
            case FileUnfinished():
                self._links[link] += 1
                if self._links[link] <= MAX_TELLS:
                    self._tasks.spawn(self._unfinished(link, message.tags), name="unfinished")
            case FileCancel():
                self._cancelled(link, message)
            case FileAccept() | FileDecline() | FileProgress() | FileDone():
                self._answered(link, message)

    def received_bulk(self, link: Link, data: bytes) -> None:
        """A frame."""
        if not self._is_closed:
            self._inbox.frame(link, data)

    def bulk_drained(self, link: Link) -> None:
        """There is room in the bulk channel again."""
        if not self._is_closed:
            self._outbox.fill(link)

    def drained(self, link: Link, label: str) -> None:
        """What was dropped is repeated anyway."""

    def dropped(self, link: Link, message: Message) -> None:
        """A message that waited for a connection gave way to newer ones; offers are repeated anyway."""
        logger.info("%s for %s waited too long", type(message).__name__, link.user_id)

    async def before_leaving(self) -> None:
        """Give those whose files we have just received the time to hear of it; a second at most."""
        while not self._is_closed and self._inbox.is_unheard():  # noqa: ASYNC110 - the end of a time has no event
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def close(self) -> None:
        """The call is over: what runs can be continued at the next one."""
        if self._is_closed:
            return
        self._is_closed = True
        for link in tuple(self._links):
            self._lose(link, gone=True)
        self._here.clear()
        self._inbox.close()
        await self._clock.close()
        self._workers.stop.set()
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._tasks.drain()
        except TimeoutError:
            logger.warning("the disk did not answer in time; what comes in can still be continued")
        await self._tasks.close()
        released = asyncio.wrap_future(self._workers.close(self._release))
        await asyncio.wait((released,), timeout=CLOSE_LIMIT_S)

    def _release(self) -> None:
        """Let go of everything; of what a job still holds when that has ended."""
        self._journal.close()
        self._inbox.release()
        for sending in self._outbox:
            sending.lane.end(sending.release)

    # --- inside -----------------------------------------------------------------------------------

    async def _load(self) -> None:
        await self._inbox.load()
        await self._outbox.load()
        for link in tuple(self._links):
            self._greet(link)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._inbox.tick()
            self._outbox.tick()

    def _greet(self, link: Link) -> None:
        self._inbox.announce(link)
        self._outbox.link_ready(link)
        for path in self._standing_offers:
            self._tasks.spawn(self._offer_once(path, link), name="standing-offer")

    async def _offer_once(self, path: str, link: Link) -> None:
        try:
            await self._outbox.offer_once(path, link)
        except UserFacingError as error:
            if error.code not in (NOBODY_THERE, CLOSING):
                self._on_error(error)

    async def _unfinished(self, link: Link, tags: tuple[str, ...]) -> None:
        await asyncio.wait((self._loaded,))
        if link in self._links and not self._is_closed:
            self._outbox.unfinished(link, tags)

    def _answered(self, link: Link, message: FileAccept | FileDecline | FileProgress | FileDone) -> None:
        sending = self._outbox.of(link, message.transfer_id)
        if sending is None:
            if (
                isinstance(message, FileProgress)
                and (done := self._inbox.of(link, message.transfer_id)) is not None
            ):
                self._inbox.forget_done(done)  # the sender has heard `file-done`
            return
        match message:
            case FileAccept(offset=offset, prefix_sha256=prefix_sha256):
                sending.machine.accepted(offset, prefix_sha256)
            case FileDecline():
                sending.machine.declined()
            case FileProgress(received_bytes=received_bytes):
                sending.machine.progress(received_bytes)
            case FileDone():
                sending.machine.done()
        sending.settle()

    def _cancelled(self, link: Link, message: FileCancel) -> None:
        if (sending := self._outbox.of(link, message.transfer_id)) is not None:
            sending.machine.peer_cancelled(message.code)
            sending.settle()
        receiving = self._inbox.get(message.transfer_id)
        if receiving is not None and receiving.link in (link, None):
            receiving.machine.peer_cancelled(message.code)
            receiving.settle()
            self._inbox.forget_done(receiving)

    def _lose(self, link: Link, *, gone: bool) -> None:
        self._links.pop(link, None)
        self._inbox.lost(link, gone=gone)
        self._outbox.lost(link, gone=gone)
