"""Small real media files, made with PyAV."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from desktop_app.media.pattern import PatternPainter
from desktop_app.media.picture import frame_from_picture
from desktop_app.media.video_source import VideoFormat

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt


def write_video(
    path: Path,
    *,
    width: int = 320,
    height: int = 240,
    rate: int = 30,
    frames: int = 45,
    codec: str = "libx264",
) -> Path:
    """A film of the test pattern, numbered from 0."""
    painter = PatternPainter(VideoFormat(width, height, rate))
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, rate)
        for number in range(frames):
            frame = frame_from_picture(painter.picture(number, 0.0), number)
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def rgb(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    """The frame as a window shows it, (h, w, 3)."""
    return np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def sine(
    frequency_hz: float, seconds: float, rate_hz: int = 48_000, amplitude: float = 0.25
) -> npt.NDArray[np.int16]:
    """A tone."""
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    tone: npt.NDArray[np.int16] = (amplitude * 32767 * np.sin(2 * np.pi * frequency_hz * t)).astype(np.int16)
    return tone


def write_audio(
    path: Path,
    samples: npt.NDArray[np.int16],
    *,
    rate_hz: int = 48_000,
    codec: str = "pcm_s16le",
    layout: str = "mono",
    sample_format: str = "s16",
) -> Path:
    """A sound file; every channel gets the same `samples`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout=layout)
        assert isinstance(stream, av.AudioStream)
        resampler = av.AudioResampler(format=sample_format, layout=layout, rate=rate_hz)
        channels = np.repeat(samples, 2 if layout == "stereo" else 1).reshape(1, -1)  # interleaved
        source = av.AudioFrame.from_ndarray(channels, format="s16", layout=layout)
        source.sample_rate, source.pts, source.time_base = rate_hz, 0, Fraction(1, rate_hz)
        for frame in [*resampler.resample(source), *resampler.resample(None)]:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def frequency_hz(samples: npt.NDArray[np.int16], rate_hz: int = 48_000) -> float:
    """The loudest frequency."""
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64) * np.hanning(len(samples))))
    spectrum[0] = 0.0
    return float(np.argmax(spectrum)) * rate_hz / len(samples)
