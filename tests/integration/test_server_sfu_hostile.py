"""Participants of SFU rooms who do what no client of ours does; with the real Janus."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession

from desktop_app.server.janus.client import JanusClient
from desktop_app.server.janus.videoroom import PLUGIN, VideoRoom
from desktop_app.server.sfu.pace import BURST
from tests.janus import PROGRAM

from .sfu_tools import participants
from .test_server_sfu import janus_and_server

if TYPE_CHECKING:
    from pathlib import Path

    from .sfu_tools import SfuParticipant

pytestmark = [
    pytest.mark.needs_program(PROGRAM),
    # aiortc's own receiver is given pictures before the first whole one.
    pytest.mark.expected_warnings("^aiortc.rtcrtpreceiver: .* failed to decode VP8 frame"),
]


async def test_a_picture_that_janus_does_not_take_is_nobody_elses_trouble(tmp_path: Path) -> None:
    async with (
        janus_and_server(tmp_path) as (_janus, server),
        participants(server, "ann", "bob", "cat") as (ann, bob, cat),
    ):
        for each in (ann, bob, cat):
            await each.until_told("sfu", "commit", "participants")
        await ann.until(lambda: ann.gets(*ann.everything()))
        _without_vp8(bob)
        await bob.publish()
        await ann.until(lambda: ann.gets(("bob", "audio"), ("cat", "audio"), ("cat", "thumbnail")))
        offers = len(ann.got("sfu-offer"))
        for _ in range(25):
            assert (await ann.frame("cat", "audio")).sample_rate
        assert len(ann.got("sfu-offer")) <= offers + 1
        assert not ann.got("sfu-failed")


async def test_whoever_goes_while_publishing_anew_leaves_nothing(tmp_path: Path) -> None:
    async with (
        janus_and_server(tmp_path) as (_janus, server),  # which counts the handles at the end
        participants(server, "ann", "bob", "cat") as (ann, bob, cat),
    ):
        for each in (ann, bob, cat):
            await each.until_told("sfu", "commit", "participants")
        sdp = bob._publisher.localDescription.sdp if bob._publisher is not None else ""
        # There will be no media: the description belongs to the connection that bob has already.
        for _ in range(2):
            tracks = [{"mid": "0", "kind": "audio"}]
            published = len(bob.got("sfu-published"))
            await bob.send(type="sfu-publish", epoch=bob.epoch, sdp=sdp, tracks=tracks)
            await bob.until(partial(_has_published, bob, published))


async def test_a_room_that_has_vanished_in_janus_is_published_in_again(tmp_path: Path) -> None:
    async with (
        janus_and_server(tmp_path) as (janus, server),
        participants(server, "ann", "bob", "cat") as everybody,
    ):
        for each in everybody:
            await each.until_told("sfu", "commit", "participants")
        async with ClientSession() as http:
            client = JanusClient(janus.address, lambda: None)
            await client.connect(http)
            rooms = VideoRoom(
                await client.attach(PLUGIN, lambda _kind, _event: None), janus.address.admin_key
            )
            for name in await rooms.rooms():
                await rooms.destroy(name)
            await client.close()
        for each in everybody:
            async with asyncio.timeout(10):
                while not await _publishes(each):
                    assert each.got("sfu-failed")[-1]["code"] == "refused"


async def test_whoever_changes_their_mind_all_the_time_gets_the_newest_and_keeps_nobody_busy(
    tmp_path: Path,
) -> None:
    async with (
        janus_and_server(tmp_path) as (_janus, server),
        participants(server, "ann", "bob", "cat") as (ann, bob, cat),
    ):
        for each in (ann, bob, cat):
            await each.until_told("sfu", "commit", "participants")
        await ann.until(lambda: ann.gets(*ann.everything()))
        told, streams = len(bob.got("sfu-watched")), len(ann.got("sfu-streams"))
        for number in range(101):
            kind = "thumbnail" if number % 2 else "camera"
            await ann.want(("bob", "audio"), ("bob", kind), ("cat", "audio"))
        await ann.until(lambda: ann.gets(("bob", "audio"), ("bob", "camera"), ("cat", "audio")))
        await bob.until(lambda: bob.got("sfu-watched")[-1]["kinds"] == ["camera", "thumbnail"])
        assert len(ann.got("sfu-streams")) - streams <= 2 * BURST
        assert len(bob.got("sfu-watched")) - told <= 2 * BURST


async def test_a_publication_of_too_many_lines_is_refused_in_words(tmp_path: Path) -> None:
    async with (
        janus_and_server(tmp_path) as (_janus, server),
        participants(server, "ann", "bob", "cat") as everybody,
    ):
        ann, *_ = everybody
        for each in everybody:
            await each.until_told("sfu", "commit", "participants")
        sdp = "v=0\r\n" + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 9
        await ann.send(type="sfu-publish", epoch=ann.epoch, sdp=sdp, tracks=[])
        await ann.until(lambda: ann.got("error"))
        assert "more than 8 m-lines" in ann.got("error")[-1]["message"]
        await ann.send(
            type="sfu-publish",
            epoch=ann.epoch,
            sdp=ann._publisher.localDescription.sdp if ann._publisher else "",
            tracks=[],
            number=77,
        )
        await ann.until(lambda: ann.got("sfu-published")[-1].get("number") == 77)


def _has_published(somebody: SfuParticipant, before: int) -> bool:
    return len(somebody.got("sfu-published")) > before


async def _publishes(somebody: SfuParticipant) -> bool:
    """Publish anew; whether that was taken."""

    def refusals() -> int:
        return sum(each["code"] == "refused" for each in somebody.got("sfu-failed"))

    taken, refused = len(somebody.got("sfu-published")), refusals()
    await somebody._leave()
    await somebody.publish()
    await somebody.until(lambda: len(somebody.got("sfu-published")) > taken or refusals() > refused)
    return len(somebody.got("sfu-published")) > taken


def _without_vp8(somebody: SfuParticipant) -> None:
    """From now on its offers have no VP8; it takes the answers, whatever is rejected in them."""
    send, take = somebody.send, somebody._take

    async def changed(**message: Any) -> None:
        if message["type"] == "sfu-publish":
            message["sdp"] = message["sdp"].replace("VP8", "VPX")
        await send(**message)

    async def taken(message: dict[str, Any]) -> None:
        if message["type"] == "sfu-published":
            head, *sections = message["sdp"].split("\r\nm=")
            wanted = ("a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup", "a=rtcp-mux")
            transport = [line for line in sections[0].split("\r\n") if line.startswith(wanted)]
            for number, section in enumerate(sections):
                if section.startswith("video 0 "):
                    taken_after_all = "video 9 UDP/TLS/RTP/SAVPF 97", "c=IN IP4 0.0.0.0", f"a=mid:{number}"
                    vp8 = "a=rtpmap:97 VP8/90000", "a=recvonly"
                    sections[number] = "\r\n".join([*taken_after_all, *vp8, *transport, ""]).rstrip("\r\n")
            sections[-1] = sections[-1].rstrip("\r\n") + "\r\n"
            message = {**message, "sdp": "\r\nm=".join([head, *sections])}
        await take(message)

    somebody.send, somebody._take = changed, taken  # type: ignore[method-assign]
