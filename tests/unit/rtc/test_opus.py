"""Opus both ways, and what is not Opus."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ
from desktop_app.rtc.opus import MAX_PACKET_SAMPLES, OpusDecoder, OpusEncoder

from .playout_simulation import encode_tone


def test_a_tone_survives_with_its_frequency_and_level() -> None:
    decoder = OpusDecoder()
    decoded = np.concatenate([decoder.decode(packet.payload) for packet in encode_tone(60, hz=440)])
    assert decoded.dtype == np.float32
    assert len(decoded) == 60 * AUDIO_FRAME_SAMPLES
    steady = decoded[AUDIO_RATE_HZ // 5 : AUDIO_RATE_HZ // 5 + AUDIO_RATE_HZ // 2]
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady))))
    assert int(np.argmax(spectrum)) * 2 == pytest.approx(440, abs=4)
    assert float(np.sqrt(np.mean(steady**2))) == pytest.approx(8000 / np.sqrt(2), rel=0.1)


def test_the_encoder_keeps_to_its_bitrate() -> None:
    generator = np.random.default_rng(1)
    encoder = OpusEncoder(kbps=32)
    noise = generator.normal(0, 4000, (250, AUDIO_FRAME_SAMPLES)).astype(np.int16)
    kbps = sum(len(encoder.encode(frame)) for frame in noise) * 8 / 1000 / 5
    assert 24 <= kbps <= 40


@given(st.binary(max_size=300))
def test_hostile_payloads_give_sound_or_nothing(payload: bytes) -> None:
    samples = OpusDecoder().decode(payload)
    assert len(samples) <= MAX_PACKET_SAMPLES
    assert np.isfinite(samples).all()
    assert np.abs(samples).max(initial=0) <= 32768


def test_a_decoder_goes_on_after_rubbish() -> None:
    decoder = OpusDecoder()
    assert len(decoder.decode(b"")) == 0
    for payload in (b"\xff", b"\xff" * 1000, b"\x03\xff\x00", b"\x00" * 5000):
        decoder.decode(payload)
    assert len(decoder.decode(encode_tone(1)[0].payload)) == AUDIO_FRAME_SAMPLES
