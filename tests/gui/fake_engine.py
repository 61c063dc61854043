"""A complete engine in memory: the same manners as the real one, and it does what a test tells it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from desktop_app.call.events import (
    CallState,
    CallStateChanged,
    KnockGone,
    LocalMuteChanged,
    LocalScreenChanged,
    ParticipantGone,
    RoomChanged,
)
from desktop_app.core.events import Emitter
from desktop_app.data.events import ChatEntry, ChatLineChanged, HandChanged, ReactionShown
from desktop_app.engine.port import EnginePort, HostedRoom, TestLine
from desktop_app.media.devices import Device, Devices
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.media.screen.source import Preview, ScreenSource
from desktop_app.protocol.invite import Invite
from desktop_app.protocol.rights import RoomRules
from desktop_app.updates.feed import Release
from desktop_app.updates.version import parse_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop_app.call.events import CallEvent, MediaKind
    from desktop_app.data.board_changes import BoardChange
    from desktop_app.data.messages.board import Shape
    from desktop_app.media.chimes import Chime
    from desktop_app.settings.schema import Settings

FINGERPRINT = "ab" * 32


class Call(NamedTuple):
    """One call of an engine's method."""

    name: str
    args: tuple[Any, ...] = ()


class FakeEngine:
    """Implements `EnginePort`.

    - `calls` records every coroutine that was started, in order; `names()` gives their names.
    - `emit(event)` delivers an event to the subscribers.
    - `fail("join", error)` makes that method raise from now on, `fail("join", None)` ends that.
    - `hold("join")` makes that method wait until `release("join")`.
    - `devices`, `room`, `test_lines`, `diagnostics_text` are what the methods answer with; change them at will.

    `host`, `join`, `leave`, `set_muted`, `send_chat`, `react` and `raise_hand` emit the same events as the real
    engine; what happens to a line or a file afterwards is for the test to tell.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.devices = Devices(
            cameras=(Device("0", "Front Camera"), Device("2", "USB Camera")),
            microphones=(Device("mic-1", "Built-in Microphone"), Device("mic-2", "Headset Microphone")),
            speakers=(Device("spk-1", "Built-in Speakers"), Device("spk-2", "Headset")),
        )
        self.room = HostedRoom(Invite("192.0.2.7", 8443, "abcd-efgh-jkmn", True, FINGERPRINT))
        self.newest = Release(parse_version("0.0.1"), "https://bridgecall.example.org/0.0.1")
        self.diagnostics_text = "Bridgecall diagnostics"
        self.test_lines: tuple[TestLine, ...] = (TestLine("Signaling server", "pass", "Answers in 20 ms."),)
        self.settings: Settings | None = None
        self.rules = RoomRules()
        self.state = CallState.IDLE
        self.closed = False
        self._room_id = ""
        self._user_id = "me"
        self._lines = 0
        self._local_video = FrameSlot()
        self._remote_video: dict[str, FrameSlot] = {}
        self._remote_screen: dict[str, FrameSlot] = {}
        self.screens: tuple[ScreenSource, ...] = (
            ScreenSource(
                "screen:1", "The whole screen", 1920, 1080, "screen", Preview(4, 2, bytes(range(24)))
            ),
            ScreenSource("window:77", "Budget – Editor", 801, 600, "window"),
        )
        self._events: Emitter[CallEvent] = Emitter()
        self._failures: dict[str, BaseException] = {}
        self._gates: dict[str, asyncio.Event] = {}

    # What a test does with it

    @property
    def listener_count(self) -> int:
        """How many listeners are subscribed."""
        return len(self._events)

    def names(self) -> list[str]:
        """The names of the calls so far."""
        return [call.name for call in self.calls]

    def emit(self, event: CallEvent) -> None:
        """Deliver `event` to the subscribers now."""
        self._events.emit(event)

    def fail(self, method: str, error: BaseException | None) -> None:
        """Let `method` raise `error` from now on; None lets it succeed again."""
        if error is None:
            self._failures.pop(method, None)
        else:
            self._failures[method] = error

    def hold(self, method: str) -> None:
        """Let `method` wait until it is released."""
        self._gates[method] = asyncio.Event()

    def release(self, method: str) -> None:
        """Let `method` go on."""
        self._gates.pop(method).set()

    # EnginePort

    @property
    def user_id(self) -> str:
        """Our own id."""
        return self._user_id

    def be_again(self, user_id: str) -> None:
        """Take another id."""
        self._user_id = user_id

    @property
    def local_video(self) -> FrameSlot:
        """Our own picture."""
        return self._local_video

    def remote_video(self, user_id: str) -> FrameSlot:
        """The picture of a participant."""
        return self._remote_video.setdefault(user_id, FrameSlot())

    def remote_screen(self, user_id: str) -> FrameSlot:
        """The screen that a participant shows."""
        return self._remote_screen.setdefault(user_id, FrameSlot())

    def subscribe(self, listener: Callable[[CallEvent], None]) -> Callable[[], None]:
        """Receive every event from now on."""
        return self._events.subscribe(listener)

    async def apply_settings(self, settings: Settings) -> None:
        """Keep `settings`."""
        await self._called("apply_settings", settings)
        self.settings = settings

    async def list_devices(self) -> Devices:
        """Answer with `devices`."""
        await self._called("list_devices")
        return self.devices

    async def host(self, display_name: str, again: Invite | None = None) -> HostedRoom:
        """Answer with `room`, and be in it."""
        await self._called("host", display_name, *([again] if again else ()))
        self._enter(self.room.invite.room_id)
        return self.room

    async def join(self, invite: Invite, display_name: str, password: str = "") -> None:
        """Be in the room of `invite`."""
        await self._called("join", invite, display_name, *([password] if password else ()))
        self._enter(invite.room_id)

    async def leave(self) -> None:
        """Be in no room."""
        await self._called("leave")
        self._remote_video.clear()
        self._change_state(CallState.IDLE)
        self._room_id = ""

    def network_changed(self) -> None:
        """Do nothing about it."""
        self.calls.append(Call("network_changed"))

    async def set_muted(self, kind: MediaKind, muted: bool) -> None:
        """Tell the subscribers that the switch took effect."""
        await self._called("set_muted", kind, muted)
        self.emit(LocalMuteChanged(kind, muted))

    async def change_room(
        self, *, locked: bool | None = None, lobby: bool | None = None, password: str | None = None
    ) -> None:
        """Change the rules, and tell them."""
        await self._called("change_room", locked, lobby, password)
        old = self.rules
        self.rules = replace(
            old,
            locked=old.locked if locked is None else locked,
            lobby=old.lobby if lobby is None else lobby,
            password=old.password if password is None else bool(password),
        )
        self.emit(RoomChanged(self.rules))

    async def admit(self, user_id: str, *, let_in: bool) -> None:
        """They wait no longer."""
        await self._called("admit", user_id, let_in)
        self.emit(KnockGone(user_id))

    async def kick(self, user_id: str, *, ban: bool = False) -> None:
        """They are gone."""
        await self._called("kick", user_id, ban)
        self.emit(ParticipantGone(user_id))

    async def ask_mute(self, user_id: str, kind: MediaKind) -> None:
        """Ask nobody."""
        await self._called("ask_mute", user_id, kind)

    async def give_host(self, user_id: str) -> None:
        """They are the host."""
        await self._called("give_host", user_id)
        self.rules = replace(self.rules, host=user_id)
        self.emit(RoomChanged(self.rules))

    async def send_chat(self, text: str, to: str | None = None) -> None:
        """Give the line back as an event, sent; lines are a second apart."""
        await self._called("send_chat", text, to)
        self._lines += 1
        entry = ChatEntry(
            id=f"{self._lines:032x}",
            author="me",
            author_name="Ana Silva",
            text=text,
            sent_ms=1_764_000_000_000.0 + 1000 * self._lines,
            to=to,
            own=True,
            state="sent",
            recipients=1,
        )
        self.emit(ChatLineChanged(entry))

    async def send_files(self, paths: Sequence[str], to: str | None = None) -> None:
        """Offer nothing to anybody."""
        await self._called("send_files", tuple(paths), to)

    async def accept_file(self, transfer_id: str) -> None:
        """Receive nothing."""
        await self._called("accept_file", transfer_id)

    async def decline_file(self, transfer_id: str) -> None:
        """Answer nobody."""
        await self._called("decline_file", transfer_id)

    async def cancel_file(self, transfer_id: str) -> None:
        """End nothing."""
        await self._called("cancel_file", transfer_id)

    async def change_board(self, change: BoardChange) -> None:
        """Draw nothing; a test emits what the board would hold."""
        await self._called("change_board", change)

    async def react(self, emoji: str) -> None:
        """Show the reaction to ourselves."""
        await self._called("react", emoji)
        self.emit(ReactionShown("", emoji))

    async def raise_hand(self, raised: bool) -> None:
        """Tell that our hand is up or down."""
        await self._called("raise_hand", raised)
        self.emit(HandChanged("", raised))

    def point(self, surface: str, x: float, y: float, visible: bool) -> None:
        """Show the pointer to nobody."""
        self.calls.append(Call("point", (surface, x, y, visible)))

    def show_stroke(self, shape: Shape | None) -> None:
        """Show the stroke to nobody."""
        self.calls.append(Call("show_stroke", (shape,)))

    def set_view(
        self, large: Sequence[str], small: Sequence[str], screens: Sequence[str] | None = None
    ) -> None:
        """Note who is on screen, and whose shared screens are, where there are any."""
        shared = (tuple(screens),) if screens else ()
        self.calls.append(Call("set_view", (tuple(large), tuple(small), *shared)))

    async def list_screens(self) -> tuple[ScreenSource, ...]:
        """Answer with `screens`."""
        await self._called("list_screens")
        return self.screens

    async def share_screen(self, source: ScreenSource | None) -> None:
        """Tell that it is shown, or none is."""
        await self._called("share_screen", source)
        self.emit(LocalScreenChanged(source is not None))

    async def play_test_tone(self) -> None:
        """Play nothing; `hold` makes it last."""
        await self._called("play_test_tone")

    def play_chime(self, chime: Chime) -> None:
        """Play nothing."""
        self.calls.append(Call("play_chime", (chime,)))

    async def test_connection(
        self, settings: Settings, on_line: Callable[[TestLine], None]
    ) -> tuple[TestLine, ...]:
        """Tell `test_lines`."""
        await self._called("test_connection", settings)
        for line in self.test_lines:
            on_line(line)
        return self.test_lines

    async def newest_release(self, url: str) -> Release:
        """Answer with `newest`."""
        await self._called("newest_release", url)
        return self.newest

    async def diagnostics(self) -> str:
        """Answer with `diagnostics_text`."""
        await self._called("diagnostics")
        return self.diagnostics_text

    async def close(self) -> None:
        """Be closed."""
        await self._called("close")
        self.closed = True

    async def _called(self, name: str, *args: Any) -> None:
        self.calls.append(Call(name, args))
        gate = self._gates.get(name)
        if gate is not None:
            await gate.wait()
        else:
            await asyncio.sleep(0)  # as the real engine, never done within the same turn
        if name in self._failures:
            raise self._failures[name]

    def _enter(self, room_id: str) -> None:
        self._room_id = room_id
        self._change_state(CallState.JOINING)
        self._change_state(CallState.IN_CALL)

    def _change_state(self, state: CallState) -> None:
        self.state = state
        self.emit(CallStateChanged(state, self._room_id))


def as_port(engine: FakeEngine) -> EnginePort:
    """The same engine; mypy checks here that it is complete."""
    return engine
