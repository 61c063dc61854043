"""libopus by its C interface (opus.h, stable since 1.1): what FFmpeg's wrapper does not show.

All sound is mono at 48 kHz, int16, frames of any Opus length up to 120 ms.
"""

from __future__ import annotations

import ctypes
import functools

import numpy as np
import numpy.typing as npt

from . import native_library

RATE_HZ = 48_000
MAX_PACKET_BYTES = 1275
"""The longest frame that RFC 6716 3.2.1 allows."""
MAX_FRAME_SAMPLES = 5760

_APPLICATION_VOIP = 2048
_SET_BITRATE, _SET_COMPLEXITY, _SET_INBAND_FEC = 4002, 4010, 4012
_SET_PACKET_LOSS_PERC, _SET_DTX, _SET_SIGNAL = 4014, 4016, 4024
_SIGNAL_VOICE = 3001

Pcm = npt.NDArray[np.int16]


class OpusError(Exception):
    """libopus refused; the text is its own."""


@functools.cache
def _library() -> ctypes.CDLL:
    """The library with its signatures declared.

    Raises:
        native_library.NativeLibraryError: there is none.
    """
    opus = native_library.load("opus", keep_lock=True)
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    opus.opus_strerror.restype = ctypes.c_char_p
    opus.opus_get_version_string.restype = ctypes.c_char_p
    opus.opus_encoder_create.restype = pointer
    opus.opus_encoder_create.argtypes = [ctypes.c_int32, integer, integer, ctypes.POINTER(integer)]
    opus.opus_encoder_destroy.argtypes = [pointer]
    opus.opus_encode.restype = ctypes.c_int32
    opus.opus_encode.argtypes = [pointer, pointer, integer, pointer, ctypes.c_int32]
    # The fixed parameters alone: ctypes passes the rest by the platform's convention for variadic functions.
    opus.opus_encoder_ctl.argtypes = [pointer, integer]
    opus.opus_decoder_create.restype = pointer
    opus.opus_decoder_create.argtypes = [ctypes.c_int32, integer, ctypes.POINTER(integer)]
    opus.opus_decoder_destroy.argtypes = [pointer]
    opus.opus_decode.argtypes = [pointer, ctypes.c_char_p, ctypes.c_int32, pointer, integer, integer]
    opus.opus_packet_get_nb_samples.argtypes = [ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32]
    return opus


def version() -> str:
    """Such as "libopus 1.6.1"."""
    return str(_library().opus_get_version_string().decode())


def _check(code: int) -> int:
    if code < 0:
        raise OpusError(_library().opus_strerror(code).decode())
    return code


class Encoder:
    """A mono encoder for speech. Not thread-safe."""

    def __init__(self, *, kbps: float, complexity: int = 9) -> None:
        self._opus = _library()
        error = ctypes.c_int()
        self._state = self._opus.opus_encoder_create(RATE_HZ, 1, _APPLICATION_VOIP, ctypes.byref(error))
        _check(error.value)
        self._packet = ctypes.create_string_buffer(MAX_PACKET_BYTES)
        self._control(_SET_COMPLEXITY, complexity)
        self._control(_SET_SIGNAL, _SIGNAL_VOICE)
        self.set_kbps(kbps)

    def _control(self, request: int, value: int) -> None:
        _check(self._opus.opus_encoder_ctl(self._state, request, ctypes.c_int32(value)))

    def set_kbps(self, kbps: float) -> None:
        """The bitrate from the next frame on, 6 to 510."""
        self._control(_SET_BITRATE, int(min(510.0, max(6.0, kbps)) * 1000))

    def set_expected_loss(self, percent: float) -> None:
        """Prepare for this loss: above 0, packets carry a coarse copy of the frame before (RFC 6716 2.1.7)."""
        whole = int(min(100.0, max(0.0, percent)))
        self._control(_SET_INBAND_FEC, int(whole > 0))
        self._control(_SET_PACKET_LOSS_PERC, whole)

    def set_dtx(self, on: bool) -> None:
        """Send next to nothing during silence."""
        self._control(_SET_DTX, int(on))

    def encode(self, samples: Pcm) -> bytes:
        """One frame, int16 (n,) with n one of Opus's frame lengths.

        Raises:
            OpusError: the length is none of them.
        """
        samples = np.ascontiguousarray(samples, dtype=np.int16)
        size = self._opus.opus_encode(
            self._state, samples.ctypes.data, len(samples), self._packet, MAX_PACKET_BYTES
        )
        return self._packet.raw[: _check(size)]

    def __del__(self) -> None:
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._opus.opus_encoder_destroy(state)


class Decoder:
    """A mono decoder with concealment and FEC. Not thread-safe."""

    def __init__(self) -> None:
        self._opus = _library()
        error = ctypes.c_int()
        self._state = self._opus.opus_decoder_create(RATE_HZ, 1, ctypes.byref(error))
        _check(error.value)
        self._pcm: Pcm = np.zeros(MAX_FRAME_SAMPLES, dtype=np.int16)

    def _decode(self, payload: bytes | None, samples: int, fec: int) -> Pcm:
        size = 0 if payload is None else len(payload)
        count = self._opus.opus_decode(self._state, payload, size, self._pcm.ctypes.data, samples, fec)
        return self._pcm[: _check(count)].copy()

    def decode(self, payload: bytes) -> Pcm:
        """The sound of a packet.

        Raises:
            OpusError: it is damaged.
        """
        return self._decode(payload, MAX_FRAME_SAMPLES, 0)

    def decode_fec(self, following: bytes, samples: int) -> Pcm:
        """The lost `samples` before `following`, from the copy in it; where it has none, concealed.

        Raises:
            OpusError: the packet is damaged.
        """
        return self._decode(following, samples, 1)

    def conceal(self, samples: int) -> Pcm:
        """`samples` that continue what came before (a multiple of 120, at most 5760)."""
        return self._decode(None, samples, 0)

    def __del__(self) -> None:
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._opus.opus_decoder_destroy(state)


def packet_samples(payload: bytes) -> int:
    """How long a packet lasts, in samples of 48 kHz; 0 for a damaged one."""
    if not payload:
        return 0
    return max(0, int(_library().opus_packet_get_nb_samples(payload, len(payload), RATE_HZ)))


def has_fec(payload: bytes) -> bool:
    """Whether a packet carries a copy of the frame before it.

    RFC 6716 3.1 and 4.2.4: in SILK and hybrid packets the low-bitrate redundancy flag follows the voice activity
    bits of the first byte after the TOC. For 20 ms mono, that is its second bit.
    """
    if len(payload) < 2:
        return False
    table_of_contents = payload[0]
    configuration = table_of_contents >> 3
    if configuration >= 16 or table_of_contents & 3:  # CELT only, or several frames
        return False
    frames = {0: 1, 1: 1, 2: 2, 3: 3}[configuration & 3] if configuration < 12 else 1
    return bool(payload[1] >> (7 - frames) & 1)
