"""Direct connections in a room with an SFU: sound and pictures take another way, data goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktop_app.rtc.channel_spec import ChannelSpec
from desktop_app.rtc.peer import ASK_AFTER_S, SILENT_RECONNECTING_S
from desktop_app.rtc.state import PeerState

from .peer_tools import calling, until

if TYPE_CHECKING:
    from desktop_app.rtc.data_channels import DataChannels

TALK = (ChannelSpec("talk", 100),)


async def test_sound_and_pictures_are_switched_off_and_on_and_the_peer_stays_alive() -> None:
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
        quiet_s = SILENT_RECONNECTING_S + 1
        await asyncio.sleep(quiet_s)  # nothing shall happen in this time
        assert bob.frames_decoded <= pictures + 3
        assert alice.counters.transport_bytes_sent - sent < 300 * quiet_s  # reports, once a second
        assert PeerState.RECONNECTING not in alice.states + bob.states
        for person in (alice, bob):
            person.peer.send_audio(person.audio_encoder.feed)
            person.peer.send_video(person.video_encoder.feed)
        await pair.until_media(frames=20)


async def test_a_connection_for_data_alone_stays_and_gets_media_when_that_is_wanted() -> None:
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
        await asyncio.sleep(ASK_AFTER_S + SILENT_RECONNECTING_S)  # nothing shall happen in this time
        assert PeerState.RECONNECTING not in alice.states + bob.states
        alice.peer.require_media()
        bob.peer.require_media()
        await pair.until_media()
        await until(lambda: made[1]["talk"].is_open)
