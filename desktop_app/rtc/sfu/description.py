"""Bounds for what an SFU describes, and a shorter way to say what we answer."""

from __future__ import annotations

from desktop_app.rtc.data_section import has_valid_ports
from desktop_app.rtc.negotiation import check_bundle

MAX_SDP_CHARS = 256 * 1024
MAX_SDP_LINES = 6000
MAX_MEDIA = 160
"""Lines for 64 participants with sound and picture, and some that are not in use."""


def check_description(sdp: str, *, max_media: int = MAX_MEDIA) -> None:
    """Look at a description before aiortc does.

    Raises:
        ValueError: it is unreasonably long, or not one.
    """
    lines = sdp[: MAX_SDP_CHARS + 1].splitlines()
    media = sum(line.startswith("m=") for line in lines)
    if len(sdp) > MAX_SDP_CHARS or len(lines) > MAX_SDP_LINES or media > max_media:
        raise ValueError("the media server's description is unreasonably long")
    if not media:
        raise ValueError("the media server's description describes nothing")
    check_bundle(lines)
    if not has_valid_ports(sdp):
        raise ValueError("the media server's description has a port for data that does not exist")


_NEEDLESS = ("a=msid:", "a=ssrc-group:", "a=rtcp:", "a=fingerprint:sha-384", "a=fingerprint:sha-512")
"""We send nothing, and one fingerprint is enough (RFC 8122 5). The SSRC stays, although nothing is sent with it: Janus
knows by it whose line a request for a keyframe or for packets is about, and drops what bears another one."""
_ONCE = ("a=candidate:", "a=end-of-candidates", "a=ice-", "a=fingerprint:", "a=setup:")
"""Everything is bundled, so what is said of the transport belongs to the first line (RFC 9143 7.1.3). Janus takes the
first that it finds."""


def shortened(sdp: str) -> str:
    """An answer to an offer of many lines, which receives alone, at a third of its length: it travels in a message."""
    kept: list[str] = []
    media = 0
    for line in sdp.splitlines():
        media += line.startswith("m=")
        if not line.startswith(_NEEDLESS) and not (media > 1 and line.startswith(_ONCE)):
            kept.append(line)
    return "\r\n".join(kept) + "\r\n"


def silent_mids(sdp: str) -> set[str]:
    """The mids of lines on which the far end sends nothing: inactive, or refused with port 0."""
    silent: set[str] = set()
    mid, is_silent = "", False
    for line in [*sdp.splitlines(), "m="]:
        if line.startswith("m="):
            if is_silent and mid:
                silent.add(mid)
            mid, is_silent = "", line.split()[1:2] == ["0"]
        elif line.startswith("a=mid:"):
            mid = line.removeprefix("a=mid:").strip()
        elif line in ("a=inactive", "a=recvonly"):
            is_silent = True
    return silent
