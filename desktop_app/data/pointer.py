"""Pointers, and strokes while they are drawn: unreliable and in no order, so the newest is what counts."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from .board.simplify import thin_out
from .board.validity import shape_is_sound
from .channels import POINTER
from .codec import MessageError
from .events import PointerMoved, StrokeMoved
from .messages.board import Shape
from .messages.pointer import MAX_STROKE_NUMBERS, Pointer, Stroke
from .pacer import Pacer

if TYPE_CHECKING:
    from collections.abc import Callable

    from .events import DataEvent
    from .messages.base import Message
    from .pacer import CallLater, Timer
    from .port import Link

INTERVAL_S = 1 / 30
REPEAT_S = 1.0
"""A pointer that rests is sent again, in case its last place was lost, and so that it stays."""
SILENT_S = 5.0
FAREWELL_S = 0.2
"""When it is said once more that the pointer is away: a message may be lost."""
OLD_MS = 10_000.0
"""A message that is older than another one by less than this was overtaken; by more, a clock was set back."""
BOARD_SURFACE = "board"
VIDEO_SURFACE = "video:"
SCREEN_SURFACE = "screen:"
_PREVIEW_DECIMALS = 1
_MAX_PREVIEW_POINTS = 100
"""Some 1,100 bytes: a message in one packet."""
_NO_SHAPE = Shape(tool="pen", color="#000000", width=1.0, points=(0.0, 0.0))

Sent: TypeAlias = Pointer | Stroke


def surface_is_sound(surface: str, x: float, y: float) -> bool:
    """Whether there can be such a place: anywhere on the board, or within somebody's picture or shared screen."""
    if surface == BOARD_SURFACE:
        return True
    kind = surface[: surface.find(":") + 1]
    return kind in (VIDEO_SURFACE, SCREEN_SURFACE) and surface != kind and 0 <= x <= 1 and 0 <= y <= 1


class PointerService:
    """Implements data.port.Service. Lives on the engine loop for one call."""

    capability = "pointer"
    labels = (POINTER.label,)

    def __init__(
        self,
        *,
        user_id: str,
        emit: Callable[[DataEvent], None],
        now_s: Callable[[], float] = time.monotonic,
        call_later: CallLater | None = None,
    ) -> None:
        """`user_id` is ours; here and in the events our own picture is the surface `video:` without an id, and our
        own screen is `screen:` without one."""
        self._short = {kind + user_id: kind for kind in (VIDEO_SURFACE, SCREEN_SURFACE)}
        self._long = {kind: whole for whole, kind in self._short.items()}
        self._emit = emit
        self._now_s = now_s
        self._call_later = call_later or asyncio.get_running_loop().call_later
        self._links: dict[str, Link] = {}
        self._others: dict[str, _Other] = {}
        self._own: dict[type[Sent], Pacer[Sent]] = {
            kind: self._pacer(self._send) for kind in (Pointer, Stroke)
        }
        self._resting: Timer | None = None
        self._said_farewell = True

    def _pacer(self, pass_on: Callable[[Sent], None]) -> Pacer[Sent]:
        return Pacer(pass_on, INTERVAL_S, now_s=self._now_s, call_later=self._call_later)

    # --- ours -----------------------------------------------------------------------------------

    def point(self, surface: str, x: float, y: float, visible: bool) -> None:
        """Show the others where our pointer is; the last of several within a thirtieth of a second goes."""
        surface = self._long.get(surface, surface)
        if surface_is_sound(surface, x, y):
            self._own[Pointer].put(Pointer(surface=surface, x=round(x, 4), y=round(y, 4), visible=visible))

    def show_stroke(self, shape: Shape | None) -> None:
        """Show the others what we are drawing; None: it has ended."""
        if shape is None:
            self._own[Stroke].put(Stroke(shape=_NO_SHAPE, done=True))
        elif shape_is_sound(shape):
            self._own[Stroke].put(Stroke(shape=_preview(shape)))

    def _send(self, message: Sent) -> None:
        if self._resting is not None and isinstance(message, Pointer):
            self._resting.cancel()
            self._resting = None
        for link in self._links.values():
            if link.is_ready:  # what would have to wait is of no use
                try:
                    link.send(POINTER.label, message)
                except MessageError:
                    return
        if isinstance(message, Pointer):
            if message.visible:
                self._resting = self._call_later(REPEAT_S, lambda: self._send(message))
            elif not self._said_farewell:
                self._resting = self._call_later(FAREWELL_S, lambda: self._send(message))
            self._said_farewell = not message.visible

    # --- theirs ---------------------------------------------------------------------------------

    def link_ready(self, link: Link) -> None:
        """They see our pointer from now on."""
        self._links[link.user_id] = link

    def link_lost(self, link: Link) -> None:
        """Their pointer goes when it has been silent for long enough."""
        self._links.pop(link.user_id, None)

    def link_gone(self, link: Link) -> None:
        """Their pointer and their stroke go."""
        self._links.pop(link.user_id, None)
        if (other := self._others.pop(link.user_id, None)) is not None:
            other.end()

    def received(self, link: Link, message: Message) -> None:
        """Show it, if it is newer than what is shown."""
        match message:
            case Pointer(surface=surface, x=x, y=y):
                sound = surface_is_sound(surface, x, y)
                if surface in self._short:
                    message = msgspec.structs.replace(message, surface=self._short[surface])
            case Stroke(shape=shape, done=done):
                sound = done or (len(shape.points) <= MAX_STROKE_NUMBERS and shape_is_sound(shape))
            case _:
                return
        if not sound:
            link.count_dropped(POINTER.label, "unsound")
            return
        other = self._others.get(link.user_id)
        if other is None:
            other = self._others[link.user_id] = _Other(
                link.user_id, self._emit, self._pacer, self._call_later
            )
        other.take(message)

    def received_bulk(self, link: Link, data: bytes) -> None:
        """Not for pointers."""

    def bulk_drained(self, link: Link) -> None:
        """Not for pointers."""

    def drained(self, link: Link, label: str) -> None:
        """What was dropped is old by now."""

    def dropped(self, link: Link, message: Message) -> None:
        """A newer one followed."""

    async def close(self) -> None:
        """The call is over."""
        for pacer in self._own.values():
            pacer.close()
        if self._resting is not None:
            self._resting.cancel()
        for other in self._others.values():
            other.end()
        self._others.clear()
        self._links.clear()


class _Other:
    """What is shown of one participant."""

    def __init__(
        self,
        user_id: str,
        emit: Callable[[DataEvent], None],
        make_pacer: Callable[[Callable[[Sent], None]], Pacer[Sent]],
        call_later: CallLater,
    ) -> None:
        self._user_id = user_id
        self._emit = emit
        self._call_later = call_later
        self._pacers = {kind: make_pacer(self._show) for kind in (Pointer, Stroke)}
        self._newest_ms = {Pointer: 0.0, Stroke: 0.0}
        self._silence: dict[type[Sent], Timer] = {}
        self._shown: dict[type[Sent], Sent] = {}

    def take(self, message: Sent) -> None:
        kind = type(message)
        if 0 < self._newest_ms[kind] - message.t < OLD_MS:
            return
        self._newest_ms[kind] = message.t
        if (timer := self._silence.pop(kind, None)) is not None:
            timer.cancel()
        self._silence[kind] = self._call_later(SILENT_S, lambda: self._hide(kind))
        self._pacers[kind].put(message)

    def end(self) -> None:
        for kind in (Pointer, Stroke):
            self._pacers[kind].close()
            self._hide(kind)

    def _show(self, message: Sent) -> None:
        if isinstance(message, Pointer):
            if message.visible or Pointer in self._shown:
                self._emit(
                    PointerMoved(self._user_id, message.surface, message.x, message.y, message.visible)
                )
            ended = not message.visible
        else:
            if not message.done or Stroke in self._shown:
                self._emit(StrokeMoved(self._user_id, None if message.done else message.shape))
            ended = message.done
        if ended:
            self._shown.pop(type(message), None)
        else:
            self._shown[type(message)] = message

    def _hide(self, kind: type[Sent]) -> None:
        if (timer := self._silence.pop(kind, None)) is not None:
            timer.cancel()
        match self._shown.pop(kind, None):
            case Pointer() as last:
                self._emit(PointerMoved(self._user_id, last.surface, last.x, last.y, False))
            case Stroke():
                self._emit(StrokeMoved(self._user_id, None))
            case _:
                pass


def _preview(shape: Shape) -> Shape:
    points = list(zip(shape.points[::2], shape.points[1::2], strict=True))
    thin = thin_out(points, _MAX_PREVIEW_POINTS)
    flat = tuple(round(each, _PREVIEW_DECIMALS) for point in thin for each in point)
    return msgspec.structs.replace(shape, points=flat)
