"""Session descriptions of Janus, made shorter (RFC 8866, RFC 9143)."""

from __future__ import annotations

from itertools import chain

_ONCE = ("a=candidate:", "a=end-of-candidates", "a=ice-options:")
"""Of the transport, and also in the head or the first m-line. Browsers want the rest of it in each m-line of an offer.
"""
_UNUSED = (
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
)
"""Header extensions for an estimate that Janus's VideoRoom makes no use of where it sends."""


def compact(sdp: str, *, sends: bool = False) -> str:
    """Leave out of all m-lines but the first what the others share with it (BUNDLE).

    Janus writes all candidates on each m-line, which with thirty participants is more than half of the description.

    Args:
        sdp: of Janus.
        sends: whether it offers to send, and gets feedback that it has no use for.
    """
    head, *sections = sdp.split("\r\nm=")
    if not sections or "a=group:BUNDLE" not in head:
        return sdp
    first, *others = (_without_unused(section) if sends else section for section in sections)
    shortened = ("\r\n".join(_without_shared(section)) for section in others)
    return "\r\nm=".join(chain((head, first), shortened))


def _without_shared(section: str) -> list[str]:
    return [line for line in section.split("\r\n") if not line.startswith(_ONCE)]


def _without_unused(section: str) -> str:
    lines = section.split("\r\n")
    return "\r\n".join(
        line for line in lines if not (line.startswith("a=extmap:") and line.endswith(_UNUSED))
    )
