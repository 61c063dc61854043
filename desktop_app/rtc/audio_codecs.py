"""What we offer for sound and answer with: Opus with in-band FEC, and RED around it.

Opus stays first: a far end that knows no RED, or does not want it, gets plain Opus. aiortc knows no RED, and answers
with the parameters of its own table; RED's name the payload type of Opus, which may be another one in each connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiortc.codecs import CODECS
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

if TYPE_CHECKING:
    from collections.abc import Sequence

OPUS, RED = "audio/opus", "audio/red"
RED_PAYLOAD_TYPE = 63
"""As browsers have it."""
_PAYLOAD_TYPES = (*range(35, 64), *range(96, 128))
"""The dynamic ones that RTCP does not look like (RFC 5761 4)."""


def _around(opus: RTCRtpCodecParameters, payload_type: int | None) -> RTCRtpCodecParameters:
    # Two blocks are named and any number may come: libwebrtc reads and writes it so (RFC 2198 section 5).
    return RTCRtpCodecParameters(
        mimeType=RED,
        clockRate=opus.clockRate,
        channels=opus.channels,
        payloadType=payload_type,
        parameters={f"{opus.payloadType}/{opus.payloadType}": None},
    )


def announce() -> None:
    """Put both into aiortc's table; without useinbandfec=1 Chromium sends us no FEC (RFC 7587 6.1)."""
    opus = next(codec for codec in CODECS["audio"] if codec.mimeType == OPUS)
    opus.parameters.update({"minptime": 10, "useinbandfec": 1})
    CODECS["audio"].append(_around(opus, RED_PAYLOAD_TYPE))


announce()


def agreed(
    common: Sequence[RTCRtpCodecParameters], remote: Sequence[RTCRtpCodecParameters]
) -> list[RTCRtpCodecParameters]:
    """The codecs `common` as aiortc found them, with RED as the remote description has it, last.

    RED is left out when it is not around the Opus that was agreed on.

    Raises:
        ValueError: nothing but RED would be left.
    """
    codecs = [codec for codec in common if codec.mimeType != RED]
    if not codecs:
        raise ValueError("RED alone is no codec")
    opus = next((codec for codec in codecs if codec.mimeType == OPUS), None)
    if opus is not None and len(codecs) < len(common):
        codecs += [_around(opus, red.payloadType) for red in remote if _is_around(opus, red)][:1]
    return codecs


def _is_around(opus: RTCRtpCodecParameters, red: RTCRtpCodecParameters) -> bool:
    blocks = {block for key in red.parameters for block in key.split("/")}
    return (
        red.mimeType.lower() == RED
        and red.clockRate == opus.clockRate
        and red.payloadType in _PAYLOAD_TYPES
        and blocks == {str(opus.payloadType)}
    )
