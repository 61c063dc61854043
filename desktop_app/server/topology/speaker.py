"""Who speaks in a room: pure, the time (in seconds) is passed in."""

from __future__ import annotations

from dataclasses import dataclass

QUIET_DBOV = -60.0
"""What is not louder than this is no speech."""
STALE_S = 1.5
"""Two reports a second are due from whoever speaks."""
LOUDER_DB = 6.0
TAKEOVER_S = 1.0
"""For how long somebody else must be louder by LOUDER_DB to be the speaker while the speaker still speaks."""
PAUSE_S = 0.7
"""After so much silence of the speaker anybody who speaks is the next one."""
NOBODY_S = 10.0
"""After so much silence of all there is no speaker."""
_SMOOTHING = 0.5


@dataclass(slots=True)
class _Voice:
    level_dbov: float
    heard_s: float
    louder_since_s: float | None = None


class ActiveSpeaker:
    """One room's speaker."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}
        self._spoke_s = 0.0
        self.user_id: str | None = None
        """Who it is now."""

    def level(self, user_id: str, dbov: float, now_s: float) -> bool:
        """A report (RFC 6464's scale); True when the speaker has changed."""
        voice = self._voices.get(user_id)
        if dbov <= QUIET_DBOV:
            self._voices.pop(user_id, None)
        elif voice is None or now_s - voice.heard_s > STALE_S:
            self._voices[user_id] = _Voice(dbov, now_s)
        else:
            voice.level_dbov += _SMOOTHING * (dbov - voice.level_dbov)
            voice.heard_s = now_s
        return self.look(now_s)

    def left(self, user_id: str, now_s: float) -> bool:
        """Somebody went; True when the speaker has changed."""
        self._voices.pop(user_id, None)
        if self.user_id == user_id:
            self.user_id = None
            self.look(now_s)
            return True
        return False

    def follow(self, user_id: str | None, now_s: float) -> None:
        """Somebody else has decided."""
        self.user_id = user_id
        self._spoke_s = now_s

    def look(self, now_s: float) -> bool:
        """See what the time has changed; True when the speaker has changed."""
        self._voices = {
            user: voice for user, voice in self._voices.items() if now_s - voice.heard_s <= STALE_S
        }
        before = self.user_id
        current = self._voices.get(before) if before is not None else None
        if current is not None:
            self._spoke_s = now_s
        loudest = max(self._voices, key=lambda user: self._voices[user].level_dbov, default=None)
        if loudest is None:
            if before is not None and now_s - self._spoke_s >= NOBODY_S:
                self.user_id = None
        elif before is None or (current is None and now_s - self._spoke_s >= PAUSE_S):
            self.user_id = loudest
        elif current is not None:
            self._compare(current, now_s)
        if self.user_id != before:
            self._spoke_s = now_s
            for voice in self._voices.values():
                voice.louder_since_s = None
        return self.user_id != before

    def due_s(self) -> float | None:
        """When `look` may say something else though nothing is reported; None: never."""
        return None if self.user_id is None else self._spoke_s + NOBODY_S

    def _compare(self, current: _Voice, now_s: float) -> None:
        for user, voice in self._voices.items():
            if voice.level_dbov < current.level_dbov + LOUDER_DB:
                voice.louder_since_s = None
            elif voice.louder_since_s is None:
                voice.louder_since_s = now_s
            elif now_s - voice.louder_since_s >= TAKEOVER_S:
                self.user_id = user
