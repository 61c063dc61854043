"""The one bridge between the window's thread and the engine's: calls in as coroutines, events out as a Qt signal."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from desktop_app.call.events import DeviceState, DeviceStatus
from desktop_app.core.events import Emitter
from desktop_app.updates.feed import newest_release

from .core import EngineCore
from .permissions import PermissionGate
from .thread import EngineThread

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from desktop_app.call.events import CallEvent, MediaKind
    from desktop_app.data.board_changes import BoardChange
    from desktop_app.data.messages.board import Shape
    from desktop_app.media.audio_backend import AudioBackend
    from desktop_app.media.chimes import Chime
    from desktop_app.media.devices import Devices
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.media.screen.source import ScreenSource
    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.schema import Settings
    from desktop_app.updates.feed import Release

    from .hosting import Host
    from .permissions import Kind, PermissionPort
    from .port import HostedRoom, TestLine

logger = logging.getLogger(__name__)
T = TypeVar("T")

CLOSE_LIMIT_S = 8.0


class EngineBridge(QObject):
    """Implements EnginePort. Made and used on the Qt thread, whose asyncio loop is qasync's."""

    _arrived = Signal(object)

    def __init__(
        self,
        *,
        backend: AudioBackend | None,
        make_host: Callable[[], Host],
        loopback_only: bool = False,
        permissions: PermissionPort | None = None,
    ) -> None:
        """With `loopback_only` calls use no network beyond this machine, and need none.

        `permissions` are asked before a camera or a microphone is opened.
        """
        super().__init__()
        self._events: Emitter[CallEvent] = Emitter()
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._thread = EngineThread()
        self._thread.start()
        self._closed = False
        self._gate = None if permissions is None else PermissionGate(permissions)
        self._wanted: Settings | None = None
        self._asking = asyncio.Lock()

        async def make() -> EngineCore:
            return EngineCore(
                backend=backend,
                host=make_host(),
                emit=self._arrived.emit,
                loopback_only=loopback_only,
            )

        # The only wait for the engine on this thread, before the window exists.
        self._core = self._thread.submit(make()).result()

    @Slot(object)
    def _deliver(self, event: CallEvent) -> None:
        self._events.emit(event)

    async def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(self._thread.submit(coroutine))

    @property
    def user_id(self) -> str:
        """Our own id in rooms."""
        return self._core.user_id

    def be_again(self, user_id: str) -> None:
        """Take the id that we had before a crash."""
        self._core.user_id = user_id  # one assignment; the engine reads it when a room is entered

    @property
    def local_video(self) -> FrameSlot:
        """Our own picture."""
        return self._core.local_video

    def remote_video(self, user_id: str) -> FrameSlot:
        """The picture of a participant."""
        return self._core.session.remote_video(user_id)

    def remote_screen(self, user_id: str) -> FrameSlot:
        """The screen that a participant shows."""
        return self._core.session.remote_screen(user_id)

    def subscribe(self, listener: Callable[[CallEvent], None]) -> Callable[[], None]:
        """Receive every event on the Qt thread."""
        return self._events.subscribe(listener)

    async def apply_settings(self, settings: Settings) -> None:
        """Open what the settings name and the system permits, and change what they change."""
        if self._gate is None:
            await self._call(self._core.apply_settings(settings))
            return
        self._wanted = settings
        before = self._gate.permitted(settings), self._gate.refusals(settings)
        await self._apply_permitted(*before)
        async with self._asking:  # one question at a time, and none for settings that are no longer wanted
            if self._wanted is not settings:
                return
            await self._gate.ask(settings)
            now = self._gate.permitted(settings), self._gate.refusals(settings)
            if self._wanted is settings and now != before:
                await self._apply_permitted(*now)

    async def _apply_permitted(self, settings: Settings, refusals: Mapping[Kind, str]) -> None:
        await self._call(self._core.apply_settings(settings))
        for kind, sentence in refusals.items():
            self._arrived.emit(
                DeviceStatus(kind, DeviceState.FAILED, sentence)
            )  # after the engine's own words

    async def list_devices(self) -> Devices:
        """The cameras, microphones and speakers of now."""
        return await self._call(self._core.list_devices())

    async def host(self, display_name: str, again: Invite | None = None) -> HostedRoom:
        """Start the server in this process, make a new room (or one again) and join it."""
        return await self._call(self._core.host(display_name, again))

    async def join(self, invite: Invite, display_name: str, password: str = "") -> None:
        """Join a room."""
        await self._call(self._core.join(invite, display_name, password))

    async def leave(self) -> None:
        """Leave the call."""
        await self._call(self._core.leave())

    def network_changed(self) -> None:
        """An address came, went or changed."""
        self._thread.post(self._core.network_changed)

    async def set_muted(self, kind: MediaKind, muted: bool) -> None:
        """Switch our microphone or camera."""
        await self._call(self._core.set_muted(kind, muted))

    async def change_room(
        self, *, locked: bool | None = None, lobby: bool | None = None, password: str | None = None
    ) -> None:
        """Change the doors of the room."""
        await self._call(self._core.change_room(locked=locked, lobby=lobby, password=password))

    async def admit(self, user_id: str, *, let_in: bool) -> None:
        """Let somebody in who waits, or not."""
        await self._call(self._core.admit(user_id, let_in=let_in))

    async def kick(self, user_id: str, *, ban: bool = False) -> None:
        """Take somebody out of the room."""
        await self._call(self._core.kick(user_id, ban=ban))

    async def ask_mute(self, user_id: str, kind: MediaKind) -> None:
        """Ask somebody to switch their microphone or camera off."""
        await self._call(self._core.ask_mute(user_id, kind))

    async def give_host(self, user_id: str) -> None:
        """Make somebody else the host."""
        await self._call(self._core.give_host(user_id))

    async def send_chat(self, text: str, to: str | None = None) -> None:
        """Say a line to everybody, or to one participant."""
        await self._call(self._core.send_chat(text, to))

    async def react(self, emoji: str) -> None:
        """Show a reaction to everybody."""
        await self._call(self._core.react(emoji))

    async def raise_hand(self, raised: bool) -> None:
        """Raise our hand, or take it down."""
        await self._call(self._core.raise_hand(raised))

    async def send_files(self, paths: Sequence[str], to: str | None = None) -> None:
        """Offer files to everybody, or to one participant."""
        await self._call(self._core.send_files(paths, to))

    async def accept_file(self, transfer_id: str) -> None:
        """Receive a file that was offered."""
        await self._call(self._core.accept_file(transfer_id))

    async def decline_file(self, transfer_id: str) -> None:
        """Do not receive it."""
        await self._call(self._core.decline_file(transfer_id))

    async def cancel_file(self, transfer_id: str) -> None:
        """End a transfer in either direction."""
        await self._call(self._core.cancel_file(transfer_id))

    async def change_board(self, change: BoardChange) -> None:
        """Draw on the whiteboard, rub out, clear, undo or redo."""
        await self._call(self._core.change_board(change))

    def point(self, surface: str, x: float, y: float, visible: bool) -> None:
        """Show everybody where the pointer is."""
        self._thread.post(lambda: self._core.point(surface, x, y, visible))

    def show_stroke(self, shape: Shape | None) -> None:
        """Show everybody a shape while it is drawn."""
        self._thread.post(lambda: self._core.show_stroke(shape))

    def set_view(
        self, large: Sequence[str], small: Sequence[str], screens: Sequence[str] | None = None
    ) -> None:
        """Tell who is on screen."""
        view = tuple(large), tuple(small), None if screens is None else tuple(screens)
        self._thread.post(lambda: self._core.set_view(*view))

    async def list_screens(self) -> tuple[ScreenSource, ...]:
        """The screens and windows that could be shown."""
        return await self._call(self._core.list_screens())

    async def share_screen(self, source: ScreenSource | None) -> None:
        """Show one of them, or none."""
        await self._call(self._core.share_screen(source))

    async def play_test_tone(self) -> None:
        """Play a short tone on the speaker."""
        await self._call(self._core.play_test_tone())

    def play_chime(self, chime: Chime) -> None:
        """Play a short sound on the speaker."""
        self._thread.post(lambda: self._core.play_chime(chime))

    async def test_connection(
        self, settings: Settings, on_line: Callable[[TestLine], None]
    ) -> tuple[TestLine, ...]:
        """Try server, STUN, TURN and devices; the lines come on the Qt thread."""
        loop = asyncio.get_running_loop()

        def tell(line: TestLine) -> None:
            loop.call_soon_threadsafe(on_line, line)

        if self._gate is not None:
            settings = self._gate.permitted(settings)
        return await self._call(self._core.test_connection(settings, tell))

    async def newest_release(self, url: str) -> Release:
        """Ask for the newest version of this program."""
        return await self._call(newest_release(url))

    async def diagnostics(self) -> str:
        """A text for a bug report."""
        return await self._call(self._core.diagnostics())

    async def close(self) -> None:
        """Leave, stop the server and the devices, and end the engine thread. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._call(self._core.close())
        except TimeoutError:
            logger.warning("the engine did not close within %.0f s", CLOSE_LIMIT_S)
        finally:
            # Joining would block the window; the loop stops within its current callback.
            await asyncio.get_running_loop().run_in_executor(None, self._thread.stop)
