"""Shared screens in a room of real sessions, a real server and a real Janus: each in its own place, in mesh and SFU."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from desktop_app.call.call import JoinRequest
from desktop_app.call.events import CallEvent, LocalScreenChanged, TopologyChanged
from desktop_app.call.media_config import MediaConfig
from desktop_app.call.session import NoCallError, Session
from desktop_app.media.errors import DeviceError
from desktop_app.media.video_source import VideoFormat
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.server.topology.coordinator import Rules
from tests.integration.server_tools import running_server
from tests.janus import PROGRAM, JanusProcess
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from desktop_app.media.frame_slot import FrameSlot

COLOURS = {
    "ann's camera": (200, 30, 30),
    "ann's screen": (30, 180, 30),
    "bob's camera": (30, 30, 200),
    "bob's screen": (200, 190, 40),
    "cat's camera": (190, 40, 190),
    "cat's screen": (40, 190, 190),
}


def write_colour(folder: Path, name: str) -> str:
    path = folder / f"{name}.png"
    red, green, blue = COLOURS[name]
    cv2.imwrite(str(path), np.full((360, 640, 3), (blue, green, red), dtype=np.uint8))
    return str(path)


class Seen:
    """Everything that was ever shown in a slot."""

    def __init__(self, slot: FrameSlot) -> None:
        self.names: list[str] = []
        """The colour of each picture that was looked at; "" when there was none."""
        self._slot = slot
        slot.subscribe(self._changed)

    def _changed(self) -> None:
        newest = self._slot.newest()
        if newest is None:
            self.names.append("")
            return
        luma, u, v = newest.frame.planes
        height, width = newest.frame.height, newest.frame.width
        y, cb, cr = (
            memoryview(plane)[plane.line_size * (plane.height // 2) + plane.width // 2]
            for plane in (luma, u, v)
        )
        assert (width, height) != (0, 0)
        rgb = np.array(
            [y + 1.402 * (cr - 128), y - 0.344 * (cb - 128) - 0.714 * (cr - 128), y + 1.772 * (cb - 128)]
        )
        self.names.append(min(COLOURS, key=lambda name: float(np.abs(rgb - COLOURS[name]).sum())))

    @property
    def now(self) -> str:
        """What is shown now; empty for nothing."""
        return self.names[-1] if self.names else ""


class Person:
    """A session in the room."""

    def __init__(self, folder: Path, url: str, name: str) -> None:
        self.name = name
        self.session = Session()
        self.events: list[CallEvent] = []
        self.session.events.subscribe(self.events.append)
        self._folder = folder
        self._url = url
        self._seen: dict[tuple[str, str], Seen] = {}

    async def join(self) -> None:
        await self.session.apply(
            MediaConfig(
                camera=write_colour(self._folder, f"{self.name}'s camera"),
                video_format=VideoFormat(160, 120, 15),
                microphone="test",
                speaker="none",
            )
        )
        await self.session.join(JoinRequest(self._url, "room", ParticipantInfo(self.name, self.name)))

    async def share(self) -> None:
        await self.session.share_screen(write_colour(self._folder, f"{self.name}'s screen"))

    def screen_of(self, name: str) -> Seen:
        return self._seen.setdefault((name, "screen"), Seen(self.session.remote_screen(name)))

    def camera_of(self, name: str) -> Seen:
        return self._seen.setdefault((name, "camera"), Seen(self.session.remote_video(name)))

    @property
    def mode(self) -> str:
        call = self.session.call
        return "" if call is None else call.topology.mode

    def shows_screen(self, name: str) -> bool:
        call = self.session.call
        return call is not None and name in call.participants and call.participants[name].info.screen

    async def sees_screen(self, name: str) -> None:
        """Wait until their screen is shown, by pictures that come from now on."""
        seen = self.screen_of(name)
        before = len(seen.names)
        await until(lambda: f"{name}'s screen" in seen.names[before:] and seen.now == f"{name}'s screen")

    async def sees_camera(self, name: str) -> None:
        seen = self.camera_of(name)
        await until(lambda: seen.now == f"{name}'s camera")


@pytest.mark.needs_program(PROGRAM)
async def test_screens_stay_with_their_people_from_mesh_to_sfu_and_back(tmp_path: Path) -> None:
    async with (
        JanusProcess(tmp_path) as janus,
        running_server(janus=(janus.address,), rules=Rules(threshold=3, hysteresis_s=0.5)) as server,
        AsyncExitStack() as stack,
    ):
        await server.wait_for_gauge("bridgecall_janus_nodes_up", 1)

        def person(name: str) -> Person:
            made = Person(tmp_path, server.url().replace("http", "ws"), name)
            stack.push_async_callback(made.session.close)
            return made

        ann, bob, cat = person("ann"), person("bob"), person("cat")
        with pytest.raises(NoCallError):
            await ann.share()
        await ann.join()
        await bob.join()
        await bob.sees_camera("ann")
        await ann.share()
        assert LocalScreenChanged(True) in ann.events
        await bob.sees_screen("ann")
        assert bob.shows_screen("ann")
        assert bob.mode == "mesh"
        assert bob.camera_of("ann").now == "", "one line, one picture"
        before = len(bob.screen_of("ann").names)

        await cat.join()  # the third: the SFU takes over
        await until(lambda: {each.mode for each in (ann, bob, cat)} == {"sfu"})
        assert "" not in bob.screen_of("ann").names[before:], "it was there all the time"
        await cat.sees_screen("ann")
        await bob.sees_screen("ann")
        await cat.sees_camera("ann")
        await bob.sees_camera("ann")
        await bob.share()
        await asyncio.gather(cat.sees_screen("bob"), ann.sees_screen("bob"), cat.sees_camera("bob"))

        # People and screens come and go.
        await ann.session.share_screen(None)
        await until(lambda: cat.screen_of("ann").now == "" and not cat.shows_screen("ann"))
        await cat.share()
        await asyncio.gather(ann.sees_screen("cat"), bob.sees_screen("cat"))
        await ann.share()
        await asyncio.gather(cat.sees_screen("ann"), bob.sees_screen("ann"))
        for each in (ann, bob, cat):
            for name in ("ann", "bob", "cat"):
                shown = set(each.screen_of(name).names) | set(each.camera_of(name).names)
                assert shown <= {"", f"{name}'s screen", f"{name}'s camera"}, (each.name, name)

        before = len(bob.screen_of("ann").names)
        await cat.session.leave()
        assert LocalScreenChanged(False) in cat.events
        await until(lambda: {each.mode for each in (ann, bob)} == {"mesh"})
        await asyncio.gather(bob.sees_screen("ann"), ann.sees_screen("bob"))
        assert "" not in bob.screen_of("ann").names[before:]
        assert [event.mode for event in bob.events if isinstance(event, TopologyChanged)].count("sfu") >= 1
        await ann.session.share_screen(None)
        await bob.sees_camera("ann")
        with pytest.raises(DeviceError, match="does not exist"):
            await ann.session.share_screen(str(tmp_path / "missing.png"))
        assert not bob.shows_screen("ann")
