"""RED: agreed on with those who know it, sent only to those who lose packets."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import CODECS

from desktop_app.rtc.audio_codecs import RED
from desktop_app.rtc.audio_sender import AudioSender
from desktop_app.rtc.state import PeerState

from .foreign_client import ForeignClient, answers_of
from .peer_tools import BadNetwork, Pair, Person, calling, payload_type_of, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OPUS_PAYLOAD_TYPE, RED_PAYLOAD_TYPE = 96, 63


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Two people who are not connected yet."""
    async with calling() as made:
        yield made


def audio_lines(person: Person, kind: str) -> list[str]:
    """The codecs of the audio section of what `person` sent last."""
    sdp: str = next(each["sdp"] for each in reversed(person.sent) if each.get("type") == kind)
    section = sdp[sdp.index("m=audio") : sdp.index("m=video") if "m=video" in sdp else len(sdp)]
    return re.findall(r"(?:m=audio.*|a=rtpmap:.*|a=fmtp:.*)", section.replace("\r", ""))


def payload_types_of(person: Person) -> dict[str, int]:
    """What `person` may send sound as."""
    connection = person.peer._connection
    assert connection is not None
    sender = connection._senders["audio"]
    assert isinstance(sender, AudioSender)
    return sender.payload_types


def watched(network: BadNetwork) -> list[int | None]:
    """The payload types of the packets that come through, from now on."""
    types: list[int | None] = []

    def note(data: bytes) -> bool:
        types.append(payload_type_of(data))
        return False

    network.drop_if = note
    return types


async def test_our_own_ends_agree_on_red_and_use_it_only_for_whom_loses_packets(pair: Pair) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()
    expected = [
        f"a=rtpmap:{OPUS_PAYLOAD_TYPE} opus/48000/2",
        f"a=fmtp:{OPUS_PAYLOAD_TYPE} minptime=10;useinbandfec=1",
        f"a=rtpmap:{RED_PAYLOAD_TYPE} red/48000/2",
        f"a=fmtp:{RED_PAYLOAD_TYPE} {OPUS_PAYLOAD_TYPE}/{OPUS_PAYLOAD_TYPE}",
    ]
    for person, kind in ((pair.alice, "offer"), (pair.bob, "answer")):
        first, *lines = audio_lines(person, kind)
        assert first.endswith(f" {OPUS_PAYLOAD_TYPE} {RED_PAYLOAD_TYPE}")
        assert lines == expected

    to_alice, to_bob = BadNetwork(pair.alice.peer), BadNetwork(pair.bob.peer)
    came_to_alice, came_to_bob = watched(to_alice), watched(to_bob)
    to_bob.loss = 0.15
    await until(lambda: RED_PAYLOAD_TYPE in came_to_bob)
    recovered = pair.bob.speaker.recovered_samples
    await until(lambda: pair.bob.speaker.recovered_samples > recovered + 5 * 960)
    audio = pair.bob.counters.inbound_audio
    assert audio is not None
    assert audio.codec == "audio/opus"
    assert audio.packets_received <= audio.packets_expected
    assert RED_PAYLOAD_TYPE not in came_to_alice
    to_bob.loss = 0.0  # it is forgotten, and packets are plain again
    await until(
        lambda: OPUS_PAYLOAD_TYPE in came_to_bob[-20:] and RED_PAYLOAD_TYPE not in came_to_bob[-20:], 40
    )


def others_table(opus: int, red: int | None) -> list[Any]:
    """aiortc's codecs for sound with other payload types, RED first, or without RED."""
    table = copy.deepcopy([each for each in CODECS["audio"] if each.mimeType in ("audio/opus", RED)])
    codecs = {each.mimeType: each for each in table}
    codecs["audio/opus"].payloadType = opus
    if red is None:
        return [codecs["audio/opus"]]
    codecs[RED].payloadType, codecs[RED].parameters = red, {f"{opus}/{opus}": None}
    return [codecs[RED], codecs["audio/opus"]]


@pytest.mark.parametrize("red", [63, 120, 36])
async def test_the_answer_names_the_payload_types_of_the_offer(
    monkeypatch: pytest.MonkeyPatch, red: int
) -> None:
    alice, foreigner = Person(440.0), ForeignClient()
    alice.connect("foreigner", lambda _data: None)
    with monkeypatch.context() as patched:
        patched.setitem(CODECS, "audio", others_table(111, red))
        offer = await foreigner.offer("audio")
    alice.peer.handle_signal(offer)
    await answers_of(alice, 1)
    first, *lines = audio_lines(alice, "answer")
    assert first.endswith(f" 111 {red}")  # Opus first, whatever was offered
    assert lines[0] == "a=rtpmap:111 opus/48000/2"
    assert lines[2:] == [f"a=rtpmap:{red} red/48000/2", f"a=fmtp:{red} 111/111"]
    await foreigner.take_answer(alice)
    await until(lambda: alice.peer.state is PeerState.CONNECTED)
    assert payload_types_of(alice) == {"audio/opus": 111, RED: red}
    await foreigner.pc.close()
    await alice.close()


@pytest.mark.parametrize("fmtp", ["0/0", "111", "111/0", "x", "111/111/9"])
async def test_red_around_anything_else_is_not_taken(monkeypatch: pytest.MonkeyPatch, fmtp: str) -> None:
    alice, foreigner = Person(440.0), ForeignClient()
    alice.connect("foreigner", lambda _data: None)
    with monkeypatch.context() as patched:
        patched.setitem(CODECS, "audio", others_table(111, 63))
        offer = await foreigner.offer("audio")
    offer["sdp"] = offer["sdp"].replace("a=fmtp:63 111/111", f"a=fmtp:63 {fmtp}")
    alice.peer.handle_signal(offer)
    await answers_of(alice, 1)
    takes = fmtp == "111"
    assert any("red/48000" in line for line in audio_lines(alice, "answer")) == takes
    await foreigner.pc.close()
    await alice.close()


@pytest.mark.expected_warnings("desktop_app.rtc.peer_negotiation: negotiation with")
async def test_an_offer_of_red_alone_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    alice, foreigner = Person(440.0), ForeignClient()
    alice.connect("foreigner", lambda _data: None)
    with monkeypatch.context() as patched:
        patched.setitem(CODECS, "audio", others_table(111, 63)[:1])
        offer = await foreigner.offer("audio")
    alice.peer.handle_signal(offer)
    await until(lambda: alice.peer.state is PeerState.FAILED)
    await foreigner.pc.close()
    await alice.close()


async def test_who_knows_no_red_gets_plain_opus(monkeypatch: pytest.MonkeyPatch) -> None:
    alice = Person(440.0)
    alice.connect("foreigner", lambda _data: None)
    alice.peer.make_call()
    await until(lambda: bool(alice.sent))
    foreigner = RTCPeerConnection()
    with monkeypatch.context() as patched:
        patched.setitem(CODECS, "audio", others_table(OPUS_PAYLOAD_TYPE, None))
        await foreigner.setRemoteDescription(RTCSessionDescription(alice.sent[0]["sdp"], "offer"))
        await foreigner.setLocalDescription(await foreigner.createAnswer())
    answer = foreigner.localDescription.sdp
    assert "red/48000" not in answer
    alice.peer.handle_signal({"type": "answer", "sdp": answer, "session": alice.sent[0]["session"]})
    await until(lambda: alice.peer.state is PeerState.CONNECTED)
    assert payload_types_of(alice) == {"audio/opus": OPUS_PAYLOAD_TYPE}
    await foreigner.close()
    await alice.close()
