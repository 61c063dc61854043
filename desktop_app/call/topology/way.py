"""One way for a participant's picture and sound to come to us by, and the switch between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.rtc.connection import RemoteSinks

from .picture_switch import PictureSwitch, PictureWay
from .voice_switch import VoiceSwitch

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.call.events import MediaKind
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.rtc.audio_playout import AudioPlayout


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Where a connection puts what it receives of one participant."""

    picture: PictureWay
    voice: AudioPlayout
    sinks: RemoteSinks


class WaySwitch:
    """One participant's tile and voice: what comes by the newest way, once something has come by it."""

    def __init__(
        self,
        slot: FrameSlot,
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
        self.voice = VoiceSwitch(lambda: on_first_frame("audio"))

    def way(self) -> Way:
        """Another way, of which nothing is seen or heard until it is preferred."""
        picture, voice = self.picture.way(decode=self._decode), self.voice.way(decode=self._decode)
        return Way(
            picture,
            voice,
            RemoteSinks(
                audio=voice,
                video=picture,
                on_first_video_frame=self._picture_came,
                speaker_latency_s=self._speaker_latency_s,
            ),
        )

    def _picture_came(self) -> None:
        # On a decoder's thread; a second way's first picture is none of the participant's.
        if not self._seen:
            self._seen = True
            self._on_first_frame("video")

    def prefer(self, way: Way) -> None:
        """Take what comes by this way as soon as it comes, and until then what came before."""
        self.picture.prefer(way.picture)
        self.voice.prefer(way.voice)

    def has_come(self, *, picture: bool, sound: bool = True) -> bool:
        """Whether the voice has come by the preferred way since it is that, and the `picture` if it is moving."""
        if sound and not self.voice.has_come:
            return False
        return not picture or self.picture.has_come or not self.picture.is_live
