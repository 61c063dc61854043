"""One way for a participant's picture and sound to come to us by, and the switch between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.rtc.connection import RemoteSinks

from .one_line import OneLine
from .picture_switch import PictureSwitch
from .voice_switch import VoiceSwitch

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.call.events import MediaKind
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.rtc.audio_playout import AudioPlayout

    from .picture_switch import PictureWay


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Where a connection puts what it receives of one participant."""

    picture: PictureWay
    screen: PictureWay
    voice: AudioPlayout
    sinks: RemoteSinks


class WaySwitch:
    """One participant's tile and voice: what comes by the newest way, once something has come by it."""

    def __init__(
        self,
        slot: FrameSlot,
        screen_slot: FrameSlot,
        on_first_frame: Callable[[MediaKind], None],
        speaker_latency_s: Callable[[], float],
        *,
        decode: bool = True,
    ) -> None:
        """Without `decode` what comes is counted, and neither seen nor heard."""
        self._on_first_frame = on_first_frame
        self._speaker_latency_s = speaker_latency_s
        self._seen = False
        self._decode = decode
        self.picture = PictureSwitch(slot)
        self.screen = PictureSwitch(screen_slot)
        self._screens_shown = 0
        self.voice = VoiceSwitch(lambda: on_first_frame("audio"))

    def way(self, *, one_line: bool = False) -> Way:
        """Another way, of which nothing is seen or heard until it is preferred.

        Where there is `one_line` for pictures, what comes on it is the camera's or the screen's (`OneLine`).
        """
        picture, voice = self.picture.way(decode=self._decode), self.voice.way(decode=self._decode)
        screen = self.screen.way(decode=self._decode)
        screen.is_steady = False
        return Way(
            picture,
            screen,
            voice,
            RemoteSinks(
                audio=voice,
                video=OneLine(picture, screen, self._screen_shown) if one_line else picture,
                screen=None if one_line else screen,
                on_first_video_frame=self._picture_came,
                speaker_latency_s=self._speaker_latency_s,
            ),
        )

    def _picture_came(self) -> None:
        # On a decoder's thread; a second way's first picture is none of the participant's.
        if not self._seen:
            self._seen = True
            self._on_first_frame("video")

    def _screen_shown(self) -> None:
        self._screens_shown += 1

    @property
    def line_frames_shown(self) -> int:
        """Pictures of the camera that were shown, and those of a screen in its place."""
        return self.picture.frames_shown + self._screens_shown

    def prefer(self, way: Way) -> None:
        """Take what comes by this way as soon as it comes, and until then what came before."""
        self.picture.prefer(way.picture)
        self.screen.prefer(way.screen)
        self.voice.prefer(way.voice)

    def replace(self, old: Way, new: Way) -> None:
        """Another connection takes over what came by `old`; nothing changes where that is not what is preferred."""
        if self.picture.is_preferred(old.picture):
            self.prefer(new)

    def has_come(self, *, picture: bool, sound: bool = True, screen: bool = False) -> bool:
        """Whether the voice has come by the preferred way since it is that, and what of picture and `screen` moves."""
        return (
            (not sound or self.voice.has_come)
            and (not picture or self.picture.has_come or not self.picture.is_live)
            and (not screen or self.screen.has_come or not self.screen.is_live)
        )
