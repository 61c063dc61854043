"""What the window may ask of the engine. The Qt bridge implements it; GUI tests bring their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop_app.call.events import CallEvent, MediaKind
    from desktop_app.data.board_changes import BoardChange
    from desktop_app.data.messages.board import Shape
    from desktop_app.media.chimes import Chime
    from desktop_app.media.devices import Devices
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.media.screen.source import ScreenSource
    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.schema import Settings
    from desktop_app.updates.feed import Release


@dataclass(frozen=True, slots=True)
class HostedRoom:
    """A room on the server that runs inside this application."""

    invite: Invite
    """The link for others: the LAN address, with the certificate's fingerprint."""


@dataclass(frozen=True, slots=True)
class TestLine:
    """One line of the connection test."""

    __test__: ClassVar[bool] = False  # for pytest, which collects classes of such names

    name: str
    """What was tried, for people."""
    verdict: Literal["running", "pass", "warn", "fail"]
    detail: str = ""
    """What came of it, and why."""


class EnginePort(Protocol):
    """The engine as the window sees it.

    Coroutines are awaited on the Qt thread and work on the engine thread; what they raise is a
    UserFacingError (show its text) or a defect (show core.errors.sentence_for, log the traceback).
    Listeners are called on the Qt thread.
    """

    @property
    def user_id(self) -> str:
        """Our own id in rooms, the same as long as the program runs, or since `be_again`."""

    def be_again(self, user_id: str) -> None:
        """Take the id that we had before a crash, for the calls from now on; only while there is none."""

    @property
    def local_video(self) -> FrameSlot:
        """Our own picture, from the moment the camera is open (also in the lobby)."""

    def remote_video(self, user_id: str) -> FrameSlot:
        """The picture of a participant; the same slot as long as they are in the room."""

    def remote_screen(self, user_id: str) -> FrameSlot:
        """The screen that a participant shows; empty while they show none, or it is not on screen here."""

    def subscribe(self, listener: Callable[[CallEvent], None]) -> Callable[[], None]:
        """Receive every event from now on; returns the function that ends it."""

    async def apply_settings(self, settings: Settings) -> None:
        """Open what the settings name and change what they change, also during a call."""

    async def list_devices(self) -> Devices:
        """The cameras, microphones and speakers of now."""

    async def host(self, display_name: str, again: Invite | None = None) -> HostedRoom:
        """Start the server in this process (if it does not run yet), make a new room and join it.

        `again` is the link of a room that a server of ours had before a crash: the same port, room and secret.
        """

    async def join(self, invite: Invite, display_name: str, password: str = "") -> None:
        """Join a room; returns when the server has welcomed us. While the host decides the state is WAITING.

        Raises:
            ConnectError: its code is the server's (docs/rights.md), such as password-required.
        """

    async def leave(self) -> None:
        """Leave the call, or the door; the camera goes on for the lobby's preview."""

    def network_changed(self) -> None:
        """The system says that an address came, went or changed. Does not wait."""

    async def set_muted(self, kind: MediaKind, muted: bool) -> None:
        """Switch our microphone or camera; the others are told."""

    async def change_room(
        self, *, locked: bool | None = None, lobby: bool | None = None, password: str | None = None
    ) -> None:
        """As the host, change the doors; None leaves one as it is, a password of "" takes it away."""

    async def admit(self, user_id: str, *, let_in: bool) -> None:
        """As the host, let somebody in who waits, or not."""

    async def kick(self, user_id: str, *, ban: bool = False) -> None:
        """As the host, take somebody out of the room; with `ban` they may not enter it again."""

    async def ask_mute(self, user_id: str, kind: MediaKind) -> None:
        """As the host, ask somebody to switch their microphone or camera off."""

    async def give_host(self, user_id: str) -> None:
        """Make somebody else the host."""

    async def send_chat(self, text: str, to: str | None = None) -> None:
        """Say a line to everybody, or to one participant; it comes back as an event at once.

        Raises:
            ChatError: it is empty or too long, or they are not in the call.
        """

    async def send_files(self, paths: Sequence[str], to: str | None = None) -> None:
        """Offer files to everybody, or to one participant.

        Raises:
            FileError: one cannot be read, is no file, or nobody is there who could take it.
        """

    async def accept_file(self, transfer_id: str) -> None:
        """Receive a file that was offered, into the download folder of the settings."""

    async def decline_file(self, transfer_id: str) -> None:
        """Do not receive it."""

    async def cancel_file(self, transfer_id: str) -> None:
        """End a transfer in either direction; of one that runs, the beginning is deleted."""

    async def change_board(self, change: BoardChange) -> None:
        """Draw on the whiteboard, rub out, clear, undo or redo."""

    async def react(self, emoji: str) -> None:
        """Show a reaction to everybody."""

    async def raise_hand(self, raised: bool) -> None:
        """Raise one's hand, or take it down."""

    def point(self, surface: str, x: float, y: float, visible: bool) -> None:
        """Show everybody where the pointer is, as PointerMoved says it; 30 times a second go out. Does not wait."""

    def show_stroke(self, shape: Shape | None) -> None:
        """Show everybody a shape while it is drawn; None: it has ended. Does not wait."""

    def set_view(
        self, large: Sequence[str], small: Sequence[str], screens: Sequence[str] | None = None
    ) -> None:
        """Tell who of the others is on screen: large, the most important first, or as a small tile. Does not wait.

        `screens` are those whose shared screens are shown, likewise; None: all that there are.

        Whoever is in neither is hidden, and their picture need not come. Until the first call of it everybody counts
        as small but the first three, who are large. It holds for the call that runs, and for those to come.
        """

    async def list_screens(self) -> tuple[ScreenSource, ...]:
        """The screens and windows that could be shown to the others, with small pictures of them."""

    async def share_screen(self, source: ScreenSource | None) -> None:
        """Show one of them to everybody, in place of another one; None shows none. LocalScreenChanged tells.

        Returns when the first picture of it is there.
        """

    async def play_test_tone(self) -> None:
        """Play a short tone on the speaker of the settings last applied."""

    def play_chime(self, chime: Chime) -> None:
        """Play a short sound on the speaker of the settings last applied. Does not wait."""

    async def test_connection(
        self, settings: Settings, on_line: Callable[[TestLine], None]
    ) -> tuple[TestLine, ...]:
        """Try server, STUN, TURN and devices of `settings`; `on_line` is told on the Qt thread of each line as it
        changes, and the answer has them all.
        """

    async def newest_release(self, url: str) -> Release:
        """Ask an address for the newest version of this program; 10 s at most.

        Raises:
            UpdateError: it could not be found out.
        """

    async def diagnostics(self) -> str:
        """A text for a bug report: versions, devices, settings without secrets, the newest stats, the log's end."""

    async def close(self) -> None:
        """Leave, stop the server and the devices, and end the engine thread."""
