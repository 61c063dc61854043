"""Bounds for what a media server describes, and the short answer."""

from __future__ import annotations

import pytest
from aiortc.sdp import SessionDescription

from desktop_app.rtc.sfu.description import MAX_MEDIA, check_description, shortened, silent_mids

SESSION = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mids}\r\n"
LINE = (
    "m=audio {port} UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 192.0.2.2\r\na={direction}\r\na=mid:{mid}\r\n"
    "a=msid:a b\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ssrc:7 cname:x\r\na=rtpmap:111 opus/48000/2\r\n"
    "a=candidate:1 1 udp 1 192.0.2.2 5000 typ host\r\na=end-of-candidates\r\na=ice-ufrag:abcd\r\n"
    "a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AA:BB\r\na=fingerprint:sha-512 AA:BB:CC\r\n"
    "a=setup:active\r\n"
)


def sdp(*directions: str, port: int = 9) -> str:
    """A description with one line for each direction."""
    mids = range(len(directions))
    text = SESSION.format(mids=" ".join(map(str, mids)))
    return text + "".join(
        LINE.format(port=port, direction=each, mid=mid) for mid, each in zip(mids, directions, strict=True)
    )


def test_lines_on_which_nothing_is_sent_are_found() -> None:
    assert silent_mids(sdp("sendonly", "inactive", "sendrecv", "recvonly")) == {"1", "3"}
    assert silent_mids(sdp("sendonly", port=0)) == {"0"}
    assert silent_mids("") == set()


def test_the_short_answer_says_the_same() -> None:
    long = sdp(*["recvonly"] * 60)
    short = shortened(long)
    assert len(short) < 0.5 * len(long)
    parsed = SessionDescription.parse(short)
    assert [media.rtp.muxId for media in parsed.media] == [str(mid) for mid in range(60)]
    assert all(media.ssrc[0].ssrc == 7 for media in parsed.media)
    first = parsed.media[0]
    assert len(first.ice_candidates) == 1
    assert first.ice is not None
    assert first.ice.usernameFragment == "abcd"
    assert first.dtls is not None
    assert [each.algorithm for each in first.dtls.fingerprints] == ["sha-256"]
    for word in ("candidate:", "fingerprint:", "ice-ufrag:", "ice-pwd:", "setup:"):
        assert short.count(f"a={word}") == 1, word


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        sdp(*["sendonly"] * (MAX_MEDIA + 1)),
        sdp("sendonly") + "a=x\r\n" * 10_000,
        sdp("sendonly") + "a=" + "x" * 300_000,
        sdp("sendonly").replace("BUNDLE 0", "BUNDLE 0 1"),
    ],
)
def test_what_is_no_sane_description_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="description"):
        check_description(text)


def test_the_offer_of_a_large_room_is_taken() -> None:
    check_description(sdp(*["sendonly"] * 128))
