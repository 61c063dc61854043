"""Janus's descriptions, shortened."""

from __future__ import annotations

from desktop_app.server.sfu.sdp import compact

HEAD = "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"
LINE = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:{mid}\r\n"
    "a=candidate:1 1 udp 1 1.2.3.4 5 typ host\r\na=end-of-candidates\r\n"
)


def test_the_first_m_line_alone_has_the_candidates() -> None:
    sdp = HEAD + "a=group:BUNDLE 0 1 2\r\n" + "".join(LINE.format(mid=mid) for mid in range(3))
    short = compact(sdp)
    assert short.count("a=candidate") == 1
    assert short.index("a=candidate") < short.index("a=mid:1")
    assert short.count("a=mid:") == 3
    assert short.endswith("\r\n")


def test_without_a_bundle_nothing_is_left_out() -> None:
    sdp = HEAD + LINE.format(mid=0) + LINE.format(mid=1)
    assert compact(sdp) == sdp
    assert compact("nonsense") == "nonsense"


def test_what_janus_has_no_use_for_is_left_out_where_it_sends() -> None:
    unused = "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
    used = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    sdp = HEAD + "a=group:BUNDLE 0 1\r\n" + "".join(LINE.format(mid=mid) + unused + used for mid in range(2))
    assert compact(sdp).count("abs-send-time") == 2
    short = compact(sdp, sends=True)
    assert "abs-send-time" not in short
    assert short.count("sdes:mid") == 2
    assert short.endswith("\r\n")
