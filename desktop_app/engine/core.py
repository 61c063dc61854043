"""What runs on the engine thread on the window's behalf."""

from __future__ import annotations

import contextlib
import logging
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop_app.call.call import JoinRequest
from desktop_app.call.doors import check_password
from desktop_app.call.session import NoCallError, Session
from desktop_app.media.devices import Devices, list_cameras
from desktop_app.protocol.invite import new_room_id, new_room_key
from desktop_app.protocol.messages import ParticipantInfo

from .configure import ice_servers, media_config, with_settings
from .connection_test import ConnectionTest
from .diagnostics import describe
from .port import HostedRoom, TestLine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop_app.call.events import CallEvent, MediaKind
    from desktop_app.data.board_changes import BoardChange
    from desktop_app.data.messages.board import Shape
    from desktop_app.media.audio_backend import AudioBackend
    from desktop_app.media.chimes import Chime
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.media.screen.source import ScreenSource
    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.schema import Settings

    from .hosting import Host

logger = logging.getLogger(__name__)


class EngineCore:
    """Made and used on the engine loop; the bridge calls it from the Qt thread."""

    def __init__(
        self,
        *,
        backend: AudioBackend | None,
        host: Host,
        emit: Callable[[CallEvent], None],
        loopback_only: bool = False,
    ) -> None:
        """With `loopback_only` calls use no network beyond this machine, and need none."""
        self._loopback_only = loopback_only
        self._backend = backend
        self._host = host
        self._settings: Settings | None = None
        # Made once for each start of the program: names of people need not be unique, ids must be.
        self.user_id = secrets.token_hex(8)
        self.session = Session(backend)
        self.session.events.subscribe(emit)

    @property
    def local_video(self) -> FrameSlot:
        """Our own picture."""
        return self.session.media.slot

    async def apply_settings(self, settings: Settings) -> None:
        """Open and change devices."""
        self._settings = settings
        self.session.rename(settings.display_name)
        self.session.files = with_settings(self.session.files, settings)
        await self.session.apply(media_config(settings))

    async def list_devices(self) -> Devices:
        """Ask the system; on a worker thread, since drivers take their time."""
        return await self.session.media.on_device_thread(self._list_devices)

    def _list_devices(self) -> Devices:
        backend = self._backend
        return Devices(
            cameras=list_cameras(),
            microphones=() if backend is None else tuple(backend.microphones()),
            speakers=() if backend is None else tuple(backend.speakers()),
        )

    async def host(self, display_name: str, again: Invite | None = None) -> HostedRoom:
        """Start the server if need be, and enter a new room on it, or the one of before a crash."""
        await self._host.start(0 if again is None else again.port)
        room_id, key = (new_room_id(), new_room_key()) if again is None else (again.room_id, again.key)
        await self.join(replace(self._host.own_invite(room_id), key=key), display_name)
        return HostedRoom(replace(self._host.invite(room_id), key=key))

    async def join(self, invite: Invite, display_name: str, password: str = "") -> None:
        """Enter a room."""
        check_password(password)
        settings = self._settings
        await self.session.join(
            JoinRequest(
                url=invite.websocket_url(),
                room_id=invite.room_id,
                me=ParticipantInfo(self.user_id, display_name),
                fingerprint_sha256=invite.fingerprint_sha256,
                ice_servers=() if settings is None else ice_servers(settings),
                relay_only=settings is not None and settings.relay_only,
                loopback_only=self._loopback_only,
                access=invite.access,
                password=password,
            )
        )

    async def leave(self) -> None:
        """Leave the call."""
        await self.session.leave()

    def network_changed(self) -> None:
        """An address came, went or changed."""
        self.session.network_changed()

    async def set_muted(self, kind: MediaKind, muted: bool) -> None:
        """Switch our microphone or camera."""
        await self.session.set_muted(kind, muted)

    async def change_room(self, *, locked: bool | None, lobby: bool | None, password: str | None) -> None:
        """Change the doors of the room."""
        self.session.doors.change(locked=locked, lobby=lobby, password=password)

    async def admit(self, user_id: str, *, let_in: bool) -> None:
        """Let somebody in who waits, or not."""
        self.session.doors.answer(user_id, let_in=let_in)

    async def kick(self, user_id: str, *, ban: bool) -> None:
        """Take somebody out of the room."""
        self.session.doors.kick(user_id, ban=ban)

    async def ask_mute(self, user_id: str, kind: MediaKind) -> None:
        """Ask somebody to switch their microphone or camera off."""
        self.session.doors.ask_mute(user_id, kind)

    async def give_host(self, user_id: str) -> None:
        """Make somebody else the host."""
        self.session.doors.give_host(user_id)

    async def send_chat(self, text: str, to: str | None) -> None:
        """Say a line."""
        self.session.data.chat.say(text, to)

    async def react(self, emoji: str) -> None:
        """Show a reaction."""
        self.session.data.signs.react(emoji)

    async def raise_hand(self, raised: bool) -> None:
        """Raise our hand, or take it down."""
        self.session.data.signs.raise_hand(raised)

    async def send_files(self, paths: Sequence[str], to: str | None) -> None:
        """Offer files."""
        await self.session.data.files.send_files(paths, to)

    async def accept_file(self, transfer_id: str) -> None:
        """Receive a file that was offered."""
        self.session.data.files.accept(transfer_id)

    async def decline_file(self, transfer_id: str) -> None:
        """Do not receive it."""
        self.session.data.files.decline(transfer_id)

    async def cancel_file(self, transfer_id: str) -> None:
        """End a transfer."""
        self.session.data.files.cancel(transfer_id)

    async def change_board(self, change: BoardChange) -> None:
        """Draw, rub out, clear, undo or redo."""
        self.session.data.board.change(change)

    def point(self, surface: str, x: float, y: float, visible: bool) -> None:
        """Show where our pointer is."""
        with contextlib.suppress(NoCallError):  # the call ended with the mouse over the board
            self.session.data.pointer.point(surface, x, y, visible)

    def show_stroke(self, shape: Shape | None) -> None:
        """Show what we are drawing."""
        with contextlib.suppress(NoCallError):
            self.session.data.pointer.show_stroke(shape)

    def set_view(self, large: Sequence[str], small: Sequence[str], screens: Sequence[str] | None) -> None:
        """Tell who is on screen."""
        self.session.set_view(large, small, screens)

    async def list_screens(self) -> tuple[ScreenSource, ...]:
        """Ask the desktop."""
        return await self.session.list_screens()

    async def share_screen(self, source: ScreenSource | None) -> None:
        """Show a screen, or none."""
        await self.session.share_screen(None if source is None else source.id)

    async def play_test_tone(self) -> None:
        """A second of tone."""
        self.session.media.play_test_tone()

    def play_chime(self, chime: Chime) -> None:
        """A short sound on the speaker."""
        self.session.media.play_chime(chime)

    async def test_connection(
        self, settings: Settings, on_line: Callable[[TestLine], None]
    ) -> tuple[TestLine, ...]:
        """Try server, STUN, TURN and devices."""
        if settings != self._settings:
            await self.apply_settings(settings)
        call = self.session.call
        known = () if call is None else call.ice_servers
        return await ConnectionTest(settings, self.session.media, on_line, known).run()

    async def diagnostics(self) -> str:
        """A text for a bug report."""
        devices = await self.list_devices()
        return await self.session.media.on_device_thread(
            lambda: describe(
                self._settings, devices, self.session.newest_stats, self.session.media.diagnostics
            )
        )

    async def close(self) -> None:
        """End everything."""
        await self.session.close()
        await self._host.stop()
