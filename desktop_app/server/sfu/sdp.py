"""Session descriptions of Janus, made shorter (RFC 8866, RFC 9143)."""

from __future__ import annotations

from itertools import chain


def compact(sdp: str) -> str:
    """Leave candidates out of all m-lines but the first, whose transport the others share (BUNDLE).

    Janus writes all of them on each m-line, which with thirty participants is more than half of the description.
    """
    head, *sections = sdp.split("\r\nm=")
    if not sections or "a=group:BUNDLE" not in head:
        return sdp
    first, *others = sections
    shortened = ("\r\n".join(_without_candidates(section)) for section in others)
    return "\r\nm=".join(chain((head, first), shortened))


def _without_candidates(section: str) -> list[str]:
    return [
        line for line in section.split("\r\n") if not line.startswith(("a=candidate:", "a=end-of-candidates"))
    ]
