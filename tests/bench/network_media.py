"""What the participants of the network benchmark say and show: made here, so that no recording is kept.

Speech: espeak-ng (Debian: espeak-ng) reads sentences in two voices; mono, 16 bit, 48 kHz, with pauses as in talk.
Film: a textured picture that pans and turns a little, as from a hand, while two blocks cross it, with the counter row
of the test pattern (desktop_app.media.pattern), uncompressed (y4m), so that reading it costs both kinds of
participants next to nothing.
Both are loops without a seam.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import wave
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from desktop_app.media.opencv import cv2
from desktop_app.media.pattern import CODE_BOTTOM, CODE_TOP, PatternPainter
from desktop_app.media.picture import Picture, picture_from_image, planes_of
from desktop_app.media.video_source import VideoFormat

if TYPE_CHECKING:
    from pathlib import Path

Samples = npt.NDArray[np.int16]

RATE_HZ = 48_000
FRAME_RATE_HZ = 30
FILM_FRAMES = 300
"""Ten seconds; the counter begins anew with the loop, so a delay of more than that would be misread."""

SENTENCES = (
    ("en-gb", "The small boat drifted past the harbour while two gulls circled above it."),
    ("en-us+f3", "Please bring the blue folder, because the meeting starts at half past nine."),
    ("en-gb", "Fresh snow had covered every path, and nobody knew which way to go."),
    ("en-us+f3", "We measured the voltage twice before we trusted the new instrument."),
)
PAUSE_S = 0.35
PEAK = 0.5


def make_speech(path: Path) -> Samples:
    """Write the speech as a WAV file; its samples.

    Raises:
        RuntimeError: espeak-ng is not installed.
    """
    if shutil.which("espeak-ng") is None:
        raise RuntimeError("the speech is made by espeak-ng, which is not installed (Debian: espeak-ng)")
    parts: list[npt.NDArray[np.float32]] = []
    for number, (voice, sentence) in enumerate(SENTENCES):
        raw = path.with_name(f"sentence{number}.wav")
        subprocess.run(["espeak-ng", "-v", voice, "-s", "165", "-w", str(raw), sentence], check=True)
        parts += [_at_48_khz(raw), np.zeros(int(PAUSE_S * RATE_HZ), dtype=np.float32)]
        raw.unlink()
    sound = np.concatenate(parts)
    samples: Samples = (sound / np.abs(sound).max() * PEAK * 32767).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())
    return samples


def _at_48_khz(path: Path) -> npt.NDArray[np.float32]:
    with wave.open(str(path), "rb") as file:
        rate_hz = file.getframerate()
        raw = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)
    return resampled(raw, rate_hz, RATE_HZ).astype(np.float32)


def resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Mono sound at another rate (swresample's filter)."""
    resampler = AudioResampler(format="s16", layout="mono", rate=to_hz)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None, :], format="s16", layout="mono")
    frame.sample_rate = from_hz
    parts = [
        each.to_ndarray().reshape(-1) for each in (*resampler.resample(frame), *resampler.resample(None))
    ]
    return np.concatenate(parts).astype(np.int16)


def make_film(path: Path, width_px: int, height_px: int) -> None:
    """Write the film as y4m (4:2:0, limited range), FILM_FRAMES pictures."""
    video_format = VideoFormat(width_px, height_px, FRAME_RATE_HZ)
    texture = _texture(width_px * 2, height_px * 2)
    painter = PatternPainter(video_format)
    rows = slice(round(CODE_TOP * height_px), round(CODE_BOTTOM * height_px))
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width_px} H{height_px} F{FRAME_RATE_HZ}:1 Ip A1:1 C420\n".encode())
        for number in range(FILM_FRAMES):
            picture = picture_from_image(_image(texture, number, width_px, height_px), video_format)
            planes, code = planes_of(picture), planes_of(painter.picture(number, 0.0))
            planes.y[rows] = code.y[rows]
            for plane in (planes.u, planes.v):
                plane[rows.start // 2 : rows.stop // 2] = 128
            file.write(b"FRAME\n" + _bytes(picture))


def _bytes(picture: Picture) -> bytes:
    return np.ascontiguousarray(picture).tobytes()


def _texture(width_px: int, height_px: int) -> npt.NDArray[np.uint8]:
    """Colour noise of several sizes, as a room full of things has."""
    generator = np.random.default_rng(7)
    total = np.zeros((height_px, width_px, 3), dtype=np.float32)
    for cells, weight in ((6, 90.0), (24, 45.0), (96, 20.0)):
        coarse = generator.standard_normal((cells, cells, 3)).astype(np.float32)
        total += weight * cv2.resize(coarse, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + total, 0, 255).astype(np.uint8)


def _image(
    texture: npt.NDArray[np.uint8], number: int, width_px: int, height_px: int
) -> npt.NDArray[np.uint8]:
    phase = 2 * math.pi * number / FILM_FRAMES
    centre = (width_px * (1 + 0.08 * math.cos(phase)), height_px * (1 + 0.08 * math.sin(2 * phase)))
    turn = cv2.getRotationMatrix2D(centre, 2 * math.sin(phase), 1.0)
    turn[0, 2] += width_px / 2 - centre[0]
    turn[1, 2] += height_px / 2 - centre[1]
    image: npt.NDArray[np.uint8] = cv2.warpAffine(  # type: ignore[assignment]
        texture, turn, (width_px, height_px), flags=cv2.INTER_LINEAR
    )
    for speed, top, colour in ((2, 0.1, (40, 60, 220)), (3, 0.7, (60, 200, 60))):
        left = round((0.5 + 0.4 * math.sin(speed * phase)) * (width_px - width_px // 6))
        upper = round(top * height_px)
        cv2.rectangle(
            image, (left, upper), (left + width_px // 6, upper + height_px // 5), colour, cv2.FILLED
        )
    return image
