"""As many lines as sixty-four people have, with the real Janus: both descriptions travel in one message each."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from desktop_app.protocol.topology import MAX_SDP_CHARS, WantedFeed
from desktop_app.rtc.connection import codec_preferences
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.sfu.subscriber import SfuSubscriber
from desktop_app.rtc.state import PeerState
from desktop_app.server.sfu.sdp import compact
from desktop_app.server.sfu.subscriptions import bounded
from tests.integration.janus_client import JanusClient
from tests.janus import PROGRAM, JanusProcess
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.needs_program(PROGRAM)
OTHERS = 63
KINDS = ("audio",) * OTHERS + ("video",) * OTHERS
"""Of one publication that stands for those of sixty-three people."""
ASKED_AT_ONCE = 42
FEED = "everybody"


@contextlib.asynccontextmanager
async def publishing() -> AsyncIterator[RTCPeerConnection]:
    connection = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    for kind in KINDS:
        connection.addTransceiver(kind, direction="sendonly").setCodecPreferences(codec_preferences(kind))
    await connection.setLocalDescription(await connection.createOffer())
    try:
        yield connection
    finally:
        await connection.close()


def short_offer(sdp: str) -> str:
    """Without what repeats: there is no bound to what a test says to Janus, but there is one to its patience."""
    return "".join(
        line for line in sdp.splitlines(keepends=True) if not line.startswith("a=fingerprint:sha-5")
    )


async def test_sound_and_picture_of_sixty_three_others_fit_into_a_message(tmp_path: Path) -> None:
    async with JanusProcess(tmp_path) as janus, JanusClient(janus) as client, publishing() as publisher:
        await client.create_room()
        mids = [transceiver.mid or "" for transceiver in publisher.getTransceivers()]
        handle = await client.attach()
        tracks = list(zip(mids, KINDS, strict=True))
        answer = await handle.publish(FEED, short_offer(publisher.localDescription.sdp), tracks)
        await publisher.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await until(lambda: publisher.connectionState == "connected")

        subscriber = SfuSubscriber(IceConfiguration(), lambda _user: None, lambda _state, _reason: None)
        watching = await client.attach()
        try:
            offer = reply = ""
            for begin in range(0, len(mids), ASKED_AT_ONCE):
                sources = [{"feed": FEED, "mid": mid} for mid in mids[begin : begin + ASKED_AT_ONCE]]
                data = await watching.subscribe(sources, first=begin == 0)
                offer = compact(data["jsep"]["sdp"], sends=True)
                reply = await subscriber.answer(offer, ())
                await watching.ask({"request": "start"}, {"type": "answer", "sdp": reply})
                await until(lambda: subscriber.state is PeerState.CONNECTED)
            assert offer.count("\r\nm=") == reply.count("\r\nm=") == 2 * OTHERS
            assert max(len(offer), len(reply)) < MAX_SDP_CHARS, (len(offer), len(reply))
            [info] = [
                each
                for each in await janus.all_info()
                if each.get("plugin_specific", {}).get("type") == "subscriber"
            ]
            sent = [each for each in info["plugin_specific"]["streams"] if each.get("active")]
            assert len(sent) == 2 * OTHERS
        finally:
            subscriber.close()
            await subscriber.wait_closed()


def test_sixty_three_others_are_within_the_servers_bounds() -> None:
    others = [f"u{number}" for number in range(OTHERS)]
    wanted = [WantedFeed(user, "audio") for user in others]
    wanted += [WantedFeed(user, "camera" if user in others[:3] else "thumbnail") for user in others]
    kept = bounded(wanted, "me")
    assert sum(feed.kind == "audio" for feed in kept) == OTHERS
    assert len(kept) == 2 * OTHERS
