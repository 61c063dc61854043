"""libvpx's VP8 encoder by its C interface: a bitrate that changes from frame to frame without a new encoder.

The offsets are those of vpx_encoder.h and vpx_image.h, whose leading fields have stood still since libvpx 1.4. They
are not taken on trust: `supported` compares the library's own defaults at these offsets before anything is written.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import struct
from typing import TYPE_CHECKING, Any

from . import native_library

if TYPE_CHECKING:
    import av

logger = logging.getLogger(__name__)

_ABI_MISMATCH = 3
_HIGHEST_ABI = 200
_CONFIG_BYTES = 4096
_CONTEXT_BYTES = 4096
_IMAGE_BYTES = 512

# vpx_codec_enc_cfg, 64 bits
_THREADS, _WIDTH, _HEIGHT = 4, 12, 16
_TIME_BASE_NUM, _TIME_BASE_DEN = 28, 32
_LAG, _DROP_FRAME, _RESIZE_ALLOWED = 44, 48, 52
_END_USAGE, _TARGET_KBPS = 72, 112
_MIN_Q, _MAX_Q, _UNDERSHOOT, _OVERSHOOT = 116, 120, 124, 128
_BUFFER_MS, _BUFFER_INITIAL_MS, _BUFFER_OPTIMAL_MS = 132, 136, 140
_KF_MODE, _KF_MAX_DIST = 160, 168
_DEFAULTS = {
    _WIDTH: 320, _HEIGHT: 240, _TIME_BASE_NUM: 1, _TIME_BASE_DEN: 30, _TARGET_KBPS: 256,
    _MIN_Q: 4, _MAX_Q: 63, _UNDERSHOOT: 100, _OVERSHOOT: 100,
    _BUFFER_MS: 6000, _BUFFER_INITIAL_MS: 4000, _BUFFER_OPTIMAL_MS: 5000, _KF_MODE: 1, _KF_MAX_DIST: 128,
}  # fmt: skip

# vpx_image, 64 bits
_IMAGE_I420 = 0x102
_IMAGE_D_W, _IMAGE_PLANES, _IMAGE_STRIDES = 24, 48, 80

# vpx_codec_cx_pkt, 64 bits
_PACKET = struct.Struct("@iPNqLI")
_FRAME_PACKET = 0
_FRAME_IS_KEY = 1

_CBR = 1
_KF_DISABLED = 0
_FORCE_KEYFRAME = 1
_DEADLINE_REALTIME = 1
# enum vp8e_enc_control_id
_SET_CPUUSED, _SET_NOISE_SENSITIVITY, _SET_STATIC_THRESHOLD, _SET_MAX_INTRA_BITRATE_PCT = 13, 15, 17, 26
_SET_SCREEN_CONTENT_MODE = 31
SCREEN_CONTENT_MODE, SCREEN_STATIC_THRESHOLD = 2, 100
"""As libwebrtc sets them for screens: sharp edges, and blocks that stand still are skipped."""

MIN_QUANTIZER, MAX_QUANTIZER = 2, 63
CPU_USED = -8
"""Realtime speed; below it (-6) nothing was gained and 640x480 cost the same (docs/decisions.md)."""
TIME_BASE_HZ = 90_000
INTERVAL_SMOOTHING = 0.1
MAX_STEP = 1.5
"""More than this many usual intervals are not made up for after a pause."""


class VpxError(Exception):
    """libvpx refused."""


class _Api:
    def __init__(self) -> None:
        if ctypes.sizeof(ctypes.c_void_p) != 8:
            raise native_library.NativeLibraryError("the offsets are those of a 64 bit libvpx")
        vpx = native_library.load("vpx")
        pointer, integer, unsigned = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint
        vpx.vpx_codec_vp8_cx.restype = pointer
        vpx.vpx_codec_version_str.restype = ctypes.c_char_p
        vpx.vpx_codec_enc_config_default.argtypes = [pointer, pointer, unsigned]
        vpx.vpx_codec_enc_init_ver.argtypes = [pointer, pointer, pointer, ctypes.c_long, integer]
        vpx.vpx_codec_enc_config_set.argtypes = [pointer, pointer]
        vpx.vpx_codec_encode.argtypes = [
            pointer, pointer, ctypes.c_int64, ctypes.c_ulong, ctypes.c_long, ctypes.c_ulong
        ]  # fmt: skip
        vpx.vpx_codec_get_cx_data.restype = pointer
        vpx.vpx_codec_get_cx_data.argtypes = [pointer, pointer]
        # The fixed parameters alone: ctypes passes the rest by the platform's convention for variadic functions.
        vpx.vpx_codec_control_.argtypes = [pointer, integer]
        vpx.vpx_codec_destroy.argtypes = [pointer]
        vpx.vpx_img_wrap.restype = pointer
        vpx.vpx_img_wrap.argtypes = [pointer, integer, unsigned, unsigned, unsigned, pointer]
        self.vpx: Any = vpx
        self.interface = vpx.vpx_codec_vp8_cx()
        self.abi = self._find_abi()
        self._check_layout()

    def default_config(self) -> ctypes.Array[ctypes.c_char]:
        config = ctypes.create_string_buffer(_CONFIG_BYTES)
        if self.vpx.vpx_codec_enc_config_default(self.interface, config, 0):
            raise native_library.NativeLibraryError("libvpx has no VP8 encoder")
        return config

    def _find_abi(self) -> int:
        # A header's number that the library insists on; it answers a wrong one with ABI_MISMATCH and does nothing.
        config = self.default_config()
        for abi in range(1, _HIGHEST_ABI):
            context = ctypes.create_string_buffer(_CONTEXT_BYTES)
            code = self.vpx.vpx_codec_enc_init_ver(context, self.interface, config, 0, abi)
            if code == 0:
                self.vpx.vpx_codec_destroy(context)
                return abi
            if code != _ABI_MISMATCH:
                break
        raise native_library.NativeLibraryError("libvpx's interface version was not found")

    def _check_layout(self) -> None:
        config = self.default_config()
        found = {offset: struct.unpack_from("@I", config, offset)[0] for offset in _DEFAULTS}
        image = ctypes.create_string_buffer(_IMAGE_BYTES)
        data = ctypes.create_string_buffer(64 * 32 * 3)
        self.vpx.vpx_img_wrap(image, _IMAGE_I420, 64, 32, 1, data)
        sizes = struct.unpack_from("@II", image, _IMAGE_D_W)
        planes = struct.unpack_from("@PPP", image, _IMAGE_PLANES)
        strides = struct.unpack_from("@iii", image, _IMAGE_STRIDES)
        base = ctypes.addressof(data)
        expected_planes = (base, base + 64 * 32, base + 64 * 32 + 32 * 16)
        if (
            found != _DEFAULTS
            or sizes != (64, 32)
            or strides != (64, 32, 32)
            or set(planes) != set(expected_planes)
        ):
            raise native_library.NativeLibraryError("libvpx's structures are not those of this binding")


@functools.cache
def _api() -> _Api:
    return _Api()


@functools.cache
def supported() -> bool:
    """Whether the library is there and of the layout that this binding was written for."""
    try:
        api = _api()
    except (native_library.NativeLibraryError, AttributeError):
        logger.warning(
            "libvpx cannot be used directly; the encoder is rebuilt at every change", exc_info=True
        )
        return False
    logger.info("libvpx %s is used directly", api.vpx.vpx_codec_version_str().decode())
    return True


class Vp8Encoder:
    """A realtime VP8 encoder at constant bitrate for one picture size. Not thread-safe."""

    def __init__(
        self,
        width_px: int,
        height_px: int,
        kbps: float,
        *,
        threads: int = 1,
        frame_rate: float = 30.0,
        screen: bool = False,
    ) -> None:
        """With `screen` it is for text and windows rather than for what a camera sees."""
        self._open = False
        self._api = _api()
        self.width_px, self.height_px = width_px, height_px
        self._config = self._api.default_config()
        self._set_fields(
            {
                _THREADS: threads, _WIDTH: width_px, _HEIGHT: height_px,
                _TIME_BASE_NUM: 1, _TIME_BASE_DEN: TIME_BASE_HZ,
                _LAG: 0, _DROP_FRAME: 30, _RESIZE_ALLOWED: 0, _END_USAGE: _CBR, _TARGET_KBPS: max(1, int(kbps)),
                _MIN_Q: MIN_QUANTIZER, _MAX_Q: MAX_QUANTIZER, _UNDERSHOOT: 100, _OVERSHOOT: 15,
                _BUFFER_MS: 1000, _BUFFER_INITIAL_MS: 500, _BUFFER_OPTIMAL_MS: 600,
                _KF_MODE: _KF_DISABLED, _KF_MAX_DIST: 100_000,
            }
        )  # fmt: skip
        self._context = ctypes.create_string_buffer(_CONTEXT_BYTES)
        self._check(
            self._api.vpx.vpx_codec_enc_init_ver(
                self._context, self._api.interface, self._config, 0, self._api.abi
            )
        )
        self._open = True
        for control, value in (
            (_SET_CPUUSED, CPU_USED),
            (_SET_NOISE_SENSITIVITY, 0),
            (_SET_STATIC_THRESHOLD, SCREEN_STATIC_THRESHOLD if screen else 1),
            (_SET_MAX_INTRA_BITRATE_PCT, 300),
            (_SET_SCREEN_CONTENT_MODE, SCREEN_CONTENT_MODE if screen else 0),
        ):
            self._check(self._api.vpx.vpx_codec_control_(self._context, control, ctypes.c_int(value)))
        self._image = ctypes.create_string_buffer(_IMAGE_BYTES)
        self._last_pts: int | None = None
        self._interval = TIME_BASE_HZ / frame_rate
        self._clock = 0

    def _set_fields(self, values: dict[int, int]) -> None:
        for offset, value in values.items():
            struct.pack_into("@I", self._config, offset, value)

    def _check(self, code: int) -> None:
        if code:
            raise VpxError(f"libvpx answered with error {code}")

    def set_kbps(self, kbps: float) -> None:
        """The bitrate from the next frame on; no keyframe comes of it."""
        self._set_fields({_TARGET_KBPS: max(1, int(kbps))})
        self._check(self._api.vpx.vpx_codec_enc_config_set(self._context, self._config))

    def encode(self, frame: av.VideoFrame, pts: int, *, keyframe: bool) -> tuple[bytes, bool] | None:
        """Encode a yuv420p frame of this size; (data, is a keyframe), or None when it was dropped to keep the rate.

        Args:
            frame: the picture; its own pts is not looked at.
            pts: in 1/90000 s, growing from call to call.
            keyframe: make it one.

        Raises:
            VpxError: it cannot be encoded.
            ValueError: it has another size or format.
        """
        if (frame.width, frame.height, frame.format.name) != (self.width_px, self.height_px, "yuv420p"):
            raise ValueError(f"a yuv420p frame of {self.width_px}x{self.height_px} is wanted, not {frame}")
        luma, first_chroma, second_chroma = frame.planes
        vpx = self._api.vpx
        vpx.vpx_img_wrap(self._image, _IMAGE_I420, frame.width, frame.height, 1, luma.buffer_ptr)
        struct.pack_into(
            "@PPP",
            self._image,
            _IMAGE_PLANES,
            luma.buffer_ptr,
            first_chroma.buffer_ptr,
            second_chroma.buffer_ptr,
        )
        strides = (luma.line_size, first_chroma.line_size, second_chroma.line_size)
        struct.pack_into("@iii", self._image, _IMAGE_STRIDES, *strides)
        duration = self._duration(pts)
        flags = _FORCE_KEYFRAME if keyframe else 0
        self._check(
            vpx.vpx_codec_encode(self._context, self._image, self._clock, duration, flags, _DEADLINE_REALTIME)
        )
        self._clock += duration
        return self._take_packet()

    def _duration(self, pts: int) -> int:
        # The rate control gives a frame all the bits of the time that it stands for. After a pause of half a second,
        # made because the path is full, that would be a frame of 35 to 56 kB at 300 kbit/s (measured), which fills it
        # again. So its clock makes no leaps; the frame rate that it goes by follows the camera's slowly.
        gap = self._interval if self._last_pts is None else float(max(1, pts - self._last_pts))
        self._last_pts = pts
        step = min(gap, MAX_STEP * self._interval)
        self._interval += INTERVAL_SMOOTHING * (step - self._interval)
        return max(1, round(step))

    def _take_packet(self) -> tuple[bytes, bool] | None:
        position = ctypes.c_void_p()
        data, key = b"", False
        while address := self._api.vpx.vpx_codec_get_cx_data(self._context, ctypes.byref(position)):
            kind, buffer, size, _pts, _duration, flags = _PACKET.unpack(
                ctypes.string_at(address, _PACKET.size)
            )
            if kind == _FRAME_PACKET:
                data += ctypes.string_at(buffer, size)
                key |= bool(flags & _FRAME_IS_KEY)
        return (data, key) if data else None

    def close(self) -> None:
        """Free the encoder; safe to call twice."""
        if self._open:
            self._open = False
            self._api.vpx.vpx_codec_destroy(self._context)

    def __del__(self) -> None:
        if getattr(self, "_open", False):
            self.close()
