"""Valid inputs: from them a fuzzer gets further than from nothing."""

from __future__ import annotations

import json
import struct
from typing import Any

from aiortc.rtp import RtpPacket

from desktop_app.rtc import red, transport_feedback
from desktop_app.rtc.opus import OpusEncoder
from desktop_app.rtc.red import Copy
from desktop_app.rtc.sctp import wire
from desktop_app.rtc.vp8 import packetize
from tests.unit.rtc.playout_simulation import tone

from .media import OPUS, RED, framed

ID = "0123456789abcdef0123456789abcdef"
SHA = "ab" * 32

SDP = """v=0\r
o=- 1 2 IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
a=group:BUNDLE 0 1 2\r
a=ice-options:trickle\r
m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r
c=IN IP4 0.0.0.0\r
a=rtcp:9 IN IP4 0.0.0.0\r
a=ice-ufrag:abcd\r
a=ice-pwd:abcdefghijklmnopqrstuvwx\r
a=fingerprint:sha-256 AB:CD\r
a=setup:actpass\r
a=mid:0\r
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r
a=sendrecv\r
a=msid:- x\r
a=rtcp-mux\r
a=rtpmap:111 opus/48000/2\r
a=rtcp-fb:111 transport-cc\r
a=fmtp:111 minptime=10;useinbandfec=1\r
a=rtpmap:63 red/48000/2\r
a=fmtp:63 111/111\r
a=ssrc:1234 cname:x\r
a=candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host\r
m=video 9 UDP/TLS/RTP/SAVPF 96 97\r
c=IN IP4 0.0.0.0\r
a=mid:1\r
a=setup:actpass\r
a=recvonly\r
a=rtcp-mux\r
a=rtpmap:96 VP8/90000\r
a=rtcp-fb:96 nack pli\r
a=rtpmap:97 rtx/90000\r
a=fmtp:97 apt=96\r
a=ssrc-group:FID 1 2\r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
c=IN IP4 0.0.0.0\r
a=mid:2\r
a=sctp-port:5000\r
a=max-message-size:262144\r
"""

CANDIDATES = (
    "candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host",
    "candidate:842163049 1 udp 1677729535 203.0.113.9 54321 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag abcd",
    "candidate:3 1 tcp 1518280447 2001:db8::1 9 typ host tcptype active",
    "candidate:4 1 udp 41885439 198.51.100.3 49152 typ relay raddr 203.0.113.9 rport 54321",
    "candidate:5 1 udp 2122260223 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 50000 typ host",
)


def _json(*values: Any) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


def client_messages() -> list[bytes]:
    """One of each kind."""
    return _json(
        {"type": "join-room", "roomId": "r", "userId": "a"},
        {
            "type": "join-room",
            "roomId": "r",
            "userId": "a",
            "displayName": "Ann",
            "audioMuted": True,
            "videoMuted": True,
            "capabilities": ["sfu", "resume"],
            "instance": ID,
            "resume": "t" * 43,
            "access": "k" * 43,
            "password": "secret",
            "screen": True,
        },
        {"type": "signal", "targetUserId": "b", "data": {"type": "offer", "sdp": SDP, "session": "s"}},
        {"type": "leave-room"},
        {"type": "update-participant", "displayName": "B", "audioMuted": False, "screen": True},
        {"type": "topology-ready", "epoch": 1, "ok": False, "reason": "x"},
        {"type": "sfu-publish", "epoch": 1, "sdp": SDP, "tracks": [{"mid": "0", "kind": "audio"}]},
        {"type": "sfu-subscribe", "epoch": 1, "feeds": [{"userId": "b", "kind": "camera"}], "restart": True},
        {"type": "sfu-answer", "epoch": 1, "number": 2, "sdp": SDP},
        {
            "type": "sfu-candidate",
            "epoch": 1,
            "connection": "publish",
            "candidate": {"candidate": CANDIDATES[0]},
        },
        {"type": "audio-level", "dbov": -20},
        {"type": "set-room", "locked": True, "lobby": False, "password": ""},
        {"type": "admit", "userId": "b"},
        {"type": "refuse", "userId": "b"},
        {"type": "kick", "userId": "b", "ban": True},
        {"type": "ask-mute", "userId": "b", "kind": "audio"},
        {"type": "give-host", "userId": "b"},
    )


def server_messages() -> list[bytes]:
    """One of each kind."""
    person = {"userId": "b", "displayName": "Bob", "audioMuted": False, "videoMuted": True, "instance": ID}
    return _json(
        {
            "type": "welcome",
            "protocolVersion": 1,
            "roomId": "r",
            "userId": "a",
            "participants": [person],
            "iceServers": [{"urls": ["turn:h:1"], "username": "u", "credential": "c"}, {"urls": "stun:h"}],
            "limits": {"frameBytes": 1, "idChars": 2, "nameChars": 3, "participants": 4},
            "topology": {"epoch": 3, "mode": "sfu", "phase": "commit", "reason": "x", "meshLimit": 8},
            "activeSpeaker": "b",
            "room": {"host": "a", "locked": True, "lobby": True, "password": True},
            "session": {"token": "t", "graceSeconds": 30},
            "resumed": True,
        },
        {"type": "new-peer", **person},
        {"type": "signal", "from": "b", "data": {"type": "candidate", "candidate": None}},
        {"type": "peer-left", "userId": "b"},
        {"type": "participant-updated", **person, "screen": True},
        {"type": "error", "code": "room-full", "message": "The room is full."},
        {"type": "topology", "epoch": 1, "mode": "sfu", "phase": "prepare", "reason": "x", "meshLimit": 8},
        {"type": "sfu-published", "epoch": 1, "sdp": SDP},
        {
            "type": "sfu-offer",
            "epoch": 1,
            "number": 1,
            "sdp": SDP,
            "streams": [{"mid": "0", "userId": "b", "kind": "audio", "active": True}],
        },
        {"type": "sfu-streams", "epoch": 1, "streams": [{"mid": "0", "userId": "b", "kind": "screen"}]},
        {"type": "sfu-watched", "epoch": 1, "kinds": ["camera"]},
        {"type": "sfu-failed", "epoch": 1, "connection": "publish", "code": "c", "message": "m"},
        {"type": "active-speaker", "userId": None},
        {"type": "waiting", "roomId": "r"},
        {"type": "room-updated", "room": {"host": "a", "locked": False, "lobby": False, "password": False}},
        {"type": "knock", "userId": "c", "displayName": "Cy"},
        {"type": "knock-ended", "userId": "c"},
        {"type": "mute-asked", "kind": "video"},
    )


def signals() -> list[bytes]:
    """What participants say to each other through the server."""
    return _json(
        {"type": "offer", "sdp": SDP, "session": "s"},
        {"type": "answer", "sdp": SDP, "session": "s"},
        {"sdp": {"type": "offer", "sdp": SDP}},
        {"type": "candidate", "candidate": {"candidate": CANDIDATES[1], "sdpMid": "0", "sdpMLineIndex": 0}},
        {"candidate": CANDIDATES[2], "sdpMid": "0"},
        {"type": "candidate", "candidate": None, "session": "s"},
        {"type": "picture", "sent": False},
        {"type": "reconnect", "session": "s"},
    )


def descriptions() -> list[bytes]:
    """SDP."""
    return [SDP.encode(), SDP.replace("\r\n", "\n").encode(), SDP[: SDP.index("m=video")].encode()]


def candidates() -> list[bytes]:
    """Of all kinds."""
    return [each.encode() for each in CANDIDATES]


def links() -> list[bytes]:
    """Invite links and what else people type."""
    return [
        f"https://calls.example.org:8443/r/my%20room#fp={SHA}&k=abcdefghijklmnopqrstuv".encode(),
        b"http://[2001:db8::1]:8080/r/room",
        b"bridgecall://192.0.2.7/r/%E2%82%AC",
        b"a room",
    ]


def data_messages() -> list[bytes]:
    """One of each kind, behind the number of its channel."""
    shape = {"tool": "pen", "color": "#102030", "width": 3, "points": [0, 0, 1.5, -2], "text": ""}
    op = {"site": ID, "seq": 1, "clock": 1, "author": "a", "kind": "add", "shape": shape}
    line = {"id": ID, "author": "a", "authorName": "Ann", "text": "hello", "sentMs": 1e12, "to": None}
    head = {"v": 1, "t": 0.0}
    by_channel: list[list[dict[str, Any]]] = [
        [
            {"type": "hello", "capabilities": ["chat"], "chunkBytes": 16384, "handRaised": True},
            {"type": "reaction", "emoji": "👍"},
            {"type": "hand", "raised": True},
        ],
        [
            {"type": "chat-line", "line": line},
            {"type": "chat-received", "ids": [ID]},
            {"type": "chat-known", "tags": [ID, ID]},
            {"type": "chat-history", "lines": [line], "late": True},
        ],
        [
            {
                "type": "file-offer",
                "transferId": ID,
                "number": 1,
                "name": "a.pdf",
                "sizeBytes": 5,
                "preview": "QQ==",
            },
            {"type": "file-accept", "transferId": ID, "offset": 3, "prefixSha256": SHA},
            {"type": "file-decline", "transferId": ID},
            {"type": "file-cancel", "transferId": ID, "code": "full"},
            {"type": "file-progress", "transferId": ID, "receivedBytes": 3},
            {"type": "file-done", "transferId": ID},
            {"type": "file-unfinished", "tags": [SHA]},
        ],
        [
            {
                "type": "board-ops",
                "ops": [op, {**op, "kind": "undo", "seq": 2, "shape": None, "target": f"{ID}:1"}],
            },
            {"type": "board-state", "seen": {ID: 3}, "more": False},
        ],
        [
            {"type": "pointer", "surface": "video:b", "x": 0.5, "y": 0.25, "visible": True},
            {"type": "stroke", "shape": shape, "done": False},
        ],
    ]
    return [
        bytes((channel,)) + json.dumps({**head, **message}).encode()
        for channel, messages in enumerate(by_channel)
        for message in messages
    ]


def settings_files() -> list[bytes]:
    """Of this version and of older ones."""
    return _json(
        {"version": 1, "display_name": "Ann", "video_size": "1280x720", "frame_rate": 15},
        {"version": 1, "ice_servers": ["turn:h:3478,user,secret"], "relay_only": True, "quality": "low-data"},
        {
            "version": 2,
            "camera": "x",
            "window_geometry": "AAAA",
            "appearance": "dark",
            "unknown": [1, {"a": None}],
        },
        {"version": 3, "updates_check": False, "updates_url": "https://example.org/newest.json"},
    )


def _rtp(number: int, timestamp: int, payload: bytes, *, payload_type: int, marker: bool = False) -> bytes:
    packet = RtpPacket(
        payload_type=payload_type,
        marker=int(marker),
        sequence_number=number & 0xFFFF,
        timestamp=timestamp & 0xFFFFFFFF,
        ssrc=7,
        payload=payload,
    )
    return packet.serialize()


def sound_streams() -> list[bytes]:
    """Opus as it is, with a gap and out of order, and in RED packets."""
    encoder = OpusEncoder(32)
    frames = [encoder.encode(tone(960, 300, 960 * at).astype("int16")) for at in range(12)]
    plain = [_rtp(65530 + at, 960 * at, frame, payload_type=OPUS) for at, frame in enumerate(frames)]
    redundant = [
        _rtp(at, 960 * at, red.build(frames[at], [Copy(960, frames[at - 1])], OPUS), payload_type=RED)
        for at in range(1, 12)
    ]
    swapped = [plain[0], plain[2], plain[1], *plain[5:]]
    return [framed([(20, packet) for packet in stream]) for stream in (plain, redundant, swapped)]


def picture_streams() -> list[bytes]:
    """A keyframe and others, with a gap."""
    packets = []
    number = 65533
    for at in range(6):
        frame = (b"\x10\x00\x00" if at == 0 else b"\x11") + bytes(2500 if at == 0 else 900)
        payloads = packetize(frame, at)
        for index, payload in enumerate(payloads):
            last = index == len(payloads) - 1
            packets.append(_rtp(number, 3000 * at, payload, payload_type=97, marker=last))
            number += 1
    return [
        framed([(10, each) for each in packets]),
        framed([(10, each) for each in packets[:2] + packets[3:]]),
    ]


def rtcp_packets() -> list[bytes]:
    """Reports, requests and transport-wide feedback, alone and as one."""
    sender_report = struct.pack("!BBHLQLLL", 0x80, 200, 6, 7, 1 << 63, 90_000, 10, 1000)
    receiver_report = struct.pack("!BBHLLLLLLL", 0x81, 201, 7, 8, 7, 0x10000001, 65540, 30, 0, 0)
    pli = struct.pack("!BBHLL", 0x81, 206, 2, 8, 7)
    nack = struct.pack("!BBHLLHH", 0x81, 205, 3, 8, 7, 100, 0b101)
    remb = struct.pack("!BBHLL4sLL", 0x8F, 206, 5, 8, 0, b"REMB", 1 << 24 | 5 << 18 | 1000, 7)
    feedback, _ = transport_feedback.build(
        sender_ssrc=8,
        media_ssrc=7,
        message_number=1,
        base_sequence=1,
        arrivals_us=[1000, 2000, None, 9000, None, None, 12_000, 500_000],
    )
    alone = [sender_report, receiver_report, pli, nack, remb, feedback]
    return [*alone, b"".join(alone)]


def sctp_packets() -> list[bytes]:
    """DATA in pieces, SACK with gaps, FORWARD TSN, HEARTBEAT, INIT, RE-CONFIG, and an OPEN message."""
    head = wire.header(5000, 5000, 1)
    opening = struct.pack("!BBHLHH", 3, 0, 0, 0, 4, 0) + b"chat"
    data = [
        wire.data_chunk(wire.FIRST, 1, 1, 0, 51, b"hello "),
        wire.data_chunk(wire.LAST, 2, 1, 0, 51, b"world"),
        wire.data_chunk(wire.FIRST | wire.LAST | wire.UNORDERED, 4, 2, 0, 50, opening),
    ]
    sack = wire.sack_chunk(wire.Sack(1, 100_000, [(2, 3)], [1]))
    forward = wire.forward_tsn_chunk(5, [(1, 2)])
    heartbeat = struct.pack("!BBHHH4s", wire.HEARTBEAT, 0, 12, 1, 8, b"abcd")
    init = struct.pack("!BBHLLHHL", wire.INIT, 0, 20, 9, 100_000, 10, 10, 1)
    reconfig = struct.pack("!BBHHHLLLH2x", wire.RECONFIG, 0, 22, 13, 18, 1, 1, 1, 3)
    bodies = [
        *data,
        b"".join(data),
        sack,
        forward,
        heartbeat,
        init,
        reconfig,
        b"".join((*data, sack, forward)),
    ]
    return [wire.packet(head, body) for body in bodies]
