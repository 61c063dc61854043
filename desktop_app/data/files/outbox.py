"""All files that go out."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from desktop_app.data.channels import FILES
from desktop_app.data.messages.files import FileCancel

from .errors import CANCELLED, NOBODY_THERE, FileError
from .limits import MAX_OPEN, MAX_REMEMBERED
from .names import clean_name
from .outgoing import Outgoing
from .preview import make_preview
from .sending import Sending, Turns
from .source import SourceFile, look_at
from .tags import tag

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from desktop_app.data.port import Link

    from .journal import OutgoingJournal
    from .records import OutgoingRecord
    from .transfer import Surroundings

logger = logging.getLogger(__name__)


class Outbox:
    """On the engine loop.

    Args:
        user_id: ours.
        journal: what survives a restart.
        is_here: whether a link's participant is in the room still, connected or not.
        surroundings: threads, events, clock.
    """

    def __init__(
        self,
        *,
        user_id: str,
        journal: OutgoingJournal,
        is_here: Callable[[Link], bool],
        surroundings: Surroundings,
    ) -> None:
        self._user_id = user_id
        self._journal = journal
        self._is_here = is_here
        self._around = surroundings
        self._transfers: dict[str, Sending] = {}
        self._once = asyncio.Lock()
        self._turns: WeakKeyDictionary[Link, Turns] = WeakKeyDictionary()
        # From anywhere: the frames of an earlier offer on the same connection are of another number.
        self._numbers = itertools.count(secrets.randbelow(2**31))

    def __iter__(self) -> Iterator[Sending]:
        return iter(tuple(self._transfers.values()))

    def get(self, transfer_id: str) -> Sending | None:
        """A transfer, whatever its state."""
        return self._transfers.get(transfer_id)

    def of(self, link: Link, transfer_id: str) -> Sending | None:
        """A transfer, if it is this link's at present."""
        sending = self._transfers.get(transfer_id)
        return sending if sending is not None and sending.link is link else None

    # --- offers -----------------------------------------------------------------------------------

    async def offer(self, paths: Sequence[str], links: Sequence[Link]) -> None:
        """Offer files to participants, all or none.

        Raises:
            FileError: one of the files cannot be sent, it is too many, or everybody has left meanwhile.
        """
        if not paths:
            return
        files = await self._look_at(paths)
        for link in links:
            open_now = sum(one.link is link and not one.machine.is_over for one in self._transfers.values())
            if open_now + len(files) > MAX_OPEN:
                raise FileError(
                    f"No more than {MAX_OPEN} files can be on their way at once.", code="too-many"
                )
        previews = [await self._around.workers.run(make_preview, file) for file in files]
        links = [link for link in links if self._is_here(link)]  # reading may have taken long
        if not links:
            raise FileError("Nobody is here any more who could receive files.", code=NOBODY_THERE)
        for file, preview in zip(files, previews, strict=True):
            for link in links:
                if link.understands("files"):
                    self._offer(self._again(file, link) or self._new(file, link, preview), link)

    async def offer_once(self, path: str, link: Link) -> None:
        """Offer a file, unless this participant was offered it: then what is not finished goes on.

        Raises:
            FileError: it cannot be sent.
        """
        async with self._once:
            await self._offer_once(path, link)

    async def _offer_once(self, path: str, link: Link) -> None:
        [file] = await self._look_at([path])
        if not self._is_here(link):
            return
        for one in self._transfers.values():
            if one.file == file and one.user_id == link.user_id:
                if one.link is not link and not one.is_bound and not one.machine.is_over:
                    self._offer(one, link)
                return
        await self.offer([path], [link])

    async def _look_at(self, paths: Sequence[str]) -> list[SourceFile]:
        return list(
            await asyncio.gather(*(self._around.workers.run(look_at, path) for path in paths[: MAX_OPEN + 1]))
        )

    def _again(self, file: SourceFile, link: Link) -> Sending | None:
        """What an earlier run did not finish, for the same participant."""
        return next(
            (
                one
                for one in self._transfers.values()
                if one.file == file
                and one.user_id == link.user_id
                and one.link is None
                and not one.machine.is_over
            ),
            None,
        )

    def _new(self, file: SourceFile, link: Link, preview: bytes | None) -> Sending:
        over = [one for one in self._transfers.values() if one.machine.is_over and one.is_idle]
        for old in over[: max(0, len(over) - MAX_REMEMBERED)]:
            del self._transfers[old.machine.transfer_id]
        machine = Outgoing(secrets.token_hex(16), file.name, file.size_bytes, preview=preview)
        return self._add(machine, file, link.user_id)

    def _add(self, machine: Outgoing, file: SourceFile, user_id: str) -> Sending:
        sending = Sending(
            machine,
            user_id,
            self._around,
            file,
            on_accepted=lambda record: self._write(record, is_over=False),
            on_over=lambda record: self._write(record, is_over=True),
            on_data=self.fill,
        )
        self._transfers[machine.transfer_id] = sending
        return sending

    def _offer(self, sending: Sending, link: Link) -> None:
        sending.bind(link)
        if link.is_ready:
            sending.machine.offer(next(self._numbers) % 2**32)
        else:
            sending.machine.lost()
        sending.settle()

    # --- connections and restarts -----------------------------------------------------------------

    async def load(self) -> None:
        """Know again what an earlier run of the program did not finish."""
        for record in await self._journal.load():
            if record.transfer_id not in self._transfers:
                name = clean_name(record.path.replace("\\", "/").rpartition("/")[2])
                file = SourceFile(record.path, name, record.size_bytes, record.modified_ns)
                machine = Outgoing(record.transfer_id, name, record.size_bytes, is_accepted=True)
                self._add(machine, file, record.user_id).settle()

    def link_ready(self, link: Link) -> None:
        """A connection to a participant is there again: offer what they were offered."""
        for sending in self:
            if sending.link is link and not sending.machine.is_over:
                self._offer(sending, link)

    def unfinished(self, link: Link, tags: Collection[str]) -> None:
        """A participant has beginnings: offer what they are of."""
        known = frozenset(tags)
        for sending in self:
            if sending.is_bound and not sending.machine.is_over:
                continue
            if tag(sending.machine.transfer_id, teller=link.user_id, told=self._user_id) in known:
                if sending.machine.is_over:
                    link.send(
                        FILES.label, FileCancel(transfer_id=sending.machine.transfer_id, code=CANCELLED)
                    )
                else:
                    self._offer(sending, link)

    def fill(self, link: Link) -> None:
        """There may be something to send, and room for it."""
        turns = self._turns.setdefault(link, Turns())
        if turns.is_at_work:
            return  # what was sent made somebody call us again
        turns.send(link, [one for one in self._transfers.values() if one.link is link])

    def lost(self, link: Link, *, gone: bool) -> None:
        """A connection is lost; `gone`: with its participant."""
        for sending in self:
            if sending.link is link:
                sending.lost()
                if gone:
                    sending.link = None

    def tick(self) -> None:
        """A moment has passed."""
        for sending in self:
            sending.tick_safely()
            if sending.link is not None and sending.machine.is_flowing:
                self.fill(sending.link)  # should a channel not have said that it has room again

    def _write(self, record: OutgoingRecord, *, is_over: bool) -> None:
        work = self._journal.remove(record) if is_over else self._journal.save(record)
        self._around.tasks.spawn(work, name="journal")
