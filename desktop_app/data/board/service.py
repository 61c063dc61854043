"""The whiteboard on the network: our changes out, the others' in, and what somebody missed."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from typing import TYPE_CHECKING, Literal

import msgspec

from desktop_app.core.tasks import TaskOwner
from desktop_app.data.board_changes import Clear, Draw, Redo, Rub, Undo
from desktop_app.data.channels import BOARD
from desktop_app.data.codec import MessageError
from desktop_app.data.events import BoardChanged, BoardCleared
from desktop_app.data.messages.board import MAX_NUMBERS, BoardOps, BoardState, Op, Shape

from .document import Board, op_id
from .errors import BoardError
from .history import OwnHistory
from .outbox import Outbox, pages
from .validity import MAX_CLOCK_STEP, shape_is_sound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop_app.data.board_changes import BoardChange
    from desktop_app.data.events import DataEvent
    from desktop_app.data.messages.base import Message
    from desktop_app.data.messages.board import OpId
    from desktop_app.data.port import Link

logger = logging.getLogger(__name__)

SLICE_S = 0.003
"""So long at most operations are merged before the loop has its turn."""
MAX_WAITING_MESSAGES = 200
"""Messages that came and are not merged yet; more are dropped and asked for later."""
STATE_INTERVAL_S = 10.0
POLL_S = 0.02
MAX_TARGETS = 500
DECIMALS = 2
"""Of a coordinate: a hundredth of a pixel at 100 %."""
FULL = "The whiteboard is full: nothing can be added to it in this call."
NO_SHAPE = "This cannot be drawn on the whiteboard."


class BoardService:
    """Implements data.port.Service. Lives on the engine loop for one call."""

    capability = "board"
    labels = (BOARD.label,)

    def __init__(
        self,
        *,
        user_id: str,
        emit: Callable[[DataEvent], None],
        now_s: Callable[[], float] = time.monotonic,
        state_interval_s: float = STATE_INTERVAL_S,
    ) -> None:
        self.board = Board()
        self._user_id = user_id
        self._emit = emit
        self._now_s = now_s
        self._state_interval_s = state_interval_s
        self._site = secrets.token_hex(8)
        self._history = OwnHistory()
        self._outboxes: dict[str, Outbox] = {}
        self._incoming: deque[tuple[Link, tuple[Op, ...]]] = deque()
        self._lost_some = False
        self._tasks = TaskOwner("board")
        self._merging: asyncio.Task[None] | None = None
        self._pumping: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something that came is to be merged, or something to be sent."""
        tasks = (self._merging, self._pumping)
        return any(task is not None and not task.done() for task in tasks)

    # --- what is done here ----------------------------------------------------------------------

    def change(self, change: BoardChange) -> None:
        """Do it here and tell the others.

        Raises:
            BoardError: the whiteboard is full, or the shape is none.
        """
        if self.board.is_full and isinstance(change, Draw):
            raise BoardError(FULL)
        match change:
            case Draw(shape):
                ops = self._make([{"kind": "add", "shape": each} for each in _pieces(shape)])
            case Rub(targets):
                parts = [targets[at : at + MAX_TARGETS] for at in range(0, len(targets), MAX_TARGETS)]
                ops = self._make([{"kind": "remove", "targets": part} for part in parts])
            case Clear():
                seen = self.board.seen()
                ops = self._make([{"kind": "clear", "seen": part} for part in pages(seen) if part])
            case Undo():
                self._turn_back("undo", self._history.undo())
                return
            case Redo():
                self._turn_back("redo", self._history.redo())
                return
        if ops:
            self._history.did(tuple(op_id(op) for op in ops))
            self._publish(ops)

    def _turn_back(self, kind: Literal["undo", "redo"], ids: Sequence[OpId]) -> None:
        try:
            ops = self._make([{"kind": kind, "target": each} for each in ids])
        except BoardError:  # nothing was done: it is as it was
            _ = self._history.redo() if kind == "undo" else self._history.undo()
            raise
        if ops:
            self._publish(ops)

    def _make(self, contents: Sequence[dict[str, object]]) -> list[Op]:
        """Operations of ours, merged."""
        board, made = self.board, []
        for content in contents:
            last = board.last_clock_of(self._site)
            op = msgspec.convert(
                {
                    "site": self._site,
                    "seq": board.length_of(self._site) + 1,
                    # A participant who counts wildly must not make our operations ones that nobody takes.
                    "clock": min(board.clock + 1, last + MAX_CLOCK_STEP),
                    "author": self._user_id,
                    **content,
                },
                Op,
            )
            if not board.merge((op,)):
                break
            made.append(op)
        if len(made) < len(contents) and not made:
            raise BoardError(FULL)
        return made

    def _publish(self, ops: Sequence[Op]) -> None:
        self._emit_changed(ops, own=True)
        for outbox in self._outboxes.values():
            for op in ops:
                outbox.add(op)
            self._send_some(outbox)
        self._ensure_pump()

    def _emit_changed(self, ops: Sequence[Op], *, own: bool = False) -> None:
        self._emit(BoardChanged(tuple(ops), own, self._history.can_undo, self._history.can_redo))

    # --- links ----------------------------------------------------------------------------------

    def link_ready(self, link: Link) -> None:
        """Say what we have; they do the same, and each sends what the other lacks."""
        self._outboxes[link.user_id] = Outbox(link, self.board, self._now_s)
        self._tell_state(self._outboxes[link.user_id])
        if self._telling is None or self._telling.done():
            self._telling = self._tasks.spawn(self._tell_states(), name="states")

    def link_lost(self, link: Link) -> None:
        """What was under way may be lost; the next connection compares again."""
        self._outboxes.pop(link.user_id, None)

    def link_gone(self, link: Link) -> None:
        """What they drew stays."""
        self._outboxes.pop(link.user_id, None)

    def received(self, link: Link, message: Message) -> None:
        """Operations are merged in slices, a state is compared and answered."""
        match message:
            case BoardOps(ops=ops):
                if len(self._incoming) >= MAX_WAITING_MESSAGES:
                    self._lost_some = True
                    link.count_dropped(BOARD.label, "busy")
                    return
                self._incoming.append((link, ops))
                if self._merging is None or self._merging.done():
                    self._merging = self._tasks.spawn(self._merge(), name="merging")
            case BoardState():
                # That they claim to have operations of our site that we never made proves nothing.
                outbox = self._outboxes.get(link.user_id)
                if outbox is not None and (seen := outbox.hear(message)) is not None:
                    outbox.compare(seen, self._now_s())
                    self._ensure_pump()

    def received_bulk(self, link: Link, data: bytes) -> None:
        """Not for the whiteboard."""

    def bulk_drained(self, link: Link) -> None:
        """Not for the whiteboard."""

    def drained(self, link: Link, label: str) -> None:
        """Who lacks something says so themselves."""

    def dropped(self, link: Link, message: Message) -> None:
        """Compare anew when they say again what they have."""
        outbox = self._outboxes.get(link.user_id)
        if outbox is not None:
            outbox.forget_sent()
            outbox.told = None

    async def close(self) -> None:
        """The call is over, and its whiteboard with it."""
        await self._tasks.close()
        self._outboxes.clear()
        self._incoming.clear()
        self._emit(BoardCleared())

    # --- in -------------------------------------------------------------------------------------

    async def _merge(self) -> None:
        """Merge what came, never longer than a slice without giving the loop its turn."""
        while self._incoming:
            link, message = self._incoming.popleft()
            ops = deque(message)
            refused = self.board.refused
            while ops:
                end_s = time.perf_counter() + SLICE_S
                applied: list[Op] = []
                while ops:
                    op = ops.popleft()
                    if op.site == self._site and op.seq > self.board.length_of(self._site):
                        self._take_new_site()
                    applied += self.board.merge((op,))
                    if time.perf_counter() >= end_s:
                        break
                if applied:
                    self._emit_changed(applied)
                await asyncio.sleep(0)
            for _ in range(self.board.refused - refused):
                link.count_dropped(BOARD.label, "refused")

    def _take_new_site(self) -> None:
        """Somebody made operations in our name: the others may refuse our next ones, so we go on under a new one."""
        logger.warning("somebody else makes operations as our site on the whiteboard: taking another one")
        self._site = secrets.token_hex(8)
        self._history.forget()
        self._emit_changed(())

    # --- out ------------------------------------------------------------------------------------

    async def _tell_states(self) -> None:
        while self._outboxes:
            await asyncio.sleep(self._state_interval_s)
            asks = self._lost_some or self.board.has_gaps
            self._lost_some = False
            seen = self.board.seen()
            for outbox in self._outboxes.values():
                if asks or outbox.told != seen or outbox.they_have_more():
                    self._tell_state(outbox)

    def _tell_state(self, outbox: Outbox) -> None:
        if outbox.link.is_ready:
            outbox.told = self.board.seen()
            parts = pages(outbox.told)
            for number, part in enumerate(parts, 1):
                self._send(outbox, BoardState(seen=part, more=number < len(parts)))

    def _ensure_pump(self) -> None:
        waiting = any(not each.is_empty for each in self._outboxes.values())
        if waiting and (self._pumping is None or self._pumping.done()):
            self._pumping = self._tasks.spawn(self._pump(), name="sending")

    async def _pump(self) -> None:
        """Send what waits, a message a turn, as fast as the channels take it."""
        while waiting := [each for each in self._outboxes.values() if not each.is_empty]:
            sent = False
            for outbox in waiting:
                sent = self._send_some(outbox) or sent
                await asyncio.sleep(0)
            if not sent:
                await asyncio.sleep(POLL_S)

    def _send_some(self, outbox: Outbox) -> bool:
        now_s = self._now_s()
        if outbox.is_empty or not outbox.has_room(now_s):
            return False
        batch = outbox.next_batch(now_s)
        if batch:
            self._send(outbox, BoardOps(ops=batch))
        return True

    def _send(self, outbox: Outbox, message: Message) -> None:
        try:
            outbox.link.send(BOARD.label, message)
        except MessageError:
            logger.warning("a message of the whiteboard is too long", exc_info=True)


def _pieces(shape: Shape) -> list[Shape]:
    """The shape as everybody takes it; or what a stroke is cut into that is too long, the pieces sharing end points.

    Raises:
        BoardError: it has not the points and the text that its tool needs, or one that is out of bounds.
    """
    points = tuple(round(each, DECIMALS) for each in shape.points)
    starts = range(0, max(1, len(points) - 2), MAX_NUMBERS - 2) if shape.tool == "pen" else (0,)
    fields = msgspec.structs.asdict(shape)
    try:
        # The window's shapes are made in Python, which checks nothing.
        pieces = [
            msgspec.convert({**fields, "points": points[at : at + MAX_NUMBERS]}, Shape) for at in starts
        ]
    except msgspec.ValidationError as error:
        raise BoardError(NO_SHAPE) from error
    if not all(shape_is_sound(each) for each in pieces):
        raise BoardError(NO_SHAPE)
    return pieces
