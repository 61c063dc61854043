"""The bot's life: join, report, obey, leave."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING

from desktop_app.call.call import JoinRequest
from desktop_app.call.events import (
    ActiveSpeakerChanged,
    CallEvent,
    CallState,
    CallStateChanged,
    DeviceState,
    DeviceStatus,
    FirstFrame,
    LocalScreenChanged,
    Notice,
    ParticipantChanged,
    ParticipantGone,
    ParticipantJoined,
    PeerStateChanged,
    QualityChanged,
    SafetyCodeChanged,
    StatsUpdated,
    TopologyChanged,
)
from desktop_app.call.prepared import prepare
from desktop_app.call.session import Session
from desktop_app.core.errors import UserFacingError
from desktop_app.protocol.messages import ParticipantInfo

from .files import Files, files_config
from .media_times import MediaTimes
from .output import EventWriter
from .report import stats_report
from .room import RoomReport
from .talk import Talk

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any, TextIO

    from .arguments import BotArguments

logger = logging.getLogger(__name__)

MAX_COMMAND_CHARS = 64 * 1024
EXIT_OK = 0
EXIT_NO_SERVER = 2


class Bot:
    """Runs on one plain asyncio loop."""

    def __init__(self, arguments: BotArguments) -> None:
        self._arguments = arguments
        self._leave = asyncio.Event()
        self._server_lost = False
        self._loop = asyncio.get_running_loop()
        self._out = EventWriter(sys.stdout, on_closed=self._leave_from_thread)
        self._session = Session(
            files=files_config(arguments),
            prepared=prepare(arguments.media.video_format) if arguments.encoded else None,
            decode=arguments.decode,
        )
        if arguments.receive != "all":
            self._session.set_view((), (), sound=arguments.receive == "sound")
        self._session.events.subscribe(self._report)
        self._talk = Talk(self._session, self._out.write)
        self._room = RoomReport(self._session, self._out.write)
        self._files = Files(self._session, self._out.write)
        if arguments.media_times:
            MediaTimes(self._session, self._out.write)
        self._tasks: set[asyncio.Task[None]] = set()
        self._sharers: set[str] = set()
        self._reads_commands = False

    async def run(self) -> int:
        """Returns the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                self._loop.add_signal_handler(number, self._leave.set)
            except NotImplementedError:  # Windows' loops know no signals
                signal.signal(number, lambda _number, _frame: self._leave_from_thread())
        try:
            return await self._run()
        finally:
            await self._session.close()
            self._out.close()

    async def _run(self) -> int:
        arguments = self._arguments
        await self._session.apply(arguments.media)
        request = JoinRequest(
            url=arguments.server,
            room_id=arguments.room,
            me=ParticipantInfo(arguments.name, arguments.name),
            fingerprint_sha256=arguments.fingerprint_sha256,
            ice_servers=arguments.ice_servers,
            relay_only=arguments.relay_only,
            access=arguments.access,
            password=arguments.password,
        )
        joining = self._loop.create_task(self._session.join(request))
        leaving = self._loop.create_task(self._leave.wait())
        await asyncio.wait((joining, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not joining.done():
            joining.cancel()
            await asyncio.wait((joining,))
            return EXIT_OK
        leaving.cancel()
        try:
            welcome = joining.result()
        except UserFacingError as error:
            self._out.write("error", code=error.code, message=str(error))
            return EXIT_NO_SERVER
        self._out.write("joined", participants=[one.user_id for one in welcome.participants])
        self._start_reading_commands(sys.stdin)
        if arguments.screen is not None:
            self._spawn(self._share(arguments.screen))
        if arguments.say is not None:
            self._spawn(self._talk.say_when_heard(arguments.say))
        try:
            async with asyncio.timeout(arguments.duration_s):
                await self._leave.wait()
        except TimeoutError:
            logger.info("the time in the room is over")
        for task in self._tasks:
            task.cancel()
        await self._session.leave()
        self._out.write("left")
        return EXIT_OK

    def _leave_from_thread(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._leave.set)
        except RuntimeError:
            logger.debug("the loop has ended already")

    # --- events out -----------------------------------------------------------------------------

    def _report(self, event: CallEvent) -> None:
        match event:
            case PeerStateChanged():
                self._out.write("peer", user=event.user_id, state=event.state.value, reason=event.reason)
            case ParticipantJoined():
                self._out.write("participant", user=event.participant.user_id, state="joined")
                self._report_screen(event.participant)
            case ParticipantChanged():
                self._report_screen(event.participant)
            case ParticipantGone():
                self._sharers.discard(event.user_id)
                self._out.write("participant", user=event.user_id, state="left")
            case FirstFrame():
                self._out.write(
                    "first-frame", user=event.user_id, kind=event.kind, ms=round(event.since_join_ms, 1)
                )
            case SafetyCodeChanged():
                self._out.write(
                    "safety-code", user=event.user_id, words=list(event.words), other=event.is_other
                )
            case TopologyChanged(phase="commit"):
                self._out.write("topology", mode=event.mode, reason=event.reason)
            case TopologyChanged():
                self._out.write("topology-step", mode=event.mode, reason=event.reason, phase=event.phase)
            case ActiveSpeakerChanged():
                self._out.write("active-speaker", user=event.user_id)
            case QualityChanged():
                self._out.write(
                    "quality",
                    step=event.step,
                    width=event.width_px if event.video_enabled else 0,
                    height=event.height_px if event.video_enabled else 0,
                    fps=event.frame_rate if event.video_enabled else 0,
                    kbps=round(event.video_kbps, 1),
                    video=event.video_enabled,
                    reason=event.reason,
                    user=event.user_id or None,
                )
            case LocalScreenChanged():
                self._out.write("own-screen", shown=event.shown, message=event.message)
            case StatsUpdated():
                counts = self._arguments.media_times
                self._out.write("stats", **stats_report(event.stats, counts=counts))
            case DeviceStatus(state=DeviceState.FAILED):
                self._out.write("error", code=f"{event.device}-failed", message=event.message)
            case CallStateChanged(state=CallState.WAITING):
                self._start_reading_commands(sys.stdin)  # one may leave the door
            case CallStateChanged(state=CallState.IDLE, reason=reason) if reason:
                self._leave.set()  # the room does not want us any more; the notice has said why
            case CallStateChanged(state=CallState.SERVER_LOST):
                self._server_lost = True
                self._out.write("error", code="server-lost", message=event.reason)
            case CallStateChanged(state=CallState.IN_CALL) if self._server_lost:
                self._server_lost = False
                self._out.write("server-back")
            case Notice(level="warning" | "error"):
                self._out.write("error", code=event.code or "notice", message=event.message)

    def _report_screen(self, info: ParticipantInfo) -> None:
        if info.screen != (info.user_id in self._sharers):
            (self._sharers.add if info.screen else self._sharers.discard)(info.user_id)
            self._out.write("screen", user=info.user_id, shown=info.screen)

    # --- commands in ----------------------------------------------------------------------------

    def _start_reading_commands(self, stream: TextIO | None) -> None:
        if stream is None or self._reads_commands:
            return
        self._reads_commands = True

        def read() -> None:
            try:
                while line := stream.readline(MAX_COMMAND_CHARS):
                    self._loop.call_soon_threadsafe(self._command, line)
            except (OSError, ValueError, RuntimeError):
                logger.debug("standard input has ended", exc_info=True)

        # A blocking read on a daemon thread: standard input may be a file, a pipe or a terminal, and only a
        # thread reads all three the same way.
        threading.Thread(target=read, name="commands", daemon=True).start()

    def _command(self, line: str) -> None:
        if not line.strip():
            return
        try:
            command = json.loads(line)
        except (ValueError, RecursionError):
            command = None
        match command:
            case {"cmd": "mute", "kind": "audio" | "video" as kind, "on": bool() as on}:
                self._spawn(self._session.set_muted(kind, on))
            case {"cmd": "say", "text": str() as text, "to": str() | None as to}:
                self._talk.say(text, to)
            case {"cmd": "say", "text": str() as text, **rest} if "to" not in rest:
                self._talk.say(text, None)
            case {"cmd": "send-file", "path": str() as path, "to": str() | None as to}:
                self._spawn(self._files.send(path, to))
            case {"cmd": "send-file", "path": str() as path, **rest} if "to" not in rest:
                self._spawn(self._files.send(path, None))
            case {"cmd": "view", "large": list() as large, "small": list() as small} if all(
                isinstance(user, str) for user in (*large, *small)
            ):
                self._session.set_view(large, small)
            case {"cmd": "screen", "source": str() | None as source}:
                self._spawn(self._share(source))
            case {"cmd": "leave"}:
                self._leave.set()
            case _ if self._room.command(command):
                pass
            case _:
                self._out.write(
                    "error", code="bad-command", message="The command is not known or is malformed."
                )

    async def _share(self, source: str | None) -> None:
        try:
            await self._session.share_screen(source)
        except UserFacingError as error:
            self._out.write("error", code="screen-failed", message=str(error))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._command_done)

    def _command_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a command failed", exc_info=task.exception())
            self._out.write("error", code="command-failed", message="The command could not be carried out.")
