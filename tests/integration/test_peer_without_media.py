"""Direct connections in a room with an SFU: sound and pictures take another way, data goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktop_app.rtc.channel_spec import ChannelSpec
from desktop_app.rtc.liveness import SILENT_S
from desktop_app.rtc.state import PeerState

from .peer_tools import calling, until

if TYPE_CHECKING:
    from desktop_app.rtc.data_channels import DataChannels

TALK = (ChannelSpec("talk", 100),)


QUIET_S = SILENT_S + 0.6


async def test_a_peer_without_media_stays_alive_and_has_it_again_when_it_is_wanted() -> None:
    await asyncio.gather(switched_off_and_on(), for_data_alone())  # both wait most of the time


async def switched_off_and_on() -> None:
    """A connection of a mesh whose feeds are off for a while."""
    async with calling() as pair:
        alice, bob = pair.alice, pair.bob
        alice.peer.make_call()
        await pair.until_connected()
        await pair.until_media()
        for person in (alice, bob):
            person.peer.send_audio(None)
            person.peer.send_video(None)
        await until(lambda: len(alice.video_encoder.feed) == 0 and len(alice.audio_encoder.feed) == 0)
        pictures, sent = bob.frames_decoded, alice.counters.transport_bytes_sent
        await asyncio.sleep(QUIET_S)  # nothing shall happen in this time
        assert bob.frames_decoded <= pictures + 3
        assert alice.counters.transport_bytes_sent - sent < 300 * QUIET_S  # reports, once a second
        assert not {PeerState.UNSTABLE, PeerState.RECONNECTING} & {*alice.states, *bob.states}
        for person in (alice, bob):
            person.peer.send_audio(person.audio_encoder.feed)
            person.peer.send_video(person.video_encoder.feed)
        await pair.until_media(frames=20)


async def for_data_alone() -> None:
    """A connection beyond the mesh limit, which gets media later."""
    async with calling() as pair:
        alice, bob = pair.alice, pair.bob
        made: list[DataChannels] = []
        alice.channels = bob.channels = TALK
        bob.on_channels = lambda channels: None if channels is None else made.append(channels)
        pair.connect()
        alice.peer.offers_media = False
        alice.peer.make_call()
        await pair.until_connected()
        await until(lambda: made[0]["talk"].is_open)
        assert "m=audio" not in alice.sent[0]["sdp"]
        assert "m=video" not in alice.sent[0]["sdp"]
        await asyncio.sleep(QUIET_S)  # nothing shall happen in this time
        assert not {PeerState.UNSTABLE, PeerState.RECONNECTING} & {*alice.states, *bob.states}
        alice.peer.require_media()
        bob.peer.require_media()
        await pair.until_media()
        await until(lambda: made[1]["talk"].is_open)
