"""Our camera, microphone and speaker: opened once, shared by all peers, changed while everything runs."""

from __future__ import annotations

import asyncio
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from desktop_app.media.audio import rms_level
from desktop_app.media.audio_sinks import NullSink, WavRecorder
from desktop_app.media.audio_sources import open_audio_source
from desktop_app.media.chimes import chime
from desktop_app.media.clock import AUDIO_RATE_HZ
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.media.processing import AudioProcessor
from desktop_app.media.screen.open import MOST
from desktop_app.media.source_status import SourceState
from desktop_app.media.video_sources import open_video_source
from desktop_app.quality import thumbnail
from desktop_app.quality.assignment import Encoding
from desktop_app.rtc.audio_encoder import AudioEncoder
from desktop_app.rtc.connection import LocalFeeds
from desktop_app.rtc.video_encoder import VideoEncoder

from .encoder_meter import EncoderLoad
from .events import CallEvent, DeviceKind, DeviceState, DeviceStatus, MicrophoneLevel, Notice
from .mixer import AudioMixer
from .prepared import PreparedSound, PreparedVideo
from .screen_share import ScreenShare

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.audio import AudioFrame, AudioSink, AudioSource
    from desktop_app.media.audio_backend import AudioBackend
    from desktop_app.media.chimes import Chime
    from desktop_app.media.source_status import SourceStatus
    from desktop_app.media.video_source import VideoFormat, VideoSource
    from desktop_app.rtc.encoded_feed import EncodedFeed

    from .media_config import MediaConfig
    from .prepared import Prepared

logger = logging.getLogger(__name__)
T = TypeVar("T")

LEVEL_EVERY_FRAMES = 5
"""Ten level events a second."""
TEST_TONE_HZ = 440.0
TEST_TONE_S = 1.0


class LocalMedia:
    """Lives on the engine loop; devices are opened and closed on one worker thread, in order."""

    def __init__(
        self,
        emit: Callable[[CallEvent], None],
        backend: AudioBackend | None,
        prepared: Prepared | None = None,
    ) -> None:
        """`prepared` is sent in place of what camera and microphone would bring."""
        self._loop = asyncio.get_running_loop()
        self._emit = emit
        self._backend = backend
        self._config: MediaConfig | None = None
        self._devices = ThreadPoolExecutor(1, thread_name_prefix="devices")
        self._lock = asyncio.Lock()
        self.slot = FrameSlot()
        self.audio_muted = False
        self.video_muted = False
        self._video_pauses: set[str] = set()
        self._camera: VideoSource | None = None
        self._pattern_fps = math.inf
        self._microphone: AudioSource | None = None
        self._speaker: AudioSink | None = None
        self._told_problem = ""
        self.microphone_level = 0.0
        self.raw_level = 0.0
        """Of the newest sound before it was processed: 0 means that the microphone itself is silent."""
        self.frames_captured = 0
        self.device_status: dict[DeviceKind, DeviceStatus] = {}
        """What each device said last."""
        self._processor = AudioProcessor(True, True, True)
        self.mixer = AudioMixer(self._processor.process_render, self._speaker_latency_s)
        self._prepared = prepared
        self._audio_encoder: AudioEncoder | PreparedSound
        self.video_encoders: dict[Encoding, VideoEncoder | PreparedVideo]
        self._thumbnail_encoder: VideoEncoder | PreparedVideo
        if prepared is None:
            self._audio_encoder = AudioEncoder()
            self.video_encoders = {
                Encoding.HIGH: VideoEncoder(self.slot, on_error=self._encoding_failed),
                Encoding.LOW: VideoEncoder(self.slot, on_error=self._encoding_failed, joins_in=True),
            }
            self._thumbnail_encoder = VideoEncoder(self.slot, on_error=self._encoding_failed)
        else:
            self._audio_encoder = PreparedSound(prepared, lambda: self.audio_muted)
            self.video_encoders = {
                Encoding.HIGH: PreparedVideo(prepared.camera),
                Encoding.LOW: PreparedVideo(prepared.camera),  # it is there, and costs no more
            }
            self._thumbnail_encoder = PreparedVideo(prepared.thumbnail)
        self.set_thumbnail_rate(thumbnail.FRAME_RATE)
        self._thumbnail_encoder.set_target_kbps(thumbnail.MOST_KBPS)
        self.screen = ScreenShare(self._emit, self._encoding_failed, self.on_device_thread)
        self.screen_has_line = False
        """Whether a shared screen goes in place of the camera's picture, as it does in a mesh."""
        self.wanted_kbps = 0.0
        """What pictures and sound could take at their best; 0 while no pictures are sent."""
        self.path_narrowed = asyncio.Event()
        """Set when a path was found to carry clearly less; whoever steers the encoders waits for it and clears it."""
        self.feeds = LocalFeeds(
            self._audio_encoder.feed,
            self.video_encoders[Encoding.HIGH].feed,
            on_narrower=self.path_narrowed.set,
            wanted_kbps=lambda: self.wanted_kbps,
        )

    # --- devices --------------------------------------------------------------------------------

    async def apply(self, config: MediaConfig) -> None:
        """Open what `config` names and change what differs from before."""
        async with self._lock:
            old, self._config = self._config, config
            self._processor.echo_cancellation = config.echo_cancellation
            self._processor.noise_suppression = config.noise_suppression
            self._processor.automatic_gain = config.automatic_gain
            self._audio_encoder.set_dtx(config.dtx)
            if old is None or (old.speaker, old.recording) != (config.speaker, config.recording):
                await self._open_speaker(config)
            if old is None or old.microphone != config.microphone:
                await self._open_microphone(config)
            if old is None or (old.camera, old.video_format) != (config.camera, config.video_format):
                await self._open_camera(config)

    async def set_muted(self, kind: str, muted: bool) -> None:
        """Muted sound is sent as silence; a muted camera is closed, so that its light goes out."""
        async with self._lock:
            if kind == "audio":
                self.audio_muted = muted
            elif muted != self.video_muted:
                self.video_muted = muted
                self.pause_video("muted", muted)
                if self._config is not None:
                    await self._open_camera(self._config)

    async def _open_camera(self, config: MediaConfig) -> None:
        await self._stop(self._camera)
        self._camera = None
        if self.video_muted:
            self.slot.clear()
            self._status_event("camera", DeviceState.OFF, "")
            return
        camera = open_video_source(
            "none" if self._prepared else config.camera,
            config.video_format,
            slot=self.slot,
            on_status=self._status_of("camera"),
        )
        self._camera = camera
        camera.limit_rate(self._pattern_fps)
        await self.on_device_thread(camera.start)

    async def _open_microphone(self, config: MediaConfig) -> None:
        await self._stop(self._microphone)
        self._microphone = None
        if self._prepared is not None:
            return
        microphone = open_audio_source(
            config.microphone, on_status=self._status_of("microphone"), device_backend=self._backend
        )
        self._microphone = microphone
        await self.on_device_thread(lambda: microphone.start(self._captured))

    async def _open_speaker(self, config: MediaConfig) -> None:
        await self._stop(self._speaker)
        on_status = self._status_of("speaker")
        sink: AudioSink
        if config.speaker == "none" or self._backend is None:
            sink = NullSink(on_status=on_status)
        else:
            sink = self._backend.open_speaker(config.speaker, on_status)
        if config.recording is not None:
            sink = WavRecorder(Path(config.recording), sink, on_status=self._recording_changed)
        self._speaker = sink
        await self.on_device_thread(lambda: sink.start(self.mixer.pull))

    async def _stop(self, device: VideoSource | AudioSource | AudioSink | None) -> None:
        if device is not None:
            await self.on_device_thread(device.stop)

    async def on_device_thread(self, work: Callable[[], T]) -> T:
        """Run blocking device work in order, off the loop."""
        return await self._loop.run_in_executor(self._devices, work)

    def pause_video(self, reason: str, paused: bool) -> None:
        """Encode no picture for as long as there is a reason not to; each one has a name."""
        before = bool(self._video_pauses)
        (self._video_pauses.add if paused else self._video_pauses.discard)(reason)
        if bool(self._video_pauses) != before:
            for encoder in self._all_video_encoders:
                encoder.set_paused(not before)

    @property
    def _all_video_encoders(self) -> tuple[VideoEncoder | PreparedVideo, ...]:
        return (*self.video_encoders.values(), self._thumbnail_encoder)

    @property
    def audio_feed(self) -> EncodedFeed:
        """Our sound."""
        return self._audio_encoder.feed

    @property
    def thumbnail_feed(self) -> EncodedFeed:
        """A small picture; encoded while somebody takes it."""
        return self._thumbnail_encoder.feed

    def set_thumbnail_rate(self, frame_rate: float) -> None:
        """How many small pictures there are in a second."""
        self._thumbnail_encoder.set_limits(thumbnail.MAX_WIDTH_PX, thumbnail.MAX_HEIGHT_PX, frame_rate)

    def limit_pattern(self, most_fps: float) -> None:
        """How many pictures a test pattern has in a second at most."""
        self._pattern_fps = most_fps
        if self._camera is not None:
            self._camera.limit_rate(most_fps)

    def set_thumbnail_kbps(self, kbps: float) -> None:
        """The bitrate of the small picture."""
        self._thumbnail_encoder.set_target_kbps(kbps)

    def set_video(
        self, encoding: Encoding, width_px: int, height_px: int, frame_rate: float, kbps: float
    ) -> None:
        """The largest picture, the highest frame rate and the bitrate of one encoding.

        A screen in the camera's place gets the bitrate; it has its own way to make do with less.
        """
        if self.screen_has_line:
            self.screen.set_kbps(encoding, kbps)
            return
        encoder = self.video_encoders[encoding]
        encoder.set_limits(width_px, height_px, frame_rate)
        encoder.set_target_kbps(kbps)

    @property
    def sends_pictures(self) -> bool:
        """Whether there is a camera, or what stands for one, and it is on."""
        if self.screen_has_line:
            return True
        return not self.video_muted and self._config is not None and self._config.camera != "none"

    def video_feed(self, encoding: Encoding) -> EncodedFeed | None:
        """Where the camera's pictures of an encoding are to be had; None for sound alone."""
        encoder = self.video_encoders.get(encoding)
        return None if encoder is None else encoder.feed

    def line_feed(self, encoding: Encoding) -> EncodedFeed | None:
        """The same where there is one line for pictures: of the screen, while one is shared."""
        return self.screen.feed(encoding) if self.screen.shown else self.video_feed(encoding)

    def encoder_load(self, encoding: Encoding) -> EncoderLoad:
        """What the video encoders of camera and screen have done so far; the bytes are the camera's."""
        camera, screen = self.video_encoders[encoding].counters, self.screen.encoders[encoding].counters
        return EncoderLoad(
            sum(each.frames_encoded + each.frames_dropped for each in (camera, screen)),
            camera.total_encode_s + screen.total_encode_s,
            camera.bytes_encoded,
        )

    @property
    def video_format(self) -> VideoFormat | None:
        """The camera's picture, or the screen's in its place; None while none is chosen."""
        if self.screen_has_line:
            return MOST
        return None if self._config is None else self._config.video_format

    def set_audio_kbps(self, kbps: float) -> None:
        """The bitrate of our sound, from the next frame on."""
        self._audio_encoder.set_kbps(kbps)

    def set_expected_loss(self, percent: float) -> None:
        """How much loss our sound shall survive (in-band FEC), from the next frame on."""
        self._audio_encoder.set_expected_loss(percent)

    def play_test_tone(self) -> None:
        """A second of tone on the speaker, faded at both ends."""
        count = int(TEST_TONE_S * AUDIO_RATE_HZ)
        times = np.arange(count) / AUDIO_RATE_HZ
        fade = np.clip(np.minimum(times, TEST_TONE_S - times) / 0.02, 0, 1)
        self.mixer.play((0.25 * 32767 * fade * np.sin(2 * np.pi * TEST_TONE_HZ * times)).astype(np.int16))

    def play_chime(self, name: Chime) -> None:
        """A short sound on the speaker, for us alone."""
        self.mixer.play(chime(name))

    @property
    def camera_fps(self) -> float:
        """The rate that the camera really delivers."""
        return 0.0 if self._camera is None else self._camera.delivered_fps

    async def close(self) -> None:
        """Release every device and end every thread."""
        await self.screen.close()
        async with self._lock:
            for device in (self._camera, self._microphone, self._speaker):
                await self._stop(device)
            self._camera = self._microphone = self._speaker = None
            self.slot.clear()
            self._audio_encoder.close()
            for encoder in self._all_video_encoders:
                encoder.close()
                await self.on_device_thread(encoder.join)
            self._processor.close()
        self._devices.shutdown(wait=False)

    def _speaker_latency_s(self) -> float:
        return 0.0 if self._speaker is None else self._speaker.latency_ms / 1000

    # --- on the devices' own threads ------------------------------------------------------------

    def _captured(self, frame: AudioFrame, captured_at_s: float) -> None:
        processed = self._processor.process_capture(frame)
        self._audio_encoder.push(processed, captured_at_s, muted=self.audio_muted)
        self.microphone_level = rms_level(processed)
        self.raw_level = rms_level(frame)
        self.frames_captured += 1
        if self.frames_captured % LEVEL_EVERY_FRAMES == 0:
            self._post(MicrophoneLevel(self.microphone_level))
        if self._processor.problem != self._told_problem:
            self._told_problem = self._processor.problem
            self._post(Notice("warning", self._told_problem, "audio-processing"))

    def _recording_changed(self, status: SourceStatus) -> None:
        if status.state is SourceState.FAILED:  # the call goes on without it
            self._post(Notice("error", status.message, "recording-failed"))

    def _status_of(self, device: DeviceKind) -> Callable[[SourceStatus], None]:
        def changed(status: SourceStatus) -> None:
            self._status_event(device, DeviceState(status.state.value), status.message)

        return changed

    def _status_event(self, device: DeviceKind, state: DeviceState, message: str) -> None:
        self.device_status[device] = status = DeviceStatus(device, state, message)
        self._post(status)

    def _encoding_failed(self, _error: BaseException) -> None:
        self._post(
            Notice("error", "The picture cannot be encoded; the others may not see you.", "encode-failed")
        )

    def _post(self, event: CallEvent) -> None:
        try:
            self._loop.call_soon_threadsafe(self._emit, event)
        except RuntimeError:
            logger.debug("a device event came after the end of the engine loop")

    @property
    def diagnostics(self) -> dict[str, Any]:
        """What a bug report needs to know of the devices."""
        speaker = self._speaker
        return {
            "camera": None if self._config is None else self._config.camera,
            "camera_fps": round(self.camera_fps, 1),
            "microphone": None if self._config is None else self._config.microphone,
            "speaker": None if self._config is None else self._config.speaker,
            "speaker_underruns": None if speaker is None else speaker.underruns,
            "speaker_latency_ms": None if speaker is None else round(speaker.latency_ms, 1),
        }
