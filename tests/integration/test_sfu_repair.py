"""Lost packets between us and a real Janus, in both directions: who asks for them, and what comes again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from desktop_app.media.clock import now_s
from tests.integration.sfu_room import LARGE, room
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from desktop_app.rtc.aiortc_internals import PeerConnection

LOSS = 0.08
LOST_PACKETS = 20
"""So many must have been lost before anything is judged."""


class LossyNetwork:
    """Loses RTP packets between a peer connection's ICE and its socket."""

    def __init__(self, pc: PeerConnection, *, loss_in: float = 0.0, loss_out: float = 0.0) -> None:
        transport = pc._transport()
        assert transport is not None
        ice: Any = transport.transport
        deliver, send = ice._connection.data_received, ice._send
        choice = random.Random(1)
        self.lost = 0

        def is_lost(data: bytes, loss: float) -> bool:
            kind = data[1] & 0x7F
            lost = 127 < data[0] < 192 and not 64 <= kind <= 95 and choice.random() < loss
            self.lost += lost
            return lost

        def receive(data: bytes, component: int) -> None:
            if not is_lost(data, loss_in):
                deliver(data, component)

        async def send_some(data: bytes) -> None:
            if not is_lost(data, loss_out):
                await send(data)

        vars(ice._connection)["data_received"] = receive
        vars(ice)["_send"] = send_some


async def test_what_is_lost_on_the_way_to_us_is_asked_for_and_repaired(tmp_path: Path) -> None:
    async with room(tmp_path) as there:
        sender, viewer = there.senders[0], there.viewer
        await viewer.subscribe(there.client, [(sender, "audio"), (sender, "camera")])
        await until(lambda: there.shows(0, LARGE))
        network = LossyNetwork(viewer.subscriber._link.pc, loss_in=LOSS)
        seen = len(viewer.tiles["user0"].screen.seen)
        before = viewer.subscriber.downlink(now_s())

        def repaired() -> int:
            counters = viewer.subscriber.counters("user0")
            assert counters is not None
            pictures = counters.inbound_video
            assert pictures is not None
            return pictures.packets_missed - pictures.packets_lost if pictures.nack_count else 0

        # What we ask for later than Janus keeps it is gone, and a keyframe follows.
        await until(lambda: network.lost > LOST_PACKETS and repaired() > 0, limit_s=60)
        await until(lambda: len(viewer.tiles["user0"].screen.seen) > seen + 40)
        assert before.fraction_lost == 0
        assert viewer.subscriber.downlink(now_s()).fraction_lost > LOSS / 3
        there.check_pictures()


async def test_what_is_lost_on_the_way_to_janus_is_sent_again_to_it(tmp_path: Path) -> None:
    async with room(tmp_path) as there:
        sender, viewer = there.senders[0], there.viewer
        await viewer.subscribe(there.client, [(sender, "audio"), (sender, "camera")])
        await until(lambda: there.shows(0, LARGE))
        network = LossyNetwork(sender.publisher._link.pc, loss_out=LOSS)
        seen = len(viewer.tiles["user0"].screen.seen)

        def judged() -> bool:
            sender.publisher.estimate_path(now_s())
            counters = sender.publisher.counters()
            assert counters is not None
            assert counters.outbound_video is not None
            return (
                counters.outbound_video.remote_loss > 0 and counters.outbound_video.retransmitted_packets > 3
            )

        await until(lambda: judged() and network.lost > LOST_PACKETS)
        await until(lambda: len(viewer.tiles["user0"].screen.seen) > seen + 40)
        there.check_pictures()
