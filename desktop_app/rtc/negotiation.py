"""What travels in the `data` of a signal: session descriptions and candidates (docs/protocol.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from aiortc.sdp import candidate_from_sdp

from .data_section import has_valid_ports

if TYPE_CHECKING:
    from aiortc.rtcicetransport import RTCIceCandidate

    from desktop_app.protocol.json_value import JsonValue

MAX_SESSION_CHARS = 64
MAX_CANDIDATE_CHARS = 1024
MAX_SDP_CHARS = 64 * 1024
MAX_SDP_LINES = 1000
"""aiortc's parser takes time with the square of the lines: more than a browser writes would hold up everybody."""
MAX_SDP_MEDIA = 16


@dataclass(frozen=True, slots=True)
class Description:
    """An offer or an answer (W3C RTCSessionDescriptionInit)."""

    kind: Literal["offer", "answer"]
    sdp: str
    session: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trickled candidate (W3C RTCIceCandidateInit); None is the end of candidates."""

    candidate: RTCIceCandidate | None
    session: str | None


@dataclass(frozen=True, slots=True)
class Reconnect:
    """The far end hears nothing, and wants a new offer (docs/recovery.md)."""

    session: str | None


NegotiationMessage: TypeAlias = Description | Candidate | Reconnect


def parse_signal(data: JsonValue) -> NegotiationMessage | None:
    """Read a signal of any client; None for one that is not about negotiation.

    Raises:
        ValueError: it is meant to be, and is malformed.
    """
    if not isinstance(data, dict):
        return None
    session = data.get("session")
    if session is not None and (not isinstance(session, str) or len(session) > MAX_SESSION_CHARS):
        raise ValueError("the session is not a short text")
    nested = data.get("sdp") or data.get("description")
    if isinstance(nested, dict):  # {"sdp": {"type": ..., "sdp": ...}}, as many demos send it
        return _description(nested.get("type"), nested.get("sdp"), session)
    kind = data.get("type")
    if kind in ("offer", "answer"):
        return _description(kind, data.get("sdp"), session)
    if kind == "reconnect":
        return Reconnect(session)
    if kind in ("candidate", "ice-candidate") or "candidate" in data:
        return Candidate(_candidate(data), session)
    return None


def _description(kind: JsonValue, sdp: JsonValue, session: str | None) -> Description:
    if kind not in ("offer", "answer") or not isinstance(sdp, str):
        raise ValueError("the session description has no type or no SDP")
    lines = sdp[: MAX_SDP_CHARS + 1].splitlines()
    media = sum(line.startswith("m=") for line in lines)
    if len(sdp) > MAX_SDP_CHARS or len(lines) > MAX_SDP_LINES or media > MAX_SDP_MEDIA:
        raise ValueError("the session description is unreasonably long")
    if not media:
        raise ValueError("the session description describes nothing")
    check_bundle(lines)
    if not has_valid_ports(sdp):
        raise ValueError("the session description has a port for data that does not exist")
    return Description("offer" if kind == "offer" else "answer", sdp, session)


def check_bundle(lines: list[str]) -> None:
    """Raise a ValueError where a description bundles lines that it does not have."""
    # aiortc is left without a transport when a description bundles lines that it does not have.
    mids: list[str] = []
    bundled: set[str] = set()
    for line in lines:
        if line.startswith("m="):
            mids.append("")
        elif line.startswith("a=mid:") and mids:
            mids[-1] = line.removeprefix("a=mid:").strip()
        elif line.startswith("a=group:BUNDLE"):
            bundled.update(line.split()[1:])
    named = [mid for mid in mids if mid]
    if len(set(named)) != len(named) or not bundled.issubset(named):
        raise ValueError("the session description bundles lines that it does not have, or names one twice")


def _candidate(data: dict[str, JsonValue]) -> RTCIceCandidate | None:
    inner = data.get("candidate")
    if isinstance(inner, dict):
        data, inner = inner, inner.get("candidate")
    if inner is None or inner == "":
        return None
    if not isinstance(inner, str) or len(inner) > MAX_CANDIDATE_CHARS:
        raise ValueError("the candidate is not a short text")
    try:
        candidate = candidate_from_sdp(inner.removeprefix("candidate:"))
    except (AssertionError, IndexError, KeyError) as error:
        raise ValueError("the candidate cannot be read") from error
    if not 0 <= candidate.port <= 0xFFFF or not 0 <= candidate.priority <= 0xFFFFFFFF:
        raise ValueError("the candidate's port or priority does not exist")
    mid, index = data.get("sdpMid"), data.get("sdpMLineIndex")
    candidate.sdpMid = mid if isinstance(mid, str) else None
    candidate.sdpMLineIndex = index if isinstance(index, int) and not isinstance(index, bool) else None
    if candidate.sdpMid is None and candidate.sdpMLineIndex is None:
        candidate.sdpMLineIndex = 0  # everything is bundled on the first line anyway
    return candidate


def media_kinds(sdp: str) -> set[str]:
    """The kinds of media that an SDP has lines for: audio, video or both."""
    kinds = {line[2:].split(" ", 1)[0] for line in sdp.splitlines() if line.startswith("m=")}
    return kinds & {"audio", "video"}


def fingerprints(sdp: str) -> frozenset[str]:
    """Those of the DTLS certificates that an SDP names (RFC 8122)."""
    return frozenset(
        line.removeprefix("a=fingerprint:").strip().lower()
        for line in sdp.splitlines()
        if line.startswith("a=fingerprint:")
    )


def ice_username_fragment(sdp: str) -> str | None:
    """The first ICE ufrag of an SDP: a new one means a new connection (RFC 8839 5.4)."""
    for line in sdp.splitlines():
        if line.startswith("a=ice-ufrag:"):
            return line.removeprefix("a=ice-ufrag:").strip()
    return None
