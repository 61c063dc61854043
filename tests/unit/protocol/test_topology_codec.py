"""The messages about mesh and SFU survive the way through JSON, and nothing else gets through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.protocol import codec
from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.topology import (
    FEEDS,
    ActiveSpeaker,
    AudioLevel,
    Feed,
    SfuAnswer,
    SfuCandidate,
    SfuConnection,
    SfuFailed,
    SfuOffer,
    SfuPublish,
    SfuPublished,
    SfuStreams,
    SfuSubscribe,
    SfuWatched,
    Stream,
    Topology,
    TopologyReady,
    Track,
    WantedFeed,
)

NUMBERS = st.integers(0, (1 << 31) - 1)
IDS = st.text("abcXYZ0189-_ é", min_size=1, max_size=20)
TEXTS = st.text("abc .,é", max_size=50)
KINDS: st.SearchStrategy[Feed] = st.sampled_from(FEEDS)
CONNECTIONS: st.SearchStrategy[SfuConnection] = st.sampled_from(("publish", "subscribe"))
STREAMS = st.lists(st.builds(Stream, IDS, IDS, KINDS, st.booleans()), max_size=5).map(tuple)
TRACKS = st.lists(st.builds(Track, IDS, KINDS), max_size=4).map(tuple)
WANTED = st.lists(st.builds(WantedFeed, IDS, KINDS), max_size=5).map(tuple)
CANDIDATES = st.none() | st.fixed_dictionaries({"candidate": TEXTS, "sdpMid": TEXTS})

FROM_CLIENTS = st.one_of(
    st.builds(TopologyReady, NUMBERS, st.booleans(), TEXTS),
    st.builds(SfuPublish, NUMBERS, TEXTS, TRACKS, NUMBERS),
    st.builds(SfuSubscribe, NUMBERS, WANTED, st.booleans()),
    st.builds(SfuAnswer, NUMBERS, NUMBERS, TEXTS),
    st.builds(SfuCandidate, NUMBERS, CONNECTIONS, CANDIDATES),
    st.builds(AudioLevel, st.integers(-127, 0)),
)
FROM_SERVERS = st.one_of(
    st.builds(
        Topology,
        NUMBERS,
        st.sampled_from(("mesh", "sfu")),
        st.sampled_from(("prepare", "commit", "abort")),
        TEXTS,
        st.integers(2, 100),
    ),
    st.builds(SfuPublished, NUMBERS, TEXTS, NUMBERS),
    st.builds(SfuOffer, NUMBERS, NUMBERS, TEXTS, STREAMS),
    st.builds(SfuStreams, NUMBERS, STREAMS),
    st.builds(
        SfuWatched, NUMBERS, st.sets(KINDS).map(lambda kinds: tuple(each for each in FEEDS if each in kinds))
    ),
    st.builds(SfuFailed, NUMBERS, CONNECTIONS, IDS, TEXTS),
    st.builds(ActiveSpeaker, st.none() | IDS),
)


@given(FROM_CLIENTS)
def test_what_a_client_says_arrives_as_it_was_said(message: Any) -> None:
    assert codec.decode_client_message(codec.encode_client_message(message)) == message


@given(FROM_SERVERS)
def test_what_a_server_says_arrives_as_it_was_said(message: Any) -> None:
    assert codec.decode_server_message(codec.encode_server_message(message)) == message


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"type": "topology-ready", "epoch": -1, "ok": True}, ErrorCode.BAD_FIELD),
        ({"type": "topology-ready", "epoch": True, "ok": True}, ErrorCode.BAD_FIELD),
        ({"type": "topology-ready", "epoch": 1}, ErrorCode.MISSING_FIELD),
        ({"type": "sfu-publish", "epoch": 1, "sdp": "v" * 60_001}, ErrorCode.FIELD_TOO_LONG),
        (
            {"type": "sfu-publish", "epoch": 1, "sdp": "v", "tracks": [{"mid": "0", "kind": "smell"}]},
            ErrorCode.BAD_FIELD,
        ),
        ({"type": "sfu-subscribe", "epoch": 1, "feeds": [{}] * 257}, ErrorCode.FIELD_TOO_LONG),
        ({"type": "sfu-subscribe", "epoch": 1, "feeds": ["camera"]}, ErrorCode.BAD_FIELD),
        ({"type": "sfu-candidate", "epoch": 1, "connection": "both"}, ErrorCode.BAD_FIELD),
        ({"type": "audio-level", "dbov": "loud"}, ErrorCode.BAD_FIELD),
    ],
)
def test_what_is_malformed_is_refused(values: dict[str, Any], code: ErrorCode) -> None:
    with pytest.raises(ProtocolError) as refused:
        codec.decode_client_message(json.dumps(values))
    assert refused.value.code is code


def test_a_level_is_brought_into_its_range() -> None:
    assert codec.decode_client_message('{"type":"audio-level","dbov":-5000}') == AudioLevel(-127)
    assert codec.decode_client_message('{"type":"audio-level","dbov":12}') == AudioLevel(0)


def test_capabilities_that_are_not_known_are_left_out() -> None:
    text = '{"type":"join-room","roomId":"R","userId":"U","capabilities":["sfu","fly",3,{}]}'
    message = codec.decode_client_message(text)
    assert getattr(message, "capabilities", None) == ("sfu",)


def test_a_publication_has_a_few_lines_and_need_not_be_counted() -> None:
    message = {"type": "sfu-publish", "epoch": 1, "tracks": []}

    def decoded(lines: int) -> Any:
        sdp = "v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * lines
        return codec.decode_client_message(json.dumps({**message, "sdp": sdp}))

    assert decoded(8).number == 0
    assert "number" not in json.loads(codec.encode_client_message(decoded(8)))
    with pytest.raises(ProtocolError, match="more than 8 m-lines") as caught:
        decoded(9)
    assert caught.value.code is ErrorCode.BAD_FIELD
