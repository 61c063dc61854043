"""Publishers and a subscriber of ours on a real Janus: whose pictures and sound land where, and how it ends."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from desktop_app.media.clock import now_s
from desktop_app.rtc.send_estimate import START_KBPS
from desktop_app.rtc.state import PeerState
from tests.integration.sfu_room import LARGE, SMALL, room, width_of
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

CHURN_SEED = 5
CHURN_STEPS = 14


async def test_everybody_is_seen_and_heard_in_their_own_place(tmp_path: Path) -> None:
    async with room(tmp_path) as there:
        viewer, senders = there.viewer, there.senders
        await viewer.subscribe(
            there.client, [(sender, kind) for sender in senders for kind in ("audio", "thumbnail")]
        )
        await until(lambda: all(there.shows(number, SMALL) and there.hears(number) for number in range(3)))
        before = viewer.subscriber.counters("user0")

        # A larger picture on the same line goes on without a seam: no new offer, no smeared picture, no new count.
        for _ in range(2):
            await viewer.switch(senders[0], "thumbnail", "camera")
            await until(lambda: there.shows(0, LARGE))
            await viewer.switch(senders[0], "camera", "thumbnail")
            await until(lambda: there.shows(0, SMALL))
        assert len(viewer.offers) == 1
        assert viewer.tiles["user0"].first_pictures == 1
        after = viewer.subscriber.counters("user0")
        assert before is not None
        assert after is not None
        assert after.connection == before.connection
        assert after.inbound_video is not None
        assert after.inbound_video.key_frames_decoded >= 5
        there.check_pictures()
        assert viewer.states == [PeerState.CONNECTING, PeerState.CONNECTED]


async def test_lines_that_change_hands_show_nobody_else(tmp_path: Path) -> None:
    choice = random.Random(CHURN_SEED)
    async with room(tmp_path) as there:
        viewer, senders = there.viewer, there.senders
        for number, sender in enumerate(senders):  # one after the other on the same two lines
            await viewer.subscribe(there.client, [(sender, "audio"), (sender, "camera")])
            await until(lambda number=number: there.shows(number, LARGE) and there.hears(number))  # type: ignore[misc]
            await viewer.unsubscribe(feed=sender.feed)
        assert viewer.owners == {mid: {each.feed for each in senders} for mid in ("0", "1")}
        watched: dict[int, str] = {}
        for _ in range(CHURN_STEPS):
            number = choice.randrange(3)
            sender = senders[number]
            kind = watched.get(number)
            if kind is None:
                watched[number] = choice.choice(("camera", "thumbnail"))
                wanted = [(sender, watched[number]), (sender, "audio")]
                choice.shuffle(wanted)
                await viewer.subscribe(there.client, wanted)
                if choice.random() < 0.5:
                    width_px = width_of(watched[number])
                    await until(lambda number=number, width_px=width_px: there.shows(number, width_px))  # type: ignore[misc]
            elif choice.random() < 0.4:
                watched[number] = "camera" if kind == "thumbnail" else "thumbnail"
                await viewer.switch(sender, kind, watched[number])
            else:
                del watched[number]
                seen = len(viewer.tiles[sender.feed].screen.seen)
                await viewer.unsubscribe(feed=sender.feed)
                assert len(viewer.tiles[sender.feed].screen.seen) - seen < 15
                seen = len(viewer.tiles[sender.feed].screen.seen)
                await asyncio.sleep(0.05)
                assert len(viewer.tiles[sender.feed].screen.seen) == seen, "cut means cut"
                assert viewer.subscriber.counters(sender.feed) is None
        await until(lambda: all(there.shows(each, width_of(kind)) for each, kind in watched.items()))
        await until(lambda: all(there.hears(each) for each in watched))
        there.check_pictures()


async def test_nothing_is_encoded_for_nobody_and_feeds_change_without_negotiation(tmp_path: Path) -> None:
    async with room(tmp_path) as there:
        sender = there.senders[0]
        for kind in ("camera", "thumbnail"):
            sender.publisher.send(kind, None)
        await there.viewer.subscribe(there.client, [(sender, "camera"), (sender, "audio")])
        await until(lambda: there.hears(0))
        assert not sender.large.running
        assert not sender.small.running
        encoded = sender.small.counters.frames_encoded
        sender.publisher.send("camera", sender.large.feed)
        await until(lambda: there.shows(0, LARGE))
        assert sender.small.counters.frames_encoded == encoded
        sender.publisher.send("camera", None)
        await until(lambda: not sender.large.running)
        counters = sender.publisher.counters()
        assert counters is not None
        assert counters.outbound_video is not None
        assert counters.outbound_video.frames_sent > 0
        assert counters.outbound_video.pli_count > 0
        assert sender.publisher.estimate_path(now_s()) is not None


async def test_what_janus_allows_bounds_the_estimate_and_its_feedback_makes_it(tmp_path: Path) -> None:
    async with room(tmp_path, bitrate=128_000) as there:
        publisher = there.senders[0].publisher
        seen: list[float] = []

        def estimate_kbps() -> float:
            estimate = publisher.estimate_path(now_s())
            seen.append(estimate.kbps if estimate is not None else 0.0)
            return seen[-1]

        await until(lambda: estimate_kbps() == 128)
    async with room(tmp_path, bitrate=5_000_000) as there:
        publisher = there.senders[0].publisher
        seen = []
        # Far from what Janus allows, and above where an estimate begins: it comes of the answers to our packets.
        await until(lambda: START_KBPS < estimate_kbps() < 3000)
        assert max(seen) < 3000


async def test_a_janus_that_dies_is_noticed_and_nothing_is_left(tmp_path: Path) -> None:
    async with room(tmp_path) as there:
        sender, viewer = there.senders[0], there.viewer
        await viewer.subscribe(there.client, [(sender, "camera"), (sender, "audio")])
        await until(lambda: there.shows(0, LARGE))
        killed_s = now_s()
        await there.janus.kill()
        await until(lambda: viewer.states[-1] is PeerState.FAILED and sender.states[-1] is PeerState.FAILED)
        assert now_s() - killed_s < 10
        for states, reasons in ((viewer.states, viewer.reasons), (sender.states, sender.reasons)):
            assert states == [
                PeerState.CONNECTING,
                PeerState.CONNECTED,
                PeerState.RECONNECTING,
                PeerState.FAILED,
            ]
            assert reasons[-1] == "The media server does not answer."
        await asyncio.gather(viewer.subscriber.wait_closed(), sender.publisher.wait_closed())
        assert sender.publisher.closed
        assert viewer.subscriber.closed
        assert sender.publisher.estimate_path(now_s()) is None


async def test_who_comes_back_is_heard_and_seen_anew_on_the_line_of_before(tmp_path: Path) -> None:
    async with room(tmp_path) as there:
        viewer, sender = there.viewer, there.senders[0]
        await viewer.subscribe(there.client, [(sender, "audio"), (sender, "thumbnail")])
        await until(lambda: there.shows(0, SMALL) and there.hears(0))
        del viewer.tiles["user0"]  # they left, and are there again before the SFU's lines have changed
        viewer.subscriber.assign(viewer.streams)
        await until(lambda: there.shows(0, SMALL) and there.hears(0))
