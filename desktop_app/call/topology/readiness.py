"""Whether everything that is to come by a new route does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktop_app.rtc.state import PeerState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktop_app.call.remote_participant import RemoteParticipant

    from .route import Route

STANDSTILL_S = 9.0
"""Without any progress; the server waits 10 s. A computer that is short of time gets on slowly, but it gets on."""
LONGEST_S = 85.0
"""With all progress; the server waits 90 s."""
PICTURE_LIMIT_S = 4.0
"""Longer than for sound nobody waits for a picture."""
LOOK_S = 0.05


class Readiness:
    """Of one route that is on its way. Lives on the engine loop."""

    def __init__(self, route: Route, participants: Mapping[str, RemoteParticipant]) -> None:
        """Those of `participants` are awaited who are there now; who leaves is not any more."""
        self._route = route
        self._participants = participants
        self._awaited = set(participants)
        self._loop = asyncio.get_running_loop()
        self._begun_s = self._loop.time()

    async def wait(self) -> str:
        """Return when everything has come, with nothing to say; else, when nothing comes any more, what is missing."""
        seen: object = None
        since_s = self._begun_s
        while True:
            self._awaited = {user for user in self._awaited if self._is_awaited(user)}
            if not self._awaited and self._route.is_up:
                return ""
            now_s = self._loop.time()
            progress = len(self._awaited), self._route.progress
            if progress != seen:
                seen, since_s = progress, now_s
            if now_s - since_s > STANDSTILL_S or now_s - self._begun_s > LONGEST_S:
                count = len(self._awaited)
                return f"nothing came of {count} by the new way" if count else "nothing could be sent"
            await asyncio.sleep(LOOK_S)

    def _is_awaited(self, user_id: str) -> bool:
        participant, route = self._participants.get(user_id), self._route
        if participant is None or not route.expects(user_id):
            return False
        info = participant.info
        is_silent = info.audio_muted and info.video_muted and not info.screen
        if is_silent and route.state_of(user_id)[0] is PeerState.CONNECTED:
            return False  # of whom nothing has to come
        pictures = self._loop.time() - self._begun_s < PICTURE_LIMIT_S
        return not participant.switch.has_come(
            picture=pictures and route.expects_picture(user_id),
            sound=route.expects_sound(user_id),
            screen=pictures and route.expects_screen(user_id),
        )
