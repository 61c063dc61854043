"""The codec libraries that are called directly: what they promise, and what happens without them."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from desktop_app.rtc import libopus, libvpx, native_library, opus, vp8_encoder

FRAME = 960


def speech(count: int) -> libopus.Pcm:
    """`count` frames of a tone that swells like syllables."""
    times = np.arange(count * FRAME) / 48_000
    envelope = 0.6 + 0.4 * np.sin(2 * np.pi * 5 * times)
    return (9000 * envelope * np.sin(2 * np.pi * 220 * times)).astype(np.int16)


def packets_of(sound: libopus.Pcm, encoder: libopus.Encoder) -> list[bytes]:
    return [encoder.encode(sound[i : i + FRAME]) for i in range(0, len(sound), FRAME)]


def pictures(count: int, width: int = 320, height: int = 240) -> list[av.VideoFrame]:
    """A textured picture that slides sideways."""
    generator = np.random.default_rng(1)
    texture = (
        generator.integers(60, 200, (height // 8, width // 8)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    )
    frames = []
    for index in range(count):
        image = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
        noise = generator.integers(0, 30, (height, width)).astype(np.uint8)
        image[:height] = np.roll(texture, index * 3, axis=1) + noise
        frame = av.VideoFrame.from_ndarray(image, format="yuv420p")
        frame.pts, frame.time_base = index * 3000, Fraction(1, 90_000)
        frames.append(frame)
    return frames


def test_a_missing_library_says_so() -> None:
    with pytest.raises(native_library.NativeLibraryError):
        native_library.load("no-such-codec")


def test_opus_keeps_the_sound() -> None:
    sound = speech(50)
    decoder = libopus.Decoder()
    decoded = np.concatenate([decoder.decode(each) for each in packets_of(sound, libopus.Encoder(kbps=32))])
    assert len(decoded) == len(sound)
    steady = slice(9600, 19200)
    # libopus looks ahead: the sound comes a few milliseconds later.
    likeness = max(
        np.corrcoef(decoded[steady], sound[steady.start - delay : steady.stop - delay])[0, 1]
        for delay in range(0, 480, 4)
    )
    assert likeness > 0.97


def test_opus_changes_its_bitrate_from_frame_to_frame() -> None:
    sound = speech(100)
    encoder = libopus.Encoder(kbps=64)
    generous = sum(map(len, packets_of(sound, encoder)))
    encoder.set_kbps(12)
    thrifty = sum(map(len, packets_of(sound, encoder)))
    assert thrifty < 0.4 * generous


def test_fec_is_in_the_packets_only_when_loss_is_expected() -> None:
    sound = speech(50)
    encoder = libopus.Encoder(kbps=32)
    assert not any(libopus.has_fec(each) for each in packets_of(sound, encoder))
    encoder.set_expected_loss(10)
    assert sum(libopus.has_fec(each) for each in packets_of(sound, encoder)) > 15


def test_a_lost_frame_comes_back_from_the_one_behind_it() -> None:
    sound = speech(60)
    encoder = libopus.Encoder(kbps=32)
    encoder.set_expected_loss(20)
    packets = packets_of(sound, encoder)
    lost = next(i for i in range(30, 60) if libopus.has_fec(packets[i + 1]))
    whole, with_fec, without = libopus.Decoder(), libopus.Decoder(), libopus.Decoder()
    for packet in packets[:lost]:
        for decoder in (whole, with_fec, without):
            decoder.decode(packet)
    truth = whole.decode(packets[lost]).astype(float)
    recovered = with_fec.decode_fec(packets[lost + 1], FRAME).astype(float)
    concealed = without.conceal(FRAME).astype(float)
    assert len(recovered) == len(concealed) == FRAME
    assert np.mean((recovered - truth) ** 2) < np.mean((concealed - truth) ** 2)


@pytest.mark.parametrize("payload", [b"", b"\xff", b"\x03\xff\xff", bytes(200), b"\xfb" + bytes(1274)])
def test_hostile_packets_are_refused_or_decoded_but_never_crash(payload: bytes) -> None:
    decoder = opus.OpusDecoder()
    assert len(decoder.decode(payload)) <= opus.MAX_PACKET_SAMPLES
    recovered = decoder.recover(payload, FRAME)
    assert recovered is None or len(recovered) == FRAME
    assert 0 <= libopus.packet_samples(payload) <= 5760


def test_concealment_takes_only_whole_steps() -> None:
    decoder = opus.OpusDecoder()
    assert decoder.conceal(100) is None
    concealed = decoder.conceal(240)
    assert concealed is not None
    assert len(concealed) == 240


def test_vp8_changes_its_bitrate_without_a_keyframe() -> None:
    assert libvpx.supported()
    encoder = libvpx.Vp8Encoder(320, 240, 150)
    encoded = []
    for index, frame in enumerate(pictures(90)):
        if index == 45:
            encoder.set_kbps(600)
        encoded.append(encoder.encode(frame, index * 3000, keyframe=False))
    encoder.close()
    keys = [index for index, each in enumerate(encoded) if each is not None and each[1]]
    assert keys == [0]
    slow, fast = (sum(len(each[0]) for each in part if each) for part in (encoded[15:45], encoded[60:]))
    assert fast > 2 * slow


def test_vp8_does_not_make_up_for_a_pause_with_one_huge_frame() -> None:
    encoder = libvpx.Vp8Encoder(320, 240, 150)
    sizes = []
    for index, frame in enumerate(pictures(90)):
        pause = 0 if index < 60 else 15 * 3000  # half a second in which the path was full
        encoded = encoder.encode(frame, index * 3000 + pause, keyframe=False)
        sizes.append(0 if encoded is None else len(encoded[0]))
    encoder.close()
    # With a clock that leaps it has 35 kB here.
    assert sizes[60] < 10 * np.mean(sizes[30:60])


def test_vp8_keeps_its_bitrate_when_pictures_come_less_often() -> None:
    encoder = libvpx.Vp8Encoder(320, 240, 150, frame_rate=30)
    kbps = []
    for second, rate in enumerate([30] * 3 + [10] * 12):
        size = 0
        for index, frame in enumerate(pictures(rate)):
            encoded = encoder.encode(frame, second * 90_000 + index * 90_000 // rate, keyframe=False)
            size += 0 if encoded is None else len(encoded[0])
        kbps.append(size * 8 / 1000)
    encoder.close()
    assert np.mean(kbps[-3:]) == pytest.approx(150, rel=0.3)


def test_vp8_makes_a_keyframe_when_asked_and_a_decoder_takes_it_all() -> None:
    encoder = libvpx.Vp8Encoder(320, 240, 500)
    decoder = av.VideoCodecContext.create("vp8", "r")
    shown = keys = 0
    for index, frame in enumerate(pictures(30)):
        encoded = encoder.encode(frame, index * 3000, keyframe=index == 20)
        if encoded is not None:
            keys += encoded[1]
            shown += len(decoder.decode(av.Packet(encoded[0])))
    encoder.close()
    assert keys == 2
    assert shown >= 28


def test_vp8_refuses_a_picture_of_another_size() -> None:
    encoder = libvpx.Vp8Encoder(320, 240, 500)
    with pytest.raises(ValueError, match="320x240"):
        encoder.encode(pictures(1, 160, 128)[0], 0, keyframe=False)
    encoder.close()
    encoder.close()


def test_without_libvpx_the_encoder_is_rebuilt_for_a_large_change_alone() -> None:
    built: list[float] = []

    def make(width: int, height: int, kbps: float) -> av.VideoCodecContext:
        built.append(kbps)
        return vp8_encoder._make_codec(width, height, kbps)

    encoder = vp8_encoder.WrappedVp8Encoder(320, 240, 500, make=make)
    for index, frame in enumerate(pictures(10)):
        if index == 3:
            encoder.set_kbps(450)
        if index == 6:
            encoder.set_kbps(200)
        assert encoder.encode(frame, index * 3000, keyframe=False) is not None
    assert built == [500, 200]
