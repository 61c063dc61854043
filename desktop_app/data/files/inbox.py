"""All files that come in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, TypeAlias
from weakref import WeakKeyDictionary

from desktop_app.data.channels import BULK, FILES
from desktop_app.data.messages.files import FileDecline, FileUnfinished
from desktop_app.data.rate import TokenBucket

from .errors import CANCELLED, FileError
from .frames import FrameError, Kind, parse
from .incoming import Incoming
from .limits import MAX_OPEN, MAX_RECORDS, MAX_REMEMBERED
from .names import clean_name
from .part_file import PartFile
from .preview import checked_preview
from .receiving import Receiving
from .records import incoming_records
from .tags import tag
from .workers import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from desktop_app.data.messages.files import FileOffer
    from desktop_app.data.port import Link

    from .transfer import Surroundings

logger = logging.getLogger(__name__)

Answer: TypeAlias = Literal["ask", "accept", "decline"]
"""What happens with offers: a person decides, or all of them are taken, or none."""

MAX_OPEN_IN_ALL = 500
"""Of all participants who are here."""
MAX_LEFT = MAX_RECORDS
"""Beginnings of participants who are not."""
NEW_OFFERS_PER_S = 5.0
"""Of one participant, and MAX_OPEN at once: whoever sees them must be able to follow."""
DONE_LINGERS_S = 5.0
"""So long after `file-done` was sent its record stays without an answer, while the connection stays."""
HEARD_WITHIN_S = 1.0
"""So long leaving waits for an answer to `file-done`; not every program gives one."""
UNHEARD_LINGERS_S = 120.0
"""And so long when the connection was lost, maybe with the message: the sender will ask again."""


class Inbox:
    """On the engine loop.

    Args:
        user_id: ours.
        folder: where files go now; a setting that may change.
        answer: what happens with offers.
        surroundings: threads, events, clock.
    """

    def __init__(
        self, *, user_id: str, folder: Callable[[], Path], answer: Answer, surroundings: Surroundings
    ) -> None:
        self._user_id = user_id
        self._folder = folder
        self._answer = answer
        self._around = surroundings
        self._transfers: dict[str, Receiving] = {}
        self._numbers: dict[tuple[Link, int], Receiving] = {}
        """Of the newest offer of each."""
        self._found: list[Receiving] = []
        """At the start; filled on a worker thread."""
        self._loading = Lane(surroundings.workers)
        self._floods: WeakKeyDictionary[Link, TokenBucket] = WeakKeyDictionary()

    def __iter__(self) -> Iterator[Receiving]:
        return iter(tuple(self._transfers.values()))

    def get(self, transfer_id: str) -> Receiving | None:
        """A transfer, whatever its state."""
        return self._transfers.get(transfer_id)

    def of(self, link: Link, transfer_id: str) -> Receiving | None:
        """A transfer, if it is this link's at present."""
        receiving = self._transfers.get(transfer_id)
        return receiving if receiving is not None and receiving.link is link else None

    # --- offers -----------------------------------------------------------------------------------

    def offered(self, link: Link, offer: FileOffer) -> None:
        """A participant offers a file, or one again."""
        receiving = self._transfers.get(offer.transfer_id)
        name = clean_name(offer.name)
        if receiving is None:
            receiving = self._new(link, offer, name)
        elif (receiving.machine.name, receiving.machine.size_bytes) != (name, offer.size_bytes):
            receiving = None
        if receiving is None:
            link.send(FILES.label, FileDecline(transfer_id=offer.transfer_id))
            return
        self._forget_number(receiving)
        self._numbers[link, offer.number] = receiving
        receiving.bind(link)
        receiving.machine.offered(offer.number)
        receiving.settle()
        if not receiving.machine.is_accepted and not receiving.machine.is_over:
            if self._answer == "accept":
                self.accept(offer.transfer_id)
            elif self._answer == "decline":
                self.decline(offer.transfer_id)

    def _new(self, link: Link, offer: FileOffer, name: str) -> Receiving | None:
        self._forget_oldest()
        open_now = [
            one for one in self._transfers.values() if one.link is not None and not one.machine.is_over
        ]
        if len(open_now) >= MAX_OPEN_IN_ALL or sum(one.link is link for one in open_now) >= MAX_OPEN:
            link.count_dropped(FILES.label, "too-many")
            return None
        if not self._flood(link).take():
            link.count_dropped(FILES.label, "flood")
            return None
        receiving = Receiving(
            Incoming(offer.transfer_id, name, offer.size_bytes),
            link.user_id,
            self._around,
            preview=checked_preview(offer.preview),
        )
        self._transfers[offer.transfer_id] = receiving
        return receiving

    def _flood(self, link: Link) -> TokenBucket:
        return self._floods.setdefault(link, TokenBucket(NEW_OFFERS_PER_S, MAX_OPEN, self._around.now_s))

    def _forget_number(self, receiving: Receiving) -> None:
        """Of its offer so far; the number may have been given to another one since."""
        if receiving.link is not None:
            key = (receiving.link, receiving.machine.number)
            if self._numbers.get(key) is receiving:
                del self._numbers[key]

    def accept(self, transfer_id: str) -> None:
        """Receive it.

        Raises:
            FileError: there is no such transfer.
        """
        receiving = self._known(transfer_id)
        receiving.accept_into(PartFile(self._folder(), receiving.record, receiving.stop))

    def decline(self, transfer_id: str) -> None:
        """Do not receive it.

        Raises:
            FileError: there is no such transfer.
        """
        receiving = self._known(transfer_id)
        receiving.machine.decline()
        receiving.settle()

    def _known(self, transfer_id: str) -> Receiving:
        receiving = self._transfers.get(transfer_id)
        if receiving is None:
            raise FileError("This file is not offered any more.", code="unknown-transfer")
        return receiving

    # --- bytes ------------------------------------------------------------------------------------

    def frame(self, link: Link, data: bytes) -> None:
        """A binary message came."""
        try:
            frame = parse(data)
        except FrameError:
            link.count_dropped(BULK.label, "malformed")
            return
        receiving = self._numbers.get((link, frame.number))
        if receiving is None or not receiving.takes(link, frame.number):
            link.count_dropped(BULK.label, "unknown-transfer")
            return
        if frame.kind is Kind.DATA:
            receiving.moved_bytes += len(frame.payload)
        receiving.machine.frame(frame)
        receiving.settle()

    # --- connections and restarts -----------------------------------------------------------------

    async def load(self) -> None:
        """Take up what an earlier run of the program began in the folder."""
        await self._loading.run(self._load, self._folder())
        for receiving in self._found:
            if receiving.machine.transfer_id in self._transfers:
                await receiving.lane.run(receiving.release)
            else:
                self._transfers[receiving.machine.transfer_id] = receiving
                if not receiving.machine.is_over:
                    receiving.settle()

    def _load(self, folder: Path) -> None:
        for record in incoming_records(folder):
            if self._around.workers.stop.is_set():
                return
            machine = Incoming(
                record.transfer_id, clean_name(record.name), record.size_bytes, is_accepted=True
            )
            receiving = Receiving(machine, "", self._around)
            receiving.part = part = PartFile(folder, record, receiving.stop, is_recorded=True)
            if record.verified:
                self._place(part, machine, record.sha256)
            elif not part.claim():
                continue
            receiving.has_record_of_done = record.verified
            self._found.append(receiving)

    def _place(self, part: PartFile, machine: Incoming, sha256: str) -> None:
        try:
            path = part.place_verified()
        except FileError:
            logger.warning("a file that was received could not be given its name", exc_info=True)
        else:
            machine.placed("" if path is None else str(path), sha256)

    def announce(self, link: Link) -> None:
        """Say what is unfinished here, and served by nobody."""
        tags = tuple(
            tag(one.machine.transfer_id, teller=self._user_id, told=link.user_id)
            for one in self._transfers.values()
            if not one.is_bound and (not one.machine.is_over or self._is_untold(one))
        )
        if tags:
            link.send(FILES.label, FileUnfinished(tags=tags[:MAX_RECORDS]))

    def tick(self) -> None:
        """A moment has passed."""
        now_s = self._around.now_s()
        for receiving in self:
            receiving.tick_safely()
            told_s = receiving.told_done_s
            limit_s = DONE_LINGERS_S if receiving.is_bound else UNHEARD_LINGERS_S
            if told_s is not None and now_s - told_s >= limit_s:
                self.forget_done(receiving)

    def is_unheard(self) -> bool:
        """Whether somebody was told a moment ago that we have their file, and has not answered."""
        now_s = self._around.now_s()
        return any(
            one.told_done_s is not None and one.is_bound and now_s - one.told_done_s < HEARD_WITHIN_S
            for one in self._transfers.values()
        )

    def forget_done(self, receiving: Receiving) -> None:
        """The sender knows that the file is there: nobody asks for it again."""
        if receiving.machine.state != "done":
            return
        receiving.told_done_s = None
        if receiving.has_record_of_done:
            receiving.has_record_of_done = False
            self._around.tasks.spawn(receiving.lane.run(receiving.forget_done), name="forget")

    def lost(self, link: Link, *, gone: bool) -> None:
        """A connection is lost; `gone`: with its participant."""
        for receiving in self:
            if receiving.link is link:
                receiving.lost()
                if gone:
                    receiving.left()
        for key in [key for key in self._numbers if key[0] is link]:
            del self._numbers[key]
        if gone:
            self._forget_orphans()

    def close(self) -> None:
        """The call is over."""
        for receiving in self:
            if receiving.told_done_s is not None:
                self.forget_done(receiving)

    def release(self) -> None:
        """Let go of all files, each when its job has ended; on a thread."""
        self._loading.end(self._release_all)

    def _release_all(self) -> None:
        for receiving in (*self._found, *self):
            receiving.lane.end(receiving.release)

    @staticmethod
    def _is_untold(receiving: Receiving) -> bool:
        return receiving.machine.state == "done" and receiving.has_record_of_done

    def _forget_orphans(self) -> None:
        """Of participants who left, beyond a number each: offers without an answer end, the oldest first, and
        beginnings, those without a byte first and then the oldest.
        """
        orphans = [one for one in self._transfers.values() if one.link is None and not one.machine.is_over]
        offers = [one for one in orphans if not one.machine.is_accepted]
        begun = sorted(
            (one for one in orphans if one.machine.is_accepted), key=lambda one: one.machine.done_bytes > 0
        )
        for receiving in (*offers[: max(0, len(offers) - MAX_OPEN)], *begun[: max(0, len(begun) - MAX_LEFT)]):
            receiving.machine.peer_cancelled(CANCELLED)
            receiving.settle()

    def _forget_oldest(self) -> None:
        over = [one for one in self._transfers.values() if one.machine.is_over and one.is_idle]
        for receiving in over[: max(0, len(over) - MAX_REMEMBERED)]:
            if not receiving.has_record_of_done:
                self._forget_number(receiving)
                del self._transfers[receiving.machine.transfer_id]
