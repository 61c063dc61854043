"""What comes of one participant through the SFU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from desktop_app.rtc.counters import next_serial
from desktop_app.rtc.frame_assembler import FrameAssembler
from desktop_app.rtc.receivers import AudioReceiver, VideoReceiver
from desktop_app.rtc.stream_alignment import StreamAlignment

from .line import CutSink

if TYPE_CHECKING:
    from collections.abc import Callable

    import av
    from aiortc.rtcdtlstransport import RTCDtlsTransport

    from desktop_app.rtc.connection import RemoteSinks
    from desktop_app.rtc.picture_sink import PictureSink
    from desktop_app.rtc.receivers import MediaReceiver

    from .line import LineReceiver

Sort: TypeAlias = Literal["audio", "video", "screen"]
MEDIA: dict[Sort, str] = {"audio": "audio", "video": "video", "screen": "video"}
"""SDP's name of the media."""


class SfuVideoReceiver(VideoReceiver):
    """For a line on which another encoding of the same camera may follow at any time."""

    def __init__(
        self,
        transport: RTCDtlsTransport,
        slot: PictureSink,
        *,
        round_trip_s: Callable[[], float | None],
        on_first_frame: Callable[[], None],
    ) -> None:
        super().__init__(transport, slot, round_trip_s=round_trip_s, on_first_frame=on_first_frame)
        self._assembler = FrameAssembler(counts_pictures=True)

    def _estimate(self, *_: object) -> None:
        """No REMB: Janus does not act on it."""


class Participant:
    """Who has at least one line. Lives on the engine loop."""

    def __init__(self, sinks: RemoteSinks, round_trip_s: Callable[[], float | None]) -> None:
        self.sinks = sinks
        """Where it goes."""
        self._round_trip_s = round_trip_s
        self._lines: dict[Sort, LineReceiver] = {}
        self._receivers: dict[Sort, MediaReceiver] = {}
        self._cuts: dict[Sort, CutSink] = {}
        self._alignment: StreamAlignment | None = None
        self.serial = next_serial()
        """Another one as soon as something begins to count from zero."""

    @property
    def is_gone(self) -> bool:
        """Whether no line is left."""
        return not self._lines

    @property
    def receivers(self) -> dict[Sort, MediaReceiver]:
        """Of sound and pictures, where there are any."""
        return self._receivers

    @property
    def offset_s(self) -> float | None:
        """How far the sound is behind the picture; None while it is not known."""
        return None if self._alignment is None else self._alignment.offset_s

    def begin(self, line: LineReceiver, sort: Sort) -> None:
        """From now on `line` is this participant's, in place of another one of the same sort; from scratch."""
        if sort in self._lines:
            self.end(self._lines[sort])
        receiver: MediaReceiver
        if sort == "audio":
            self.sinks.audio.restart()
            receiver = AudioReceiver(line.transport, self.sinks.audio)
        else:
            screen = self.sinks.screen or _Nowhere()
            sink = self._cuts[sort] = CutSink(self.sinks.video if sort == "video" else screen)
            receiver = SfuVideoReceiver(
                line.transport,
                sink,
                round_trip_s=self._round_trip_s,
                on_first_frame=self.sinks.on_first_video_frame if sort == "video" else _nothing,
            )
        self._lines[sort], self._receivers[sort] = line, receiver
        self.serial = next_serial()
        line.hand_to(receiver)
        sound, pictures = self._receivers.get("audio"), self._receivers.get("video")
        if sort != "screen" and isinstance(sound, AudioReceiver) and isinstance(pictures, VideoReceiver):
            self._alignment = StreamAlignment(sound, pictures, self.sinks.speaker_latency_s)

    def end(self, line: LineReceiver) -> None:
        """`line` is not this participant's any more; nothing of it is shown from now on."""
        for sort in [sort for sort, own in self._lines.items() if own is line]:
            if (sink := self._cuts.pop(sort, None)) is not None:
                sink.cut()
            line.hand_to(None)
            del self._lines[sort], self._receivers[sort]
            if sort != "screen" and self._alignment is not None:
                self._alignment.end()
                self._alignment = None

    def align(self, now_s: float) -> None:
        """Keep sound and pictures together; to be called every stream_alignment.INTERVAL_S."""
        if self._alignment is not None:
            self._alignment.update(now_s)

    def pause_freeze_detection(self) -> None:
        """The camera was switched off on purpose."""
        receiver = self._receivers.get("video")
        if isinstance(receiver, VideoReceiver):
            receiver.decoder.pause()


class _Nowhere:
    """For a screen that has no place to be shown."""

    wants_pictures = False
    is_steady = False

    def put(self, frame: av.VideoFrame) -> None:
        """Show nothing."""


def _nothing() -> None:
    """A screen's first picture is none of the camera's."""
