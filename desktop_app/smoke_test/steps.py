"""The steps of the smoke test, in their order; each one needs those before it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import aiohttp
from PySide6.QtWidgets import QApplication, QWidget

from desktop_app.engine.qt_bridge import EngineBridge
from desktop_app.hosting import InProcessHost
from desktop_app.media.qt_audio import QtAudioBackend
from desktop_app.rtc.state import PeerState
from desktop_app.settings.schema import Group, Settings
from desktop_app.ui.invite_dialog import InviteDialog
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.settings_dialog import SettingsDialog

from .caller import NAME, Caller
from .parts import import_everything
from .picture import shown_counter
from .report import StepFailedError
from .sound import KEPT_WINDOWS, SmokeAudio

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.store import SettingsStore

    from .report import Report, Step

LOOK_AGAIN_S = 0.05
OPEN_LIMIT_S = 6.0
CONNECT_LIMIT_S = 8.0
MEDIA_LIMIT_S = 6.0
PAGE_LIMIT_BYTES = 1 << 20
TONE_OF_WINDOW_HZ, TONE_OF_CALLER_HZ = 440.0, 1000.0
"""Two, so that nobody hears themselves and takes it for the other."""
HEARD_WINDOWS = KEPT_WINDOWS - 1
SENTENCE = "Can you read this?"

SETTINGS = Settings(
    display_name="Smoke test",
    camera="test",
    video_size="320x240",
    frame_rate=15,
    echo_cancellation=False,  # it would take the tone for an echo
    noise_suppression=False,  # and this one for a hum
    automatic_gain=False,
    event_sounds=False,
    mirror_self_view=True,
)


class SmokeTest:
    """Made on the Qt thread with the loop running; `close` has to be awaited whatever happened."""

    def __init__(self, report: Report, store: SettingsStore, patience: float) -> None:
        self._report = report
        self._patience = patience
        self._audio = SmokeAudio(TONE_OF_WINDOW_HZ)
        self._caller = Caller(SETTINGS, TONE_OF_CALLER_HZ)
        self._bridge = EngineBridge(
            backend=self._audio, make_host=lambda: InProcessHost(loopback_only=True), loopback_only=True
        )
        self._notices: list[str] = []
        self.window = MainWindow(self._bridge, settings=SETTINGS, save_settings=store.save_in_background)
        self.window.controller.failed.connect(self._notices.append)
        self._sound_system = asyncio.create_task(asyncio.to_thread(_sound_helper_answers))
        self._modules: asyncio.Task[int] | None = None

    async def run(self) -> None:
        """Do every step.

        Raises:
            StoppedError: one of them failed; the report says which and why.
        """
        for name, work in (
            ("window", self._open_window),
            ("lobby", self._look_at_lobby),
            ("settings", self._open_settings),
            ("host", self._host),
            ("guest-page", self._fetch_guest_page),
            ("call", self._call),
            ("connection", self._connect),
            ("picture", self._see),
            ("picture-back", self._be_seen),
            ("sound", self._hear),
            ("sound-back", self._be_heard),
            ("chat", self._read),
            ("panels", self._open_panels),
            ("sound-system", self._ask_sound_system),
            ("modules", self._import_everything),
        ):
            with self._report.step(name) as step:
                await work(step)

    async def close(self) -> None:
        """End the call, both engines and the window."""
        await self._caller.close()
        done = asyncio.Event()
        self.window.closed.connect(done.set)
        self.window.close()
        await done.wait()
        await self._bridge.close()
        await asyncio.wait([each for each in (self._sound_system, self._modules) if each is not None])
        self.window.deleteLater()

    # --- the window -----------------------------------------------------------------------------

    async def _open_window(self, step: Step) -> None:
        self.window.start()
        handle = self.window.windowHandle()
        await self._until(
            OPEN_LIMIT_S, lambda: handle.isExposed(), "the window does not appear on the screen"
        )
        step.detail = f"{QApplication.platformName()}, {self.window.width()} × {self.window.height()} px"

    async def _look_at_lobby(self, step: Step) -> None:
        window = self.window
        if window.pages.currentWidget() is not window.lobby or not window.lobby.form.isVisible():
            raise StepFailedError("The window does not open with the lobby.")
        await self._moves(
            lambda: shown_counter(window.lobby.preview), "the preview does not show the test pattern", step
        )

    async def _open_settings(self, step: Step) -> None:
        self.window.open_settings()
        dialog = self.window.findChild(SettingsDialog)
        if not isinstance(dialog, SettingsDialog):
            raise StepFailedError("The settings dialog does not open.")
        await self._until(OPEN_LIMIT_S, dialog.isVisible, "the settings dialog does not open")
        for group in Group:
            dialog.show_page(group)
            await self._until(OPEN_LIMIT_S, dialog.pages[group].isVisible, f"its page {group} does not open")
        dialog.close()
        step.detail = f"{len(Group)} pages"

    # --- the call -------------------------------------------------------------------------------

    @property
    def _invite(self) -> Invite:
        invite = self.window.controller.invite
        if invite is None:
            raise StepFailedError("There is no invitation.")
        return invite

    async def _host(self, step: Step) -> None:
        window = self.window
        window.start_call()
        await self._until(
            CONNECT_LIMIT_S,
            lambda: window.pages.currentWidget() is window.call_page and window.controller.invite is not None,
            "the call does not start",
        )
        step.detail = f"port {self._invite.port}"

    async def _fetch_guest_page(self, step: Step) -> None:
        invite = self._invite
        fingerprint = aiohttp.Fingerprint(bytes.fromhex(invite.fingerprint_sha256 or ""))
        base = f"https://{invite.host}:{invite.port}"
        timeout = aiohttp.ClientTimeout(total=OPEN_LIMIT_S * self._patience)
        async with aiohttp.ClientSession(timeout=timeout) as session:

            async def fetch(path: str) -> str:
                async with session.get(base + path, ssl=fingerprint) as answer:
                    if answer.status != 200:
                        raise StepFailedError(f"The guest page's {path} is answered with {answer.status}.")
                    return (await answer.content.read(PAGE_LIMIT_BYTES)).decode()

            page = await fetch(f"/r/{invite.room_id}")
            parts = re.findall(r'(?:src|href)="(/[^"#?]+)"', page)
            if not any(part.endswith(".js") for part in parts):
                raise StepFailedError("The guest page names no script.")
            for part in parts:
                await fetch(part)
        step.detail = f"{1 + len(parts)} files"

    async def _call(self, step: Step) -> None:
        async with asyncio.timeout(CONNECT_LIMIT_S * self._patience):
            await self._caller.call(self._invite)
        await self._until(
            CONNECT_LIMIT_S,
            lambda: self._caller.user_id in self.window.call_page.grid.tiles,
            f"the window shows no tile for “{NAME}”",
        )

    async def _connect(self, step: Step) -> None:
        caller = self._caller
        await self._until(
            CONNECT_LIMIT_S,
            lambda: caller.state is PeerState.CONNECTED,
            lambda: f"the peer connection is {caller.state}; {caller.problem or 'no reason is known'}",
        )

    async def _see(self, step: Step) -> None:
        tile = self.window.call_page.grid.tiles[self._caller.user_id]
        await self._moves(
            lambda: shown_counter(tile), "the tile does not show the other's test pattern", step
        )

    async def _be_seen(self, step: Step) -> None:
        await self._moves(
            lambda: self._caller.sees(self._bridge.user_id),
            "the other does not receive our test pattern",
            step,
        )

    async def _hear(self, step: Step) -> None:
        await self._hears(self._audio, TONE_OF_CALLER_HZ, "the window", step)

    async def _be_heard(self, step: Step) -> None:
        await self._hears(self._caller.audio, TONE_OF_WINDOW_HZ, "the other", step)

    async def _read(self, step: Step) -> None:
        chat = self.window.call_page.chat.model

        def lines() -> list[str]:
            return [row.text for row in chat.conversation.rows if row.entry is not None]

        await self._caller.say(SENTENCE)
        await self._until(MEDIA_LIMIT_S, lambda: SENTENCE in lines(), "what the other writes does not arrive")

    async def _open_panels(self, step: Step) -> None:
        actions, page = self.window.actions_, self.window.call_page
        for action, panel in (
            (actions.chat, page.chat),
            (actions.people, page.people),
            (actions.statistics, page.stats),
            (actions.whiteboard, page.board),
        ):
            action.setChecked(True)
            await self._until(OPEN_LIMIT_S, panel.isVisible, f"{type(panel).__name__} does not open")
            if panel is page.stats:
                await self._until(OPEN_LIMIT_S, self._has_graphs, "the statistics show no graphs")
            action.setChecked(False)
        self.window.open_invite()
        dialog = self.window.findChild(InviteDialog)
        if not isinstance(dialog, InviteDialog):
            raise StepFailedError("The invitation does not open.")
        await self._until(OPEN_LIMIT_S, dialog.isVisible, "the invitation does not open")
        dialog.close()

    def _has_graphs(self) -> bool:
        """They are loaded when somebody first looks at them."""
        return any(
            type(each).__name__ == "StatsGraphs" for each in self.window.call_page.stats.findChildren(QWidget)
        )

    async def _ask_sound_system(self, step: Step) -> None:
        speakers = await self._sound_system
        if speakers is None:
            raise StepFailedError("The process for microphone and speaker does not answer.")
        step.detail = f"{speakers} speakers here, not used"

    async def _import_everything(self, step: Step) -> None:
        self._modules = asyncio.create_task(asyncio.to_thread(import_everything))
        step.detail = f"{await self._modules} modules"

    # --- waiting --------------------------------------------------------------------------------

    async def _until(
        self, limit_s: float, is_so: Callable[[], bool], problem: str | Callable[[], str]
    ) -> None:
        """Look again and again.

        Raises:
            StepFailedError: after `limit_s`, or when the window says why it failed.
        """
        limit_s *= self._patience
        self._notices.clear()
        try:
            async with asyncio.timeout(limit_s):
                while not is_so():
                    if self._notices:
                        raise StepFailedError(self._notices[-1])
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            text = problem if isinstance(problem, str) else problem()
            raise StepFailedError(f"{text[:1].upper()}{text[1:]} (waited {limit_s:g} s).") from None

    async def _moves(self, counter: Callable[[], int | None], problem: str, step: Step) -> None:
        """Read the pattern's frame number twice, the second time a later one."""
        read: list[int] = []

        def look() -> bool:
            number = counter()
            if number is not None and number not in read:
                read.append(number)
            return len(read) >= 2 and 0 < (read[-1] - read[-2]) % 65536 < 1000

        await self._until(MEDIA_LIMIT_S, look, problem)
        step.detail = f"frames {read[-2]} and {read[-1]}"

    async def _hears(self, audio: SmokeAudio, tone_hz: float, who: str, step: Step) -> None:
        def silent() -> str:
            clear, level = audio.hears(tone_hz)
            return f"{who} hears no tone of {tone_hz:g} Hz: {clear} of 5 parts have it, level {level:.3f}"

        await self._until(MEDIA_LIMIT_S, lambda: audio.hears(tone_hz)[0] >= HEARD_WINDOWS, silent)
        step.detail = f"{tone_hz:g} Hz at level {audio.hears(tone_hz)[1]:.3f}"


def _sound_helper_answers() -> int | None:
    """How many speakers the helper process finds; None when it does not work. On a worker thread."""
    backend = QtAudioBackend()
    try:
        return len(backend.speakers()) if backend.answers() else None
    finally:
        backend.close()
