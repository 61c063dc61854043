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

    from aiortc.rtcdtlstransport import RTCDtlsTransport

    from desktop_app.rtc.connection import RemoteSinks
    from desktop_app.rtc.picture_sink import PictureSink
    from desktop_app.rtc.receivers import MediaReceiver

    from .line import LineReceiver

Sort: TypeAlias = Literal["audio", "video"]


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
        self._sink: CutSink | None = None
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

    def begin(self, line: LineReceiver) -> None:
        """From now on `line` is this participant's, in place of another one of the same kind; from scratch."""
        sort: Sort = "audio" if line.kind == "audio" else "video"
        if sort in self._lines:
            self.end(self._lines[sort])
        receiver: MediaReceiver
        if sort == "audio":
            self.sinks.audio.restart()
            receiver = AudioReceiver(line.transport, self.sinks.audio)
        else:
            self._sink = CutSink(self.sinks.video)
            receiver = SfuVideoReceiver(
                line.transport,
                self._sink,
                round_trip_s=self._round_trip_s,
                on_first_frame=self.sinks.on_first_video_frame,
            )
        self._lines[sort], self._receivers[sort] = line, receiver
        self.serial = next_serial()
        line.hand_to(receiver)
        sound, pictures = self._receivers.get("audio"), self._receivers.get("video")
        if isinstance(sound, AudioReceiver) and isinstance(pictures, VideoReceiver):
            self._alignment = StreamAlignment(sound, pictures, self.sinks.speaker_latency_s)

    def end(self, line: LineReceiver) -> None:
        """`line` is not this participant's any more; nothing of it is shown from now on."""
        for sort in [sort for sort, own in self._lines.items() if own is line]:
            if sort == "video" and self._sink is not None:
                self._sink.cut()
            line.hand_to(None)
            del self._lines[sort], self._receivers[sort]
            if self._alignment is not None:
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
