"""Two or more file services and connections between them, in one process: real messages, real files, no network."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

from desktop_app.data.channels import MAX_BULK_QUEUED_BYTES
from desktop_app.data.codec import MessageError, decode, encode
from desktop_app.data.events import Transfer, TransferChanged
from desktop_app.data.files.service import FileService
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from desktop_app.core.errors import UserFacingError
    from desktop_app.data.events import DataEvent
    from desktop_app.data.files.inbox import Answer
    from desktop_app.data.messages.base import Message


class User:
    """A participant with a download folder."""

    def __init__(
        self,
        folder: Path,
        user_id: str,
        *,
        answer: Answer = "ask",
        offers: Sequence[str] = (),
        home: str = "",
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`home` names the folder that a restart under another userId finds again."""
        base = folder / (home or user_id)
        self.user_id = user_id
        self.downloads = base / "downloads"
        self.journal = base / "state"
        self.events: list[Transfer] = []
        self.errors: list[UserFacingError] = []
        self.service = FileService(
            user_id=user_id,
            download_folder=lambda: self.downloads,
            state_folder=self.journal,
            owner="test",
            emit=self._take,
            now_s=now_s,
            answer=answer,
            standing_offers=offers,
            on_error=self.errors.append,
        )

    def _take(self, event: DataEvent) -> None:
        assert isinstance(event, TransferChanged)
        self.events.append(event.transfer)

    def newest(self) -> dict[str, Transfer]:
        """Each transfer as it was told last."""
        return {one.transfer_id: one for one in self.events}

    def states(self) -> list[str]:
        """Of all transfers."""
        return [one.state for one in self.newest().values()]

    async def one(self, state: str) -> Transfer:
        """The only transfer, as soon as it is in this state."""
        await until(lambda: self.states() == [state])
        return next(iter(self.newest().values()))

    def files(self) -> dict[str, bytes]:
        """What lies in the download folder and does not begin with a dot."""
        if not self.downloads.exists():
            return {}
        return {
            path.name: path.read_bytes() for path in self.downloads.iterdir() if not path.name.startswith(".")
        }


class End:
    """A link: what `owner` sends arrives at the other end."""

    def __init__(self, owner: User, peer: User, wire: Wire) -> None:
        self.owner = owner
        self.other: End
        self.is_ready = False
        self.chunk_bytes = 65536
        self.dropped: list[tuple[str, str]] = []
        self._peer = peer
        self._wire = wire
        self._bulk: deque[bytes] = deque()
        self._queued = 0
        self._is_full = False

    @property
    def user_id(self) -> str:
        """Of the other one."""
        return self._peer.user_id

    def understands(self, capability: str) -> bool:
        """Files, yes."""
        return capability == "files"

    def send(self, label: str, message: Message) -> None:
        """Through the codec."""
        text = encode(message, 0.0)
        if self.is_ready:
            self._later(lambda: self._peer.service.received(self.other, decode(label, text)))

    def send_bulk(self, data: bytes) -> bool:
        """Up to 128 KiB wait, and no frame that is longer by itself."""
        if len(data) > MAX_BULK_QUEUED_BYTES:
            raise MessageError("too-long", f"{len(data)} bytes at once")
        if not self.is_ready or self._queued + len(data) > MAX_BULK_QUEUED_BYTES:
            self._is_full = True
            return False
        self._bulk.append(data)
        self._queued += len(data)
        self._later(self._deliver)
        return True

    def queued_bytes(self, label: str) -> int:
        """Nothing waits in the channels of messages."""
        return 0

    def count_dropped(self, label: str, reason: str) -> None:
        """For the tests."""
        self.dropped.append((label, reason))

    def resume(self) -> None:
        """Deliver what stood still."""
        for _ in range(len(self._bulk)):
            self._later(self._deliver)

    def lose(self) -> None:
        """What is under way is lost."""
        self._bulk.clear()
        self._queued = 0
        self.is_ready = False

    def _later(self, call: object) -> None:
        generation = self._wire.generation

        def run() -> None:
            if self._wire.generation == generation:
                call()  # type: ignore[operator]

        asyncio.get_running_loop().call_soon(run)

    def _deliver(self) -> None:
        if self._wire.is_stalled or not self._bulk:
            return
        data = self._bulk.popleft()
        self._queued -= len(data)
        self._wire.carried_bytes += len(data)
        self._peer.service.received_bulk(self.other, data)
        if self._is_full:
            self._is_full = False
            self.owner.service.bulk_drained(self)


class Wire:
    """A connection between two users, which can be cut and made again."""

    def __init__(self, one: User, other: User) -> None:
        self.generation = 0
        self.carried_bytes = 0
        """In bulk channels."""
        self.limit_bytes: int | None = None
        """Bulk channels stand still after so many; until the connection is cut."""
        self.ends = (End(one, other, self), End(other, one, self))
        self.ends[0].other, self.ends[1].other = self.ends[1], self.ends[0]

    @property
    def is_stalled(self) -> bool:
        """Whether the limit was reached."""
        return self.limit_bytes is not None and self.carried_bytes >= self.limit_bytes

    def connect(self, *, limit_bytes: int | None = None) -> Wire:
        """Both have said hello."""
        self.limit_bytes = limit_bytes
        for end in self.ends:
            end.is_ready = True
        for end in self.ends:
            end.owner.service.link_ready(end)
        return self

    def resume(self) -> None:
        """Nothing stands still any more."""
        self.limit_bytes = None
        for end in self.ends:
            end.resume()

    def cut(self) -> None:
        """The connection is lost."""
        self.generation += 1
        self.limit_bytes = None
        for end in self.ends:
            end.lose()
        for end in self.ends:
            end.owner.service.link_lost(end)

    def part(self) -> None:
        """They leave each other for good."""
        self.cut()
        for end in self.ends:
            end.owner.service.link_gone(end)
