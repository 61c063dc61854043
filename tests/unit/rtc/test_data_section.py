"""The section for data channels in descriptions of all kinds of clients."""

from __future__ import annotations

import pytest

from desktop_app.rtc.data_section import completed, has_valid_ports, is_offered, is_refused, with_refusal
from desktop_app.rtc.negotiation import parse_signal

TRANSPORT = ["a=ice-ufrag:u", "a=ice-pwd:p", "a=fingerprint:sha-256 AA", "a=setup:active"]
HEAD = ["v=0", "a=group:BUNDLE 0 1"]
AUDIO = ["m=audio 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", *TRANSPORT]
CANDIDATES = ["a=candidate:1 1 udp 1 192.0.2.1 9 typ host", "a=end-of-candidates"]
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"
REFUSED = "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
PORT = "a=sctp-port:5000"


def sdp(*lines: str) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def test_a_section_is_offered_refused_or_not_there() -> None:
    offered, refused, none = sdp(*AUDIO, DATA), sdp(*AUDIO, REFUSED), sdp(*AUDIO)
    assert [is_offered(each) for each in (offered, refused, none)] == [True, False, False]
    assert [is_refused(each) for each in (offered, refused, none)] == [False, True, False]


def test_a_refused_section_gets_the_transport_of_the_first() -> None:
    whole = sdp(*HEAD, *AUDIO, *CANDIDATES, REFUSED, "a=mid:1", PORT, *TRANSPORT, *CANDIDATES)
    assert completed(sdp(*HEAD, *AUDIO, *CANDIDATES, REFUSED, "a=mid:1", PORT)) == whole
    assert completed(whole) == sdp(
        *HEAD, *AUDIO, *CANDIDATES, REFUSED, "a=mid:1", PORT, *CANDIDATES, *TRANSPORT
    )


def test_a_bundled_section_without_candidates_gets_those_of_the_first() -> None:
    bundled = sdp(*AUDIO, *CANDIDATES, DATA, "a=mid:1", *TRANSPORT, PORT)
    assert completed(bundled) == bundled + sdp(*CANDIDATES)
    other = ["a=ice-ufrag:other", *TRANSPORT[1:]]
    apart = sdp(*AUDIO, *CANDIDATES, DATA, "a=mid:1", *other, PORT)
    assert completed(apart) == apart


def test_without_a_port_it_is_the_usual_one() -> None:
    assert completed(sdp(*AUDIO, DATA, *TRANSPORT)).endswith(sdp(PORT))
    assert completed("") == ""


def test_our_refusal_is_out_of_the_bundle() -> None:
    assert with_refusal(sdp(*HEAD, *AUDIO, DATA, "a=mid:1")) == sdp(
        "v=0", "a=group:BUNDLE 0", *AUDIO, REFUSED, "a=mid:1"
    )


@pytest.mark.parametrize(
    ("lines", "valid"),
    [
        ([DATA, PORT], True),
        ([DATA], True),
        (["m=application 9 DTLS/SCTP 5000"], True),
        ([DATA, "a=sctp-port:0"], False),
        ([DATA, "a=sctp-port:65536"], False),
        ([DATA, "a=sctp-port:x"], False),
        ([DATA, "a=sctp-port:"], False),
        ([DATA, "a=sctp-port:٥"], False),
        (["m=application 9 DTLS/SCTP 99999"], False),
        (["m=application 9 DTLS/SCTP abc"], False),
    ],
)
def test_a_port_that_does_not_exist_makes_a_signal_malformed(lines: list[str], valid: bool) -> None:
    text = sdp(*AUDIO, *lines)
    assert has_valid_ports(text) is valid
    if valid:
        assert parse_signal({"type": "offer", "sdp": text}) is not None
    else:
        with pytest.raises(ValueError, match="port for data"):
            parse_signal({"type": "offer", "sdp": text})
