"""Offer and answer with transport-wide sequence numbers, and with feedback on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiortc.codecs import CODECS, HEADER_EXTENSIONS
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpHeaderExtensionParameters

from .transport_feedback import FEEDBACK_TYPE, URI

if TYPE_CHECKING:
    from aiortc.rtcrtpparameters import RTCRtpSendParameters

_EXTENSION_ID = 4
"""aiortc's own table ends with 3. With BUNDLE the numbers are common to all kinds."""


def announce() -> None:
    """Put both into aiortc's tables."""
    for kind, codecs in CODECS.items():
        HEADER_EXTENSIONS[kind].append(RTCRtpHeaderExtensionParameters(id=_EXTENSION_ID, uri=URI))
        for codec in codecs:
            if codec.mimeType in ("audio/opus", "video/VP8"):
                codec.rtcpFeedback.append(RTCRtcpFeedback(type=FEEDBACK_TYPE))


announce()


def is_agreed(parameters: RTCRtpSendParameters) -> bool:
    """Whether the far end takes the numbers and answers them."""
    return any(extension.uri == URI for extension in parameters.headerExtensions) and any(
        feedback.type == FEEDBACK_TYPE for codec in parameters.codecs for feedback in codec.rtcpFeedback
    )
