"""What other clients send as descriptions and candidates, and what they should not."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.negotiation import (
    MAX_SDP_LINES,
    MAX_SDP_MEDIA,
    Candidate,
    Description,
    ice_username_fragment,
    media_kinds,
    parse_signal,
)

if TYPE_CHECKING:
    from desktop_app.protocol.json_value import JsonValue

SDP = "v=0\r\nm=audio 9 X 0\r\n"
LINE = "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.1 rport 46154"


@pytest.mark.parametrize(
    "data",
    [
        {"type": "offer", "sdp": SDP},
        {"type": "anything", "sdp": {"type": "offer", "sdp": SDP}},
        {"sdp": {"type": "offer", "sdp": SDP}},
        {"description": {"type": "offer", "sdp": SDP}},
    ],
)
def test_every_usual_form_of_a_description_is_understood(data: JsonValue) -> None:
    assert parse_signal(data) == Description("offer", SDP, None)


def test_lines_without_names_and_bundles_of_named_ones_are_taken() -> None:
    lines = [
        "a=group:BUNDLE a b",
        "m=audio 9 X 0",
        "a=mid:a",
        "m=video 9 X 0",
        "a=mid:b",
        "m=text 9 X 0",
        "m=text 9 X",
    ]
    sdp = "\r\n".join(lines)
    assert parse_signal({"type": "offer", "sdp": sdp}) == Description("offer", sdp, None)


def test_an_answer_keeps_its_session() -> None:
    data: JsonValue = {"type": "answer", "sdp": SDP, "session": "abc"}
    assert parse_signal(data) == Description("answer", SDP, "abc")


@pytest.mark.parametrize(
    "data",
    [
        {"type": "candidate", "candidate": {"candidate": LINE, "sdpMid": "0", "sdpMLineIndex": 0}},
        {"type": "ice-candidate", "candidate": {"candidate": LINE, "sdpMid": "0", "sdpMLineIndex": 0}},
        {"candidate": {"candidate": LINE, "sdpMid": "0", "sdpMLineIndex": 0}},
        {"type": "candidate", "candidate": LINE, "sdpMid": "0", "sdpMLineIndex": 0},
        {"candidate": LINE.removeprefix("candidate:"), "sdpMid": "0", "sdpMLineIndex": 0},
    ],
)
def test_every_usual_form_of_a_candidate_is_understood(data: JsonValue) -> None:
    message = parse_signal(data)
    assert isinstance(message, Candidate)
    candidate = message.candidate
    assert candidate is not None
    assert (candidate.ip, candidate.port, candidate.type) == ("203.0.113.7", 46154, "srflx")
    assert (candidate.sdpMid, candidate.sdpMLineIndex) == ("0", 0)


@pytest.mark.parametrize("mid", [{}, {"sdpMid": 0}, {"sdpMLineIndex": "0"}, {"sdpMLineIndex": True}])
def test_a_candidate_without_a_usable_line_belongs_to_the_first(mid: dict[str, Any]) -> None:
    message = parse_signal({"candidate": LINE, **mid})
    assert isinstance(message, Candidate)
    assert message.candidate is not None
    assert message.candidate.sdpMid is None
    assert message.candidate.sdpMLineIndex == 0


@pytest.mark.parametrize(
    "data",
    [
        {"type": "candidate", "candidate": None},
        {"type": "candidate", "candidate": ""},
        {"candidate": {"candidate": "", "sdpMid": "0"}},
        {"candidate": {"candidate": None}},
    ],
)
def test_the_end_of_candidates_is_understood(data: JsonValue) -> None:
    assert parse_signal(data) == Candidate(None, None)


@pytest.mark.parametrize(
    "data", [None, 1, "offer", [], [{"type": "offer"}], {}, {"type": "chat", "text": "x"}]
)
def test_what_is_not_about_negotiation_is_nobodys_business(data: JsonValue) -> None:
    assert parse_signal(data) is None


@pytest.mark.parametrize(
    "data",
    [
        {"type": "offer"},
        {"type": "offer", "sdp": 1},
        {"type": "offer", "sdp": None},
        {"type": "offer", "sdp": "a=group:BUNDLE 0 1\r\nm=audio 9 X 0\r\na=mid:0\r\n"},
        {"type": "offer", "sdp": "a=group:BUNDLE 0\r\na=mid:0\r\nm=audio 9 X 0\r\n"},
        {"type": "offer", "sdp": "m=audio 9 X 0\r\na=mid:0\r\nm=video 9 X 0\r\na=mid:0\r\n"},
        {"type": "offer", "sdp": ""},
        {"type": "offer", "sdp": "v=0\r\n"},
        {"sdp": {"type": "pranswer", "sdp": SDP}},
        {"sdp": {"sdp": SDP}},
        {"type": "offer", "sdp": SDP, "session": 1},
        {"type": "offer", "sdp": SDP, "session": "x" * 65},
        {"type": "offer", "sdp": "x" * 70_000},
        {"type": "offer", "sdp": "a=\n" * (MAX_SDP_LINES + 1)},
        {"type": "offer", "sdp": "v=0\r\n" + "m=audio 9 X 0\r\n" * (MAX_SDP_MEDIA + 1)},
        {"candidate": 1},
        {"candidate": [LINE]},
        {"candidate": {"candidate": {"candidate": LINE}}},
        {"candidate": "candidate:1 1 udp"},
        {"candidate": LINE.replace("46154", "x")},
        {"candidate": LINE.replace("1 udp", "one udp")},
        {"candidate": LINE.replace("46154", "99999")},
        {"candidate": LINE.replace("46154", "-1")},
        {"candidate": LINE.replace("1677729535", "9" * 30)},
        {"candidate": LINE + " x" * 1000},
    ],
)
def test_what_is_malformed_is_refused_with_a_value_error(data: JsonValue) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_signal(data)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "sdp", "candidate", "session", "sdpMid", "sdpMLineIndex", "description"]
            ),
            inner | st.sampled_from(["offer", "answer", "candidate", LINE]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_no_json_raises_anything_else(data: Any) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_signal(cast("JsonValue", data)), Description | Candidate | None)


@given(st.text(alphabet=st.sampled_from(" 0123456789abcudptyphost.:-"), max_size=60))
def test_no_candidate_line_raises_anything_else(line: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_signal({"candidate": line}), Candidate)


def test_the_kinds_of_media_are_those_of_the_lines() -> None:
    assert media_kinds("v=0\r\nm=video 9 X\r\nm=application 9 X\r\nm=video 9 X\r\n") == {"video"}
    assert media_kinds("v=0\nm=audio 9 X\nm=video 9 X\na=m=text\nm=\n") == {"audio", "video"}


def test_the_ice_user_name_is_the_first_of_the_description() -> None:
    sdp = "v=0\r\nm=audio 9 X 0\r\na=ice-ufrag:abcd\r\nm=video 9 X 0\r\na=ice-ufrag:efgh\r\n"
    assert ice_username_fragment(sdp) == "abcd"
    assert ice_username_fragment("v=0\r\n") is None
