"""The second participant: an engine of its own, on a thread of its own, that shares nothing with the window's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from desktop_app.call.events import PeerStateChanged
from desktop_app.engine.core import EngineCore
from desktop_app.engine.thread import EngineThread
from desktop_app.hosting import InProcessHost
from desktop_app.media.pattern import read_counter
from desktop_app.rtc.state import PeerState

from .sound import SmokeAudio

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from desktop_app.call.events import CallEvent
    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.schema import Settings

T = TypeVar("T")

NAME = "Second participant"


class Caller:
    """Made and used on the Qt thread."""

    def __init__(self, settings: Settings, tone_hz: float) -> None:
        self._settings = settings.replace(display_name=NAME)
        self._thread = EngineThread()
        self._core: EngineCore | None = None
        self.audio = SmokeAudio(tone_hz)
        self.state = PeerState.NEW
        """Of the connection to the window."""
        self.problem = ""

    @property
    def user_id(self) -> str:
        """Its id in the room."""
        return self._engine.user_id

    @property
    def _engine(self) -> EngineCore:
        if self._core is None:
            raise RuntimeError("the second participant was not started")
        return self._core

    async def call(self, invite: Invite) -> None:
        """Start the engine and enter the room.

        Raises:
            ConnectError: it was not let in.
        """
        await asyncio.to_thread(self._thread.start)
        self._core = await self._run(self._make())
        await self._run(self._engine.apply_settings(self._settings))
        await self._run(self._engine.join(invite, NAME))

    async def _make(self) -> EngineCore:
        return EngineCore(backend=self.audio, host=InProcessHost(), emit=self._take, loopback_only=True)

    async def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(self._thread.submit(coroutine))

    def _take(self, event: CallEvent) -> None:  # on the engine's thread: assignments only
        if isinstance(event, PeerStateChanged):
            self.problem = event.reason
            self.state = event.state

    def sees(self, user_id: str) -> int | None:
        """The number of the test pattern's frame that is received of a participant just now."""
        newest = self._engine.session.remote_video(user_id).newest()
        return None if newest is None else read_counter(newest.frame.to_ndarray(format="gray").view(np.uint8))

    async def say(self, text: str) -> None:
        """A line in the chat."""
        await self._run(self._engine.send_chat(text, None))

    async def close(self) -> None:
        """Leave and end the thread; safe to call when nothing was started."""
        if self._core is not None:
            core, self._core = self._core, None
            await self._run(core.close())
        await asyncio.to_thread(self._thread.stop)
