"""Two real peers over loopback: coming up, carrying media, failing, ending."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from aiortc.rtp import RtcpRtpfbPacket

from desktop_app.protocol.messages import IceServer
from desktop_app.rtc import peer
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.retransmission import BURST_S
from desktop_app.rtc.send_estimate import MAX_KBPS
from desktop_app.rtc.senders import HISTORY_PACKETS
from desktop_app.rtc.state import PeerState

from .foreign_client import ForeignClient, answers_of
from .peer_tools import Pair, calling, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


NEW, CONNECTING, CONNECTED, UNSTABLE, RECONNECTING, FAILED, CLOSED = PeerState


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Two people who are not connected yet."""
    async with calling() as made:
        yield made


async def test_a_call_comes_up_carries_both_kinds_both_ways_and_ends(pair: Pair) -> None:
    assert pair.states() == (NEW, NEW)
    assert pair.alice.peer.counters() is None
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()
    for person in (pair.alice, pair.bob):
        person.keep_sound = True
    await until(lambda: min(len(pair.alice.heard), len(pair.bob.heard)) >= 25)
    await until(lambda: pair.alice.counters.round_trip_s is not None)
    assert pair.alice.heard_hz() == pytest.approx(880, abs=5)
    assert pair.bob.heard_hz() == pytest.approx(440, abs=5)
    assert (pair.alice.first_pictures, pair.bob.first_pictures) == (1, 1)
    assert (pair.alice.peer.is_offerer, pair.bob.peer.is_offerer) == (True, False)

    counters = pair.alice.counters
    video, audio = counters.inbound_video, counters.inbound_audio
    assert video is not None
    assert audio is not None
    assert (video.codec, audio.codec) == ("video/VP8", "audio/opus")
    assert (video.width_px, video.height_px) == (160, 120)
    assert video.packets_received > 0
    assert video.packets_lost == audio.packets_lost == 0
    assert video.frames_dropped == 0
    assert counters.pair is not None
    assert (counters.pair.local_type, counters.pair.protocol) == ("host", "udp")
    assert counters.round_trip_s is not None
    assert 0 <= counters.round_trip_s < 0.5
    assert counters.outbound_video is not None
    assert counters.outbound_video.frames_sent > 0
    assert counters.transport_bytes_received > video.bytes_received + audio.bytes_received

    await pair.hang_up()
    assert pair.alice.states == [CONNECTING, CONNECTED, CLOSED]
    assert pair.bob.states == [CONNECTING, CONNECTED, CLOSED]
    assert pair.alice.peer.closed
    assert pair.bob.peer.closed


async def test_who_is_hung_up_on_learns_it_at_once(pair: Pair) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    pair.alice.peer.hang_up()
    await until(lambda: pair.bob.peer.state is FAILED)
    assert pair.bob.states == [CONNECTING, CONNECTED, FAILED]
    assert pair.bob.reasons[-1] == "The connection was closed by the other side."
    assert pair.bob.peer.counters() is None


async def test_after_a_failure_the_offerer_calls_again_and_sound_and_picture_come_back(pair: Pair) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()
    first = pair.alice.counters.connection
    pair.alice.peer._fail("for the test")
    await until(lambda: pair.states() == (FAILED, FAILED))
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()
    assert pair.alice.counters.connection > first
    assert pair.alice.states == [CONNECTING, CONNECTED, FAILED, CONNECTING, CONNECTED]
    assert pair.bob.states == [CONNECTING, CONNECTED, FAILED, CONNECTING, CONNECTED]


async def test_a_new_offer_in_a_running_call_is_a_reconnection(pair: Pair) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    first = pair.alice.counters.connection
    pair.alice.peer.make_call()
    await until(lambda: pair.alice.counters.connection > first)
    await pair.until_media()
    await until(lambda: len(pair.alice.peer.sessions()) == len(pair.bob.peer.sessions()) == 1)
    await pair.until_media()
    assert pair.alice.states == pair.bob.states == [CONNECTING, CONNECTED]


async def test_an_offer_that_nobody_answers_fails_at_the_limit(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "CONNECT_LIMIT_S", 0.3)
    pair.alice.connect("nobody", lambda _data: None)
    pair.alice.peer.make_call()
    await until(lambda: pair.alice.peer.state is FAILED)
    assert pair.alice.states == [CONNECTING, FAILED]
    assert pair.alice.reasons[-1].startswith("No connection came up within")
    await until(lambda: not len(pair.alice.peer._all.closing))


async def test_an_answer_that_never_becomes_a_connection_fails_at_the_limit(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "CONNECT_LIMIT_S", 0.5)
    foreigner = ForeignClient()
    pair.alice.connect("foreigner", lambda _data: None)
    pair.alice.peer.handle_signal(await foreigner.offer("audio"))
    await answers_of(pair.alice, 1)
    await until(lambda: pair.alice.peer.state is FAILED)
    assert pair.alice.states == [CONNECTING, FAILED]
    await foreigner.pc.close()


async def test_the_limit_is_no_longer_in_force_once_connected(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "CONNECT_LIMIT_S", 2.0)
    pair.alice.peer.make_call()
    await pair.until_connected()
    for person in (pair.alice, pair.bob):
        (session,) = person.peer.sessions()
        assert session.connect_timer is None


async def test_a_participant_cannot_have_everything_sent_again_and_again(pair: Pair) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()
    connection = pair.alice.peer._connection
    assert connection is not None
    sender = connection._senders["video"]
    greedy = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=sender.ssrc, lost=list(range(65_536)))
    await sender._handle_rtcp_packet(greedy)
    assert sender.state.repaired_bytes <= BURST_S * 125 * MAX_KBPS
    assert sender.remote.retransmitted_packets <= HISTORY_PACKETS
    assert sender.remote.nack_count == 1


async def test_a_stun_server_that_is_dead_for_both_does_not_keep_neighbours_apart() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dead:
        dead.bind(("127.0.0.1", 0))
        port = dead.getsockname()[1]
        async with calling(IceConfiguration((IceServer((f"stun:127.0.0.1:{port}",)),))) as pair:
            pair.alice.peer.make_call()
            await pair.until_connected()
            assert FAILED not in pair.alice.states + pair.bob.states
