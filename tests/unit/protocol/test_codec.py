"""The codec: what is valid survives the round trip; what is hostile is refused with a code, never a crash."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.protocol import limits
from desktop_app.protocol.codec import (
    decode_client_message,
    decode_server_message,
    encode_client_message,
    encode_server_message,
)
from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.messages import (
    IceServer,
    JoinRoom,
    LeaveRoom,
    NewPeer,
    ParticipantInfo,
    PeerSignal,
    Signal,
    UpdateParticipant,
    Welcome,
)

from .strategies import client_messages, hostile_objects, json_values, server_messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.protocol.messages import ClientMessage, ServerMessage


def refusal(text: str) -> ErrorCode:
    with pytest.raises(ProtocolError) as caught:
        decode_client_message(text)
    assert str(caught.value).endswith(".")
    return caught.value.code


@given(client_messages)
def test_client_message_survives_the_round_trip(message: ClientMessage) -> None:
    assert decode_client_message(encode_client_message(message)) == message


@given(server_messages)
def test_server_message_survives_the_round_trip(message: ServerMessage) -> None:
    assert decode_server_message(encode_server_message(message)) == message


def strict_loads(text: str) -> Any:
    """Parse as a browser would: no NaN, no Infinity, and the text must be UTF-8."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text.encode("utf-8"), parse_constant=refuse)


def decoded_or_refused(decode: Callable[[str], object], text: str) -> object:
    """The message, the code of its refusal, or "ignored"; every other exception is the test's failure."""
    try:
        return decode(text) or "ignored"
    except ProtocolError as error:
        return error.code


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "replace")))
def test_any_text_is_a_message_or_a_protocol_error(text: str) -> None:
    assert decoded_or_refused(decode_client_message, text)
    assert decoded_or_refused(decode_server_message, text)


@given(hostile_objects)
def test_hostile_objects_are_refused_or_relayed_as_valid_json(fields: dict[str, Any]) -> None:
    text = json.dumps(fields)
    outcome = decoded_or_refused(decode_client_message, text)
    if isinstance(outcome, JoinRoom | Signal | LeaveRoom | UpdateParticipant):
        assert isinstance(strict_loads(encode_client_message(outcome)), dict)
    assert decoded_or_refused(decode_server_message, text)


@given(json_values)
def test_signal_data_passes_unchanged(data: Any) -> None:
    received = decode_client_message(json.dumps({"type": "signal", "targetUserId": "b", "data": data}))
    assert isinstance(received, Signal)
    relayed = strict_loads(encode_server_message(PeerSignal(from_user_id="a", data=received.data)))
    assert relayed == {"type": "signal", "from": "a", "data": data}


def test_lone_surrogates_in_signal_data_leave_as_escapes() -> None:
    received = decode_client_message(r'{"type":"signal","targetUserId":"b","data":{"\ud800":"x\udfffy"}}')
    assert isinstance(received, Signal)
    text = encode_server_message(PeerSignal(from_user_id="a", data=received.data))
    assert text == r'{"type":"signal","from":"a","data":{"\ud800":"x\udfffy"}}'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ErrorCode.BAD_JSON),
        ("hello", ErrorCode.BAD_JSON),
        ('{"type":"leave-room"', ErrorCode.BAD_JSON),
        ('{"type":"leave-room"}}', ErrorCode.BAD_JSON),
        ('{"type":"signal","targetUserId":"b","data":NaN}', ErrorCode.BAD_JSON),
        ('{"type":"signal","targetUserId":"b","data":-Infinity}', ErrorCode.BAD_JSON),
        ('{"type":"signal","targetUserId":"b","data":' + "9" * 5000 + "}", ErrorCode.BAD_JSON),
        ("[" * 60_000, ErrorCode.BAD_JSON),
        ("[" * 30_000 + "]" * 30_000, ErrorCode.BAD_JSON),
        ('{"type":"signal","targetUserId":"b","data":1e999}', ErrorCode.BAD_MESSAGE),
        ('{"type":"signal","targetUserId":"b","data":-1e999}', ErrorCode.BAD_MESSAGE),
        ("[]", ErrorCode.BAD_MESSAGE),
        ("null", ErrorCode.BAD_MESSAGE),
        ('"join-room"', ErrorCode.BAD_MESSAGE),
        ("{}", ErrorCode.MISSING_FIELD),
        ('{"type":null}', ErrorCode.BAD_FIELD),
        ('{"type":7}', ErrorCode.BAD_FIELD),
        ('{"type":["join-room"]}', ErrorCode.BAD_FIELD),
        ('{"type":""}', ErrorCode.UNKNOWN_TYPE),
        ('{"type":"new-peer","userId":"u"}', ErrorCode.UNKNOWN_TYPE),
        ('{"type":"JOIN-ROOM","roomId":"r","userId":"u"}', ErrorCode.UNKNOWN_TYPE),
        ('{"type":"join-room"}', ErrorCode.MISSING_FIELD),
        ('{"type":"join-room","roomId":"r"}', ErrorCode.MISSING_FIELD),
        ('{"type":"join-room","userId":"u"}', ErrorCode.MISSING_FIELD),
        ('{"type":"join-room","roomId":1,"userId":"u"}', ErrorCode.BAD_FIELD),
        ('{"type":"join-room","roomId":"r","userId":true}', ErrorCode.BAD_FIELD),
        ('{"type":"join-room","roomId":"r","userId":null}', ErrorCode.BAD_FIELD),
        ('{"type":"join-room","roomId":"","userId":"u"}', ErrorCode.BAD_FIELD),
        ('{"type":"join-room","roomId":"r","userId":"a\\u0000b"}', ErrorCode.BAD_FIELD),
        ('{"type":"join-room","roomId":"r","userId":"a\\nb"}', ErrorCode.BAD_FIELD),
        ('{"type":"join-room","roomId":"r","userId":"\\ud800"}', ErrorCode.BAD_FIELD),
        ('{"type":"join-room","roomId":"r","userId":"u","displayName":"\\u202e"}', ErrorCode.BAD_FIELD),
        ('{"type":"join-room","roomId":"r","userId":"u","displayName":{}}', ErrorCode.BAD_FIELD),
        ('{"type":"join-room","roomId":"r","userId":"u","audioMuted":1}', ErrorCode.BAD_FIELD),
        ('{"type":"signal","targetUserId":"b"}', ErrorCode.MISSING_FIELD),
        ('{"type":"signal","data":1}', ErrorCode.MISSING_FIELD),
        ('{"type":"signal","targetUserId":["b"],"data":1}', ErrorCode.BAD_FIELD),
        ('{"type":"update-participant","audioMuted":"yes"}', ErrorCode.BAD_FIELD),
        ('{"type":"update-participant","displayName":7}', ErrorCode.BAD_FIELD),
    ],
)
def test_refused_with_its_code(text: str, code: ErrorCode) -> None:
    assert refusal(text) is code


@pytest.mark.parametrize(
    ("field", "max_chars"),
    [
        ("roomId", limits.MAX_ID_CHARS),
        ("userId", limits.MAX_ID_CHARS),
        ("displayName", limits.MAX_NAME_CHARS),
    ],
)
def test_length_limit_counts_code_points(field: str, max_chars: int) -> None:
    fields = {"type": "join-room", "roomId": "r", "userId": "u"}
    accepted = decode_client_message(json.dumps(fields | {field: "𝄞" * max_chars}))
    assert isinstance(accepted, JoinRoom)
    assert refusal(json.dumps(fields | {field: "x" * (max_chars + 1)})) is ErrorCode.FIELD_TOO_LONG


def test_depth_limit() -> None:
    def nested(levels: int) -> str:
        # The message is the first level, `data` begins with the second.
        return '{"type":"signal","targetUserId":"b","data":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"

    assert isinstance(decode_client_message(nested(limits.MAX_JSON_DEPTH)), Signal)
    assert refusal(nested(limits.MAX_JSON_DEPTH + 2)) is ErrorCode.BAD_MESSAGE
    assert refusal(nested(900)) is ErrorCode.BAD_MESSAGE


def test_the_six_basic_messages_alone_are_enough() -> None:
    join = decode_client_message('{"type":"join-room","roomId":"R","userId":"U"}')
    assert join == JoinRoom(room_id="R", user_id="U")
    assert decode_client_message('{"type":"leave-room"}') == LeaveRoom()
    basic = encode_server_message(NewPeer(ParticipantInfo("U")))
    assert json.loads(basic) == {"type": "new-peer", "userId": "U"}


def test_null_means_absent_where_a_field_is_optional() -> None:
    text = '{"type":"join-room","roomId":"R","userId":"U","displayName":null,"audioMuted":null}'
    assert decode_client_message(text) == JoinRoom(room_id="R", user_id="U")
    text = '{"type":"update-participant","displayName":null,"videoMuted":true}'
    assert decode_client_message(text) == UpdateParticipant(video_muted=True)


def test_unknown_fields_are_ignored() -> None:
    text = '{"type":"join-room","roomId":"R","userId":"U","from":"somebody else","future":[1]}'
    assert decode_client_message(text) == JoinRoom(room_id="R", user_id="U")


def test_signal_data_may_be_null_and_numbers_keep_their_kind() -> None:
    null = decode_client_message('{"type":"signal","targetUserId":"b","data":null}')
    assert null == Signal("b", None)
    numbers = decode_client_message('{"type":"signal","targetUserId":"b","data":[1,1.5,-0.0]}')
    assert isinstance(numbers, Signal)
    data = numbers.data
    assert isinstance(data, list)
    assert [type(item) for item in data] == [int, float, float]
    assert math.copysign(1, float(str(data[2]))) == -1


def test_a_newer_servers_message_is_none() -> None:
    assert decode_server_message('{"type":"weather","sunny":true}') is None


def test_welcome_of_a_plainer_server_gets_our_limits() -> None:
    text = '{"type":"welcome","roomId":"R","userId":"U","iceServers":[{"urls":"stun:h"}]}'
    welcome = decode_server_message(text)
    assert isinstance(welcome, Welcome)
    assert welcome.protocol_version == limits.PROTOCOL_VERSION
    assert welcome.ice_servers == (IceServer(urls=("stun:h",)),)
    assert welcome.limits.frame_bytes == limits.MAX_FRAME_BYTES
    assert welcome.limits.participants == limits.MAX_PARTICIPANTS


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"welcome","roomId":"R","userId":"U","participants":[1]}',
        '{"type":"welcome","roomId":"R","userId":"U","participants":{}}',
        '{"type":"welcome","roomId":"R","userId":"U","iceServers":[{"urls":[1]}]}',
        '{"type":"welcome","roomId":"R","userId":"U","iceServers":[{}]}',
        '{"type":"welcome","roomId":"R","userId":"U","limits":[]}',
        '{"type":"welcome","roomId":"R","userId":"U","protocolVersion":true}',
        '{"type":"new-peer"}',
        '{"type":"signal","data":1}',
        '{"type":"peer-left","userId":{}}',
    ],
)
def test_a_hostile_servers_message_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        decode_server_message(text)


def test_a_turn_secret_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(IceServer(urls=("turn:h",), username="u", credential="hunter2"))
