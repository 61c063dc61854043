"""The `m=application` section of a description, where data channels are agreed on (RFC 8841)."""

from __future__ import annotations

import re

_TRANSPORT = ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:")
_CANDIDATES = ("a=candidate:", "a=end-of-candidates")
_REFUSED = re.compile(r"^m=application 0 ", re.MULTILINE)
_PORTS = re.compile(r"^(?:a=sctp-port:(\S*)|m=application \S+ DTLS/SCTP (\S*))", re.MULTILINE)
_OURS = re.compile(r"^m=application [1-9][0-9]* ", re.MULTILINE)


def is_offered(sdp: str) -> bool:
    """Whether a description has a section for data channels that it wants."""
    return _OURS.search(sdp) is not None


def is_refused(sdp: str) -> bool:
    """Whether it has one that it does not want: its port is 0 (RFC 3264 6)."""
    return _REFUSED.search(sdp) is not None


def has_valid_ports(sdp: str) -> bool:
    """Whether the ports of SCTP are such; also in the older form, where the section's format is the port."""
    ports = [found[1] if found[2] is None else found[2] for found in _PORTS.finditer(sdp)]
    return all(port.isascii() and port.isdecimal() and 0 < int(port) <= 0xFFFF for port in ports)


def completed(sdp: str) -> str:
    """A description whose every section has what aiortc asks of it.

    A refused section gets the transport of the first one; a bundled section that leaves the candidates to the first
    one (RFC 8843 7.1.3) gets these, since aiortc takes those of the last section. Where no SCTP port is named it is
    5000, the only one in use.
    """
    sections = _sections(sdp)
    first = next(
        (each for each in sections if all(_with(each, (start,)) for start in _TRANSPORT)),
        [],
    )
    candidates, fragment = _with(first, _CANDIDATES), _with(first, _TRANSPORT[:1])
    for section in sections[1:]:
        if section[0].startswith("m=application 0 "):
            section[:] = [line for line in section if not line.startswith(_TRANSPORT)]
            section += _with(first, _TRANSPORT)
        if section[0].startswith("m=application ") and not _with(section, ("a=sctp-port:",)):
            section.append("a=sctp-port:5000")
        if not _with(section, _CANDIDATES) and _with(section, _TRANSPORT[:1]) == fragment:
            section += candidates
    return _joined(sections)


def with_refusal(sdp: str) -> str:
    """Our answer, with the section refused, and out of the bundle (RFC 8843 7.3.3)."""
    sections = _sections(_OURS.sub("m=application 0 ", sdp))
    mids = {
        line.removeprefix("a=mid:")
        for section in sections
        if section[0].startswith("m=application 0 ")
        for line in section
        if line.startswith("a=mid:")
    }
    for index, line in enumerate(sections[0]):
        if line.startswith("a=group:BUNDLE"):
            sections[0][index] = " ".join(word for word in line.split() if word not in mids)
    return _joined(sections)


def _with(section: list[str], starts: tuple[str, ...]) -> list[str]:
    return [line for line in section if line.startswith(starts)]


def _sections(sdp: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in sdp.splitlines():
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    return sections


def _joined(sections: list[list[str]]) -> str:
    return "".join(f"{line}\r\n" for section in sections for line in section)
