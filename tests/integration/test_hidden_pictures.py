"""Who is not on screen in a room with an SFU has no picture, and none of before when they are on screen again."""

from __future__ import annotations

import time

import av

from desktop_app.call.local_media import LocalMedia
from desktop_app.call.remote_participant import RemoteParticipant
from desktop_app.call.topology.control import TopologyControl
from desktop_app.call.topology.view import View
from desktop_app.data.hub import DataHub
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.protocol.topology import Topology
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.patience import Patience


async def test_who_is_hidden_loses_the_picture() -> None:
    hub = DataHub((), now_s=time.monotonic, now_ms=lambda: 1000 * time.time())
    media = LocalMedia(lambda _event: None, None)
    control = TopologyControl(
        media=media,
        ice=IceConfiguration,
        say=lambda _message: None,
        emit=lambda _event: None,
        patience=Patience(),
    )
    slot = FrameSlot()
    bob = RemoteParticipant(
        ParticipantInfo("bob", "Bob"),
        slot=slot,
        mixer=media.mixer,
        ice=IceConfiguration(),
        local=media.feeds,
        send_signal=lambda _data: None,
        on_state=lambda _state, _reason: None,
        on_first_frame=lambda _kind: None,
        on_dark=lambda: None,
        on_certificates=lambda _pair: None,
        link=hub.join("bob"),
    )
    picture = av.VideoFrame(16, 16, "yuv420p")
    try:
        control.show(View(("bob",)))
        control.add(bob)
        control.received(Topology(1, "sfu", "commit", "participants"))
        slot.put(picture)
        control.show(View())
        assert slot.newest() is None
        slot.put(picture)  # was on its way
        assert slot.newest() is None
        bob.update(ParticipantInfo("bob", "Bob", video_muted=True))
        bob.update(ParticipantInfo("bob", "Bob"))
        slot.put(picture)
        assert slot.newest() is None
        control.show(View((), ("bob",)))
        assert slot.newest() is None
        slot.put(picture)
        assert slot.newest() is not None
        control.show(View())
        control.received(Topology(2, "mesh", "commit", "sfu-lost"))
        slot.put(picture)
        assert slot.newest() is not None, "everybody is seen in a mesh"
    finally:
        control.close()
        bob.hang_up()
        await control.wait_closed()
        await bob.peer.wait_closed()
        await media.close()
