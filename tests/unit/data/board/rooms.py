"""Whiteboards of several participants, with links in memory that carry texts as the network does."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from desktop_app.data import codec
from desktop_app.data.board.service import BoardService
from desktop_app.data.channels import BOARD
from desktop_app.data.events import BoardChanged
from desktop_app.data.messages.board import Shape

if TYPE_CHECKING:
    from desktop_app.data.events import DataEvent
    from desktop_app.data.messages.base import Message
    from desktop_app.data.messages.board import Op


def stroke(number: float, points: int = 5) -> Shape:
    """A pen stroke that can be told from others."""
    flat = tuple(float(each) for index in range(points) for each in (number + index, index % 7))
    return Shape(tool="pen", color="#a0b0c0", width=3.0, points=flat)


class MemoryLink:
    """One direction: what is sent waits here until the test delivers it."""

    chunk_bytes = 16384

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.is_ready = True
        self.texts: deque[str] = deque()
        self.dropped: list[str] = []
        self.most_queued_bytes = 0
        self.sent = 0

    def understands(self, capability: str) -> bool:
        return capability == "board"

    def send(self, label: str, message: Message) -> None:
        assert label == BOARD.label
        assert self.is_ready
        self.texts.append(codec.encode(message, 1.0))
        self.sent += 1
        self.most_queued_bytes = max(self.most_queued_bytes, self.queued_bytes(label))

    def queued_bytes(self, label: str) -> int:
        return sum(map(len, self.texts))

    def count_dropped(self, label: str, reason: str) -> None:
        self.dropped.append(reason)

    def send_bulk(self, data: bytes) -> bool:
        raise AssertionError("the whiteboard has no bulk")


class Room:
    """Services by name, and the links between them."""

    def __init__(self) -> None:
        self.services: dict[str, BoardService] = {}
        self.events: dict[str, list[DataEvent]] = {}
        self.links: dict[tuple[str, str], MemoryLink] = {}
        self.now_s = 0.0

    def add(self, name: str, state_interval_s: float = 1000.0) -> BoardService:
        """Somebody comes; without links as yet."""
        self.events[name] = []
        service = BoardService(
            user_id=name,
            emit=self.events[name].append,
            now_s=lambda: self.now_s,
            state_interval_s=state_interval_s,
        )
        self.services[name] = service
        return service

    def connect(self, one: str, other: str) -> None:
        """A connection, in place of the one before; what was on its way is lost."""
        self.cut(one, other)
        for here, there in ((one, other), (other, one)):
            self.links[here, there] = MemoryLink(there)
            self.services[here].link_ready(self.links[here, there])

    def cut(self, one: str, other: str) -> None:
        """The connection is gone, with what was on its way."""
        for here, there in ((one, other), (other, one)):
            link = self.links.pop((here, there), None)
            if link is not None:
                link.is_ready = False
                self.services[here].link_lost(link)

    def connect_all(self) -> None:
        """Everybody with everybody."""
        names = list(self.services)
        for at, one in enumerate(names):
            for other in names[at + 1 :]:
                self.connect(one, other)

    def deliver(self, here: str, there: str) -> bool:
        """Let the oldest text of a link arrive; whether there was one."""
        link = self.links.get((here, there))
        if link is None or not link.texts:
            return False
        message = codec.decode(BOARD.label, link.texts.popleft())
        self.services[there].received(self.links[there, here], message)
        return True

    async def settle(self) -> None:
        """Until nothing is on its way or waits."""
        while any(  # noqa: ASYNC110 - what is counted has no event
            [self.deliver(*ends) for ends in tuple(self.links)]
            + [each.is_busy for each in self.services.values()]
        ):
            await asyncio.sleep(0)

    def pictures(self) -> dict[str, list[Op]]:
        """What each of them sees."""
        return {name: list(service.board.shapes()) for name, service in self.services.items()}

    def changes(self, name: str) -> list[BoardChanged]:
        """What was told of the board."""
        return [event for event in self.events[name] if isinstance(event, BoardChanged)]

    async def idle(self, name: str) -> None:
        """Until somebody has merged and sent everything that can be."""
        while self.services[name].is_busy:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)

    async def close(self) -> None:
        """The end of all."""
        for service in self.services.values():
            await service.close()
