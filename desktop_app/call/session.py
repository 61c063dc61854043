"""The facade over media and call that the engine bridge and the bot drive. Lives on the engine loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil

from desktop_app.core.errors import UserFacingError
from desktop_app.core.events import Emitter
from desktop_app.core.tasks import TaskOwner
from desktop_app.media.clock import now_s
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.media.screen.open import list_screens
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.protocol.topology import AudioLevel
from desktop_app.quality.assignment import Encoding
from desktop_app.quality.shortage import LOOK_S, ShortageControl
from desktop_app.stats.collector import EncoderShare
from desktop_app.stats.model import CallStats, LocalStats

from .call import Call, JoinRequest
from .call_data import CallData
from .events import (
    CallEvent,
    LocalMuteChanged,
    LocalScreenChanged,
    MediaKind,
    MicrophoneLevel,
    MuteRequested,
    Notice,
    StatsUpdated,
)
from .files_config import FilesConfig
from .local_media import LocalMedia
from .network_watch import NetworkWatch
from .quality_steering import QualitySteering, exceptions
from .speech import SpeechDetector
from .topology.sfu_route import UPLINK
from .topology.view import View

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from desktop_app.media.audio_backend import AudioBackend
    from desktop_app.media.screen.source import ScreenSource
    from desktop_app.protocol.messages import Welcome

    from .doors import RoomDoors
    from .media_config import MediaConfig
    from .prepared import Prepared

logger = logging.getLogger(__name__)

STATS_INTERVAL_S = 1.0
STEER_INTERVAL_S = 0.25
"""A network that narrows fills its queues in less than a second."""


class NoCallError(UserFacingError):
    """There is no call in which that could be done."""

    code = "no-call"


class Session:
    """Local media for as long as the application runs, and at most one call at a time."""

    def __init__(
        self,
        backend: AudioBackend | None = None,
        files: FilesConfig | None = None,
        prepared: Prepared | None = None,
        *,
        decode: bool = True,
    ) -> None:
        """For load tests `prepared` is sent in place of camera and microphone, and without `decode` what comes is
        counted, and neither seen nor heard.
        """
        self.events: Emitter[CallEvent] = Emitter()
        self.media = LocalMedia(self.events.emit, backend, prepared)
        self._decode = decode
        self.call: Call | None = None
        self._data: CallData | None = None
        self.files = files or FilesConfig()
        self.newest_stats: CallStats | None = None
        self._tasks = TaskOwner("session")
        self._slots: dict[str, FrameSlot] = {}
        self._screen_slots: dict[str, FrameSlot] = {}
        self._slots_lock = threading.Lock()
        self._config: MediaConfig | None = None
        self._me = ParticipantInfo("")
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first call only sets the mark
        self._shares = {encoding: EncoderShare() for encoding in self.media.video_encoders}
        self._screen_shares = {encoding: EncoderShare() for encoding in self.media.screen.encoders}
        self._steering: QualitySteering | None = None
        self._network: NetworkWatch | None = None
        self._view: View | None = None
        self._speech = SpeechDetector()
        self.events.subscribe(self._listen)

    def remote_video(self, user_id: str) -> FrameSlot:
        """The slot of a participant's picture. Any thread."""
        with self._slots_lock:
            return self._slots.setdefault(user_id, FrameSlot())

    def remote_screen(self, user_id: str) -> FrameSlot:
        """The slot of the screen that a participant shows. Any thread."""
        with self._slots_lock:
            return self._screen_slots.setdefault(user_id, FrameSlot())

    async def apply(self, config: MediaConfig) -> None:
        """Use these devices from now on; no camera or microphone counts as muted for the others."""
        self._config = config
        self._tell_others()
        await self.media.apply(config)

    def rename(self, display_name: str) -> None:
        """Be called otherwise, also during a call."""
        if display_name and display_name != self._me.display_name:
            self._me = replace(self._me, display_name=display_name)
            if self.call is not None:
                self.call.update_me(self._me)

    def _tell_others(self) -> None:
        config = self._config
        plan = self._steering.plan if self._steering is not None else None
        self.media.screen_has_line = self.media.screen.shown and self._is_mesh
        # In a mesh a screen comes in place of the camera's picture: whether something comes there is what is told.
        is_dark = self.media.video_muted or (
            config is not None and (config.camera == "none" or config.quality == "audio-only")
        )
        me = replace(
            self._me,
            audio_muted=self.media.audio_muted or (config is not None and config.microphone == "none"),
            # A picture that we do not send for want of bandwidth must not stand there frozen.
            video_muted=(is_dark and not self.media.screen_has_line)
            or (plan is not None and not plan.main.video_enabled),
            screen=self.media.screen.shown,
        )
        if me != self._me:
            self._me = me
            if self.call is not None:
                self.call.update_me(me)

    async def join(self, request: JoinRequest) -> Welcome:
        """Enter a room; a call that still runs is left first.

        Raises:
            ConnectError: with the sentence for the person.
        """
        await self.leave()
        self._me = request.me
        self._tell_others()
        request = replace(request, me=self._me)
        data = CallData(
            self._me.user_id,
            name=lambda: self._me.display_name or self._me.user_id,
            files=lambda: self.files,
            emit=self.events.emit,
            on_error=lambda error: self.events.emit(Notice("error", str(error), error.code)),
        )
        call = Call(
            request,
            media=self.media,
            slot_of=self.remote_video,
            screen_slot_of=self.remote_screen,
            emit=self.events.emit,
            hub=data.hub,
            decode=self._decode,
            on_mute_asked=lambda kind: self._spawn_for(call, self._mute_as_asked(kind), "mute"),
            on_sent_away=lambda sentence: self._spawn_for(call, self.leave(sentence), "sent-away"),
        )
        self.call, self._data = call, data
        call.topology.show(self._view)
        try:
            welcome = await call.join()
        except BaseException:
            if self.call is call:  # and not one that was begun meanwhile
                self.call = self._data = None
            await call.leave()
            await data.close()
            raise
        self._steering = QualitySteering(self.media, self.events.emit)
        self._network = NetworkWatch(call.network_changed)
        self._tasks.spawn(self._steer(call, self._steering), name="quality")
        self._tasks.spawn(self._save_time(call), name="thrift")
        self._tasks.spawn(self._collect(call), name="stats")
        return welcome

    def _spawn_for(self, call: Call, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        if self.call is call:
            self._tasks.spawn(coroutine, name=name)
        else:
            coroutine.close()

    async def _mute_as_asked(self, kind: MediaKind) -> None:
        await self.set_muted(kind, True)
        self.events.emit(MuteRequested(kind))

    @property
    def doors(self) -> RoomDoors:
        """The room's host and doors.

        Raises:
            NoCallError: there is no call.
        """
        if self.call is None:
            raise NoCallError("You are not in a call.")
        return self.call.doors

    async def leave(self, reason: str = "") -> None:
        """Leave the call, if there is one; `reason` is a sentence when it was not the person's wish."""
        (call, self.call), (data, self._data) = (self.call, None), (self._data, None)
        if call is None or data is None:
            return
        await self.media.screen.share(None)
        await data.files.before_leaving()
        if self._network is not None:
            await self._network.close()
            self._network = None
        await self._tasks.close()
        self._steering = None
        await call.leave(reason)
        await data.close()
        self._tasks.spawn(call.wait_closed(), name="closing")
        with self._slots_lock:
            self._slots.clear()
            self._screen_slots.clear()

    def network_changed(self) -> None:
        """The system says that an address came, went or changed; the kernel tells by itself on Linux."""
        if self._network is not None:
            self._network.look()

    def set_view(
        self,
        large: Sequence[str],
        small: Sequence[str],
        screens: Sequence[str] | None = None,
        *,
        sound: bool = True,
    ) -> None:
        """Tell who of the others is on screen, large or as a small tile; of everybody else no picture is wanted.

        `screens` are those whose shared screens are shown; None: all that there are.

        Without `sound` an SFU sends us no sound either; a load test does with that.
        """
        self._view = View(tuple(large), tuple(small), sound, None if screens is None else tuple(screens))
        if self.call is not None:
            self.call.topology.show(self._view)

    def _listen(self, event: CallEvent) -> None:
        if isinstance(event, MicrophoneLevel):
            dbov = self._speech.update(now_s(), 0.0 if self.media.audio_muted else event.level)
            if dbov is not None and self.call is not None:
                self.call.say(AudioLevel(dbov))
        elif isinstance(event, LocalScreenChanged):
            self._tell_others()
            self.media.path_narrowed.set()  # what goes where is decided at once

    async def set_muted(self, kind: MediaKind, muted: bool) -> None:
        """Switch our microphone or camera, and tell the others."""
        await self.media.set_muted(kind, muted)
        self.events.emit(LocalMuteChanged(kind, muted))
        self._tell_others()

    async def list_screens(self) -> tuple[ScreenSource, ...]:
        """Screens and windows that could be shown.

        Raises:
            DeviceError: none can be seen.
        """
        return await self.media.on_device_thread(list_screens)

    async def share_screen(self, spec: str | None) -> None:
        """Show a screen to everybody, in place of one that is shown; None shows none.

        Args:
            spec: the id of one of `list_screens`, "test" for the test pattern, or the path of a film or picture.

        Raises:
            NoCallError: there is nobody to show it to.
            DeviceError: it cannot be shown.
        """
        if spec is not None and self.call is None:
            raise NoCallError("You are not in a call.")
        await self.media.screen.share(spec)

    @property
    def _is_mesh(self) -> bool:
        return self.call is None or self.call.topology.mode == "mesh"

    async def close(self, timeout_s: float = 5.0) -> None:
        """Leave and release everything; what a dead network holds up longer than the limit is left behind."""
        call = self.call
        await self.leave()
        if call is not None:
            try:
                async with asyncio.timeout(timeout_s):
                    await call.wait_closed()
            except TimeoutError:
                logger.warning("a connection did not close in time")
        await self._tasks.close()
        await self.media.close()

    @property
    def data(self) -> CallData:
        """What is said directly in the call that runs.

        Raises:
            NoCallError: none does.
        """
        if self._data is None:
            raise NoCallError("You are not in a call.")
        return self._data

    # --- once a second --------------------------------------------------------------------------

    async def _collect(self, call: Call) -> None:
        while True:
            await asyncio.sleep(STATS_INTERVAL_S)
            self.newest_stats = self._take_stats(call)
            self.events.emit(StatsUpdated(self.newest_stats))

    async def _steer(self, call: Call, steering: QualitySteering) -> None:
        try:
            while True:
                at_s = now_s()
                mode = self._config.quality if self._config is not None else "automatic"
                self.media.screen_has_line = self.media.screen.shown and self._is_mesh
                if self.media.screen_has_line and mode == "audio-only":
                    mode = "automatic"  # that is about the camera; the screen is shown on purpose
                steering.update(at_s, call.topology.update(at_s), mode)
                if steering.plan is not None:
                    call.topology.send_pictures(steering.plan.assignment)
                    is_seen = self.media.sends_pictures and mode != "audio-only"
                    most_kbps = min(steering.plan.most_kbps, call.topology.most_kbps)
                    self.media.wanted_kbps = most_kbps if is_seen else 0.0
                self._tell_others()
                self.media.path_narrowed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STEER_INTERVAL_S):
                        await self.media.path_narrowed.wait()
        finally:
            self.media.wanted_kbps = 0.0
            steering.close()

    async def _save_time(self, call: Call) -> None:
        control, before = ShortageControl(), None
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + LOOK_S
            await asyncio.sleep(LOOK_S)
            control.measured(loop.time() - due_s, call.topology.packets_overflowed)
            thrift = control.update(loop.time())
            call.save_time(control)
            if thrift != before:
                before = thrift
                logger.info(
                    "time for %d large pictures (%.0f ms late)", thrift.max_large, control.late_s * 1000
                )
                self.media.set_thumbnail_rate(thrift.thumbnail_fps)
                self.media.limit_pattern(thrift.pattern_fps)

    def _take_stats(self, call: Call) -> CallStats:
        for encoding, camera in self._shares.items():
            camera.take(self.media.video_encoders[encoding].counters)
        for encoding, screen in self._screen_shares.items():
            screen.take(self.media.screen.encoders[encoding].counters)
        has_line, shown = self.media.screen_has_line, self.media.screen.shown
        shares = self._screen_shares if has_line else self._shares
        plan = self._steering.plan if self._steering is not None else None
        assignment = {} if plan is None else plan.assignment
        encoding = assignment.get(UPLINK, Encoding.HIGH)
        level = 0.0 if self.media.audio_muted else self.media.microphone_level
        return CallStats(
            time_s=time.time(),
            peers={
                user_id: each.stats(
                    call.topology.state_of(user_id),
                    call.topology.counters(user_id),
                    shares.get(assignment.get(user_id, encoding)),
                    level,
                    self._screen_shares[Encoding.HIGH] if shown and not has_line else None,
                    screen_has_line=call.topology.mode == "sfu",
                )
                for user_id, each in call.participants.items()
            },
            local=LocalStats(
                camera_fps=self.media.camera_fps,
                microphone_level=level,
                cpu_pct=self._process.cpu_percent(),
                rss_mb=self._process.memory_info().rss / 1e6,
                short_of_time=call.is_short_of_time,
                quality_step="" if plan is None else plan.main.description,
                quality_reason="" if plan is None else plan.main.reason,
                quality_exceptions={} if plan is None else exceptions(plan),
            ),
        )
