"""An audio file as a microphone: any format that FFmpeg reads, mono at 48 kHz, looped."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import av
import numpy as np
from av.audio.resampler import AudioResampler

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ
from desktop_app.media.errors import DeviceError
from desktop_app.media.media_file import open_media_file

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from desktop_app.media.audio import AudioFrame

logger = logging.getLogger(__name__)

MIN_LOOP_SAMPLES = AUDIO_RATE_HZ
"""A shorter sound is repeated in memory up to this length, so that the file is not opened fifty times a second."""


class AudioFileReader:
    """Plays one file in a loop, frame by frame."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._chunks = self._play_for_ever()
        self._pending: list[AudioFrame] = []
        self._pending_samples = 0
        self._fill()  # so that a file that cannot be played fails when it is opened

    def read(self) -> AudioFrame:
        """The next 20 ms; raises DeviceError when the file cannot be read (any more)."""
        self._fill()
        samples = self._pending[0] if len(self._pending) == 1 else np.concatenate(self._pending)
        self._pending = [samples[AUDIO_FRAME_SAMPLES:]]
        self._pending_samples -= AUDIO_FRAME_SAMPLES
        return samples[:AUDIO_FRAME_SAMPLES].copy()

    def close(self) -> None:
        """Close the file."""
        self._chunks.close()

    def _fill(self) -> None:
        while self._pending_samples < AUDIO_FRAME_SAMPLES:
            chunk = next(self._chunks)
            self._pending.append(chunk)
            self._pending_samples += len(chunk)

    def _play_for_ever(self) -> Generator[AudioFrame, None, None]:
        """Pieces of sound, pass after pass; the file is opened anew for each, which is how we learn that it is gone."""
        while True:
            head: list[AudioFrame] | None = []  # the pass so far, as long as it is short
            length = 0
            for chunk in self._decode_pass():
                length += len(chunk)
                if head is not None:
                    head.append(chunk)
                    if length < MIN_LOOP_SAMPLES:
                        continue
                    chunk, head = np.concatenate(head), None
                yield chunk
            if length == 0:
                raise DeviceError(f'The file "{self._path.name}" holds no sound that can be played.')
            if head is not None:
                yield np.tile(np.concatenate(head), -(-MIN_LOOP_SAMPLES // length))

    def _decode_pass(self) -> Generator[AudioFrame, None, None]:
        with open_media_file(self._path) as container:
            if not container.streams.audio:
                raise DeviceError(f'The file "{self._path.name}" holds no sound.')
            stream = container.streams.audio[0]
            resampler = AudioResampler(format="s16", layout="mono", rate=AUDIO_RATE_HZ)
            damaged = 0
            try:
                for packet in container.demux(stream):
                    try:
                        frames = packet.decode()
                    except av.error.InvalidDataError:
                        damaged += 1
                        continue
                    for frame in frames:
                        if isinstance(frame, av.AudioFrame):
                            yield from _samples(resampler.resample(frame))
                yield from _samples(resampler.resample(None))
            except (OSError, ValueError) as error:  # PyAV's errors are OSErrors and ValueErrors
                logger.info("%s ends early: %s", self._path.name, error)
            if damaged:
                logger.info("%d damaged packets in %s were left out", damaged, self._path.name)


def _samples(frames: list[av.AudioFrame]) -> Generator[AudioFrame, None, None]:
    for frame in frames:
        if frame.samples:
            yield frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)
