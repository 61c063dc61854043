"""Whole sessions, devices and all, in rooms of a real server."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import pytest

from desktop_app.call import call as call_module
from desktop_app.call.call import JoinRequest
from desktop_app.call.events import (
    CallEvent,
    CallState,
    CallStateChanged,
    FirstFrame,
    LocalMuteChanged,
    MicrophoneLevel,
    ParticipantChanged,
    ParticipantGone,
    ParticipantJoined,
    PeerStateChanged,
    StatsUpdated,
)
from desktop_app.call.media_config import MediaConfig
from desktop_app.call.picture_signal import picture_signal
from desktop_app.call.session import Session
from desktop_app.media.video_source import VideoFormat
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.quality.assignment import Encoding
from desktop_app.rtc.state import PeerState
from desktop_app.server.hosting import HostedServer
from desktop_app.signaling.errors import ConnectError

from .peer_tools import collect_garbage, open_files, until
from .server_tools import running_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.stats.model import CallStats

E = TypeVar("E")
MEDIA = MediaConfig(
    camera="test",
    video_format=VideoFormat(160, 120, 15),
    microphone="test",
    speaker="none",
    echo_cancellation=False,
    noise_suppression=False,
    automatic_gain=False,
)
CONNECTED, FAILED = PeerState.CONNECTED, PeerState.FAILED


@dataclass(slots=True)
class Participant:
    """A session and everything that it told."""

    name: str
    url: str
    session: Session = field(default_factory=Session)
    events: list[CallEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session.events.subscribe(self.events.append)

    async def join(self, room: str = "room") -> None:
        """Enter a room."""
        await self.session.join(JoinRequest(self.url, room, ParticipantInfo(self.name, self.name.title())))

    def told(self, kind: type[E]) -> list[E]:
        """All events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def call_states(self) -> list[CallState]:
        """The states of the call, in order."""
        return [event.state for event in self.told(CallStateChanged)]

    def peer_states(self, user_id: str) -> list[PeerState]:
        """The states of one peer, in order."""
        return [event.state for event in self.told(PeerStateChanged) if event.user_id == user_id]

    def picture_of(self, user_id: str) -> FrameSlot:
        """Where the other's picture is."""
        return self.session.remote_video(user_id)

    async def until_seen_and_heard(self, user_id: str) -> None:
        """Wait for a first picture and a first sound."""
        await until(
            lambda: (
                {event.kind for event in self.told(FirstFrame) if event.user_id == user_id}
                == {"audio", "video"}
            )
        )

    async def until_moving(self, user_id: str) -> None:
        """Wait until the other's picture has changed a few times."""
        slot = self.picture_of(user_id)
        newest = slot.newest()
        serial = 0 if newest is None else newest.serial
        await until(lambda: (now := slot.newest()) is not None and now.serial >= serial + 5)


def is_moving(stats: CallStats) -> bool:
    """Whether Alice's camera works and her pictures come."""
    video = stats.peers["alice"].inbound_video
    return stats.local.camera_fps > 5 and video is not None and video.frames_per_second > 5


def nameless(info: ParticipantInfo) -> ParticipantInfo:
    """Without what every call makes up anew."""
    assert info.instance
    return replace(info, instance="")


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """The address of a real server."""
    async with running_server() as server:
        yield server.url().replace("http", "ws")


@contextlib.asynccontextmanager
async def people(
    url: str, *names: str, media: MediaConfig | None = MEDIA
) -> AsyncIterator[list[Participant]]:
    """Participants with open devices who are not in a room yet."""
    made = [Participant(name, url) for name in names]
    try:
        for each in made:
            if media is not None:
                await each.session.apply(media)
        yield made
    finally:
        for each in made:
            await each.session.close()


async def test_two_people_meet_see_hear_and_part(url: str) -> None:
    async with people(url, "alice", "bob") as (alice, bob):
        await alice.join()
        await bob.join()
        await alice.until_seen_and_heard("bob")
        await bob.until_seen_and_heard("alice")
        await alice.until_moving("bob")
        assert [nameless(event.participant) for event in alice.told(ParticipantJoined)] == [
            ParticipantInfo("bob", "Bob")
        ]
        assert [nameless(event.participant) for event in bob.told(ParticipantJoined)] == [
            ParticipantInfo("alice", "Alice")
        ]
        assert all(event.since_join_ms > 0 for event in alice.told(FirstFrame) + bob.told(FirstFrame))
        assert alice.told(MicrophoneLevel)
        await until(lambda: any(is_moving(event.stats) for event in bob.told(StatsUpdated)[2:]))
        stats = next(event.stats for event in bob.told(StatsUpdated)[2:] if is_moving(event.stats))
        peer = stats.peers["alice"]
        assert peer.state == "connected"
        assert peer.inbound_video is not None
        assert peer.inbound_audio is not None
        assert peer.outbound_video is not None
        assert (peer.inbound_video.frame_width, peer.inbound_video.frame_height) == (160, 120)
        assert peer.inbound_audio.audio_level > 0.01
        assert peer.outbound_video.kbps > 1
        assert stats.local.microphone_level > 0.01
        assert stats.local.rss_mb > 10

        await bob.session.leave()
        await until(lambda: bool(alice.told(ParticipantGone)))
        assert bob.session.call is None
        assert bob.call_states() == [CallState.JOINING, CallState.IN_CALL, CallState.IDLE]
        assert bob.peer_states("alice") == [PeerState.CONNECTING, CONNECTED, PeerState.CLOSED]
        await alice.session.leave()
        assert alice.call_states() == [CallState.JOINING, CallState.IN_CALL, CallState.IDLE]
        assert alice.told(ParticipantGone) == [ParticipantGone("bob")]


async def test_three_people_one_of_whom_comes_later_and_goes_earlier(url: str) -> None:
    async with people(url, "alice", "bob", "carol") as (alice, bob, carol):
        await alice.join()
        await bob.join()
        await carol.join()
        for one in (alice, bob, carol):
            for other in (alice, bob, carol):
                if one is not other:
                    await one.until_seen_and_heard(other.name)
        # One encoder serves both others: their paths are alike.
        counters = alice.session.media.video_encoders[Encoding.HIGH].counters
        assert counters.frames_encoded > 0
        await carol.session.leave()
        await until(lambda: bool(alice.told(ParticipantGone)) and bool(bob.told(ParticipantGone)))
        await alice.until_moving("bob")
        assert alice.peer_states("bob") == [PeerState.CONNECTING, CONNECTED]
        await carol.join()
        await until(lambda: carol.peer_states("alice").count(CONNECTED) == 2)
        await carol.until_moving("alice")


async def test_muting_is_told_sound_becomes_silence_and_the_picture_goes_away(url: str) -> None:
    async with people(url, "alice", "bob") as (alice, bob):
        await alice.join()
        await bob.join()
        await bob.until_seen_and_heard("alice")
        await alice.session.set_muted("audio", True)
        await alice.session.set_muted("video", True)
        assert alice.told(LocalMuteChanged) == [
            LocalMuteChanged("audio", True),
            LocalMuteChanged("video", True),
        ]
        muted = ParticipantInfo("alice", "Alice", audio_muted=True, video_muted=True)
        await until(lambda: muted in [nameless(each.participant) for each in bob.told(ParticipantChanged)])
        await until(lambda: bob.picture_of("alice").newest() is None)
        assert alice.session.media.slot.newest() is None

        def silent() -> bool:
            audio = bob.told(StatsUpdated)[-1].stats.peers["alice"].inbound_audio
            return audio is not None and audio.audio_level < 0.001 and audio.kbps > 0

        await until(lambda: bool(bob.told(StatsUpdated)) and silent())
        await alice.session.set_muted("audio", False)
        await alice.session.set_muted("video", False)
        await bob.until_moving("alice")
        await until(lambda: not silent())
        video = bob.told(StatsUpdated)[-1].stats.peers["alice"].inbound_video
        assert video is not None
        assert video.freeze_count == 0
        assert alice.peer_states("bob") == [PeerState.CONNECTING, CONNECTED]


async def test_a_picture_that_is_withheld_counts_as_muted_to_whom_it_is_told(url: str) -> None:
    async with people(url, "alice", "bob") as (alice, bob):
        await alice.join()
        await bob.join()
        await bob.until_seen_and_heard("alice")
        call = alice.session.call
        assert call is not None

        def told() -> list[bool]:
            return [event.participant.video_muted for event in bob.told(ParticipantChanged)]

        call._send_signal("bob", picture_signal(False))
        call._send_signal("bob", picture_signal(False))
        await until(lambda: told() == [True])
        call._send_signal("bob", picture_signal(True))
        await until(lambda: told() == [True, False])
        await bob.until_moving("alice")


async def test_somebody_without_camera_and_microphone_says_so_and_sees_the_others(url: str) -> None:
    async with people(url, "alice") as (alice,), people(url, "bob", media=None) as (bob,):
        await bob.session.apply(MediaConfig(camera="none", microphone="none", speaker="none"))
        await alice.join()
        await bob.join()
        await until(lambda: bool(alice.told(ParticipantJoined)))
        bob_seen = alice.told(ParticipantJoined)[0].participant
        assert nameless(bob_seen) == ParticipantInfo("bob", "Bob", audio_muted=True, video_muted=True)
        await bob.until_seen_and_heard("alice")
        assert alice.picture_of("bob").newest() is None


async def test_a_refused_join_is_told_in_words_and_the_next_one_works(url: str) -> None:
    async with people(url, "alice", "alice", media=None) as (first, second):
        await first.join()
        with pytest.raises(ConnectError) as raised:
            await second.join()
        assert raised.value.code == "user-id-taken"
        assert second.session.call is None
        assert second.call_states() == [CallState.JOINING, CallState.IDLE]
        await second.join("another room")
        assert second.call_states()[-1] is CallState.IN_CALL


async def test_the_second_of_two_hasty_joins_counts(url: str) -> None:
    async with people(url, "alice", media=None) as (alice,):
        first = asyncio.create_task(alice.join("one"))
        await asyncio.sleep(0)
        await alice.join("two")
        with contextlib.suppress(ConnectError):
            await first
        assert alice.session.call is not None
        assert alice.told(CallStateChanged)[-1].state is CallState.IN_CALL
        assert alice.told(CallStateChanged)[-1].room_id == "two"


async def test_a_join_that_is_cancelled_leaves_no_call_behind(url: str) -> None:
    async with people(url, "alice", "alice", media=None) as (alice, again):
        joining = asyncio.create_task(alice.join())
        for _ in range(3):
            await asyncio.sleep(0)
        joining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await joining
        assert alice.session.call is None
        await again.join()


async def test_a_failed_peer_is_called_again_by_who_called_first(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_module, "REDIAL_DELAYS_S", (0.05,))
    async with people(url, "alice", "bob") as (alice, bob):
        await alice.join()
        await bob.join()
        await bob.until_seen_and_heard("alice")
        call = bob.session.call
        assert call is not None
        call.participants["alice"].peer._fail("for the test")
        await until(lambda: bob.peer_states("alice").count(CONNECTED) == 2)
        await bob.until_moving("alice")
        await alice.until_moving("bob")
        assert alice.peer_states("bob") == [
            PeerState.CONNECTING,
            CONNECTED,
            FAILED,
            PeerState.CONNECTING,
            CONNECTED,
        ]


async def test_the_call_goes_on_without_its_server_and_finds_it_again() -> None:
    server = HostedServer()
    port = await server.start("127.0.0.1", 0)
    async with people(f"ws://127.0.0.1:{port}/ws", "alice", "bob") as (alice, bob):
        await alice.join()
        await bob.join()
        await alice.until_seen_and_heard("bob")
        await server.stop()
        await until(
            lambda: (
                CallState.SERVER_LOST in alice.call_states() and CallState.SERVER_LOST in bob.call_states()
            )
        )
        lost = alice.told(CallStateChanged)[-1]
        assert lost.reason.startswith("The connection to the server was lost.")
        await alice.until_moving("bob")
        assert alice.peer_states("bob") == [PeerState.CONNECTING, CONNECTED]

        server = HostedServer()
        await server.start("127.0.0.1", port)
        try:
            for one, other in ((alice, "bob"), (bob, "alice")):
                await until(lambda one=one: one.call_states()[-1] is CallState.IN_CALL)  # type: ignore[misc]
                await one.until_moving(other)
            # Whom both had before they still have: the connection has never needed the server.
            for one, other in ((alice, "bob"), (bob, "alice")):
                assert one.peer_states(other) == [PeerState.CONNECTING, CONNECTED]
                assert one.told(ParticipantGone) == []
                assert len(one.told(ParticipantJoined)) == 1
        finally:
            await alice.session.leave()
            await bob.session.leave()
            await server.stop()


async def test_leaving_while_the_server_is_away_ends_the_search() -> None:
    server = HostedServer()
    port = await server.start("127.0.0.1", 0)
    async with people(f"ws://127.0.0.1:{port}/ws", "alice", media=None) as (alice,):
        await alice.join()
        await server.stop()
        await until(lambda: CallState.SERVER_LOST in alice.call_states())
        await alice.session.leave()
        assert alice.call_states()[-1] is CallState.IDLE


async def test_a_leave_while_the_connection_is_lost_is_told_when_the_server_can_be_reached(url: str) -> None:
    async with people(url, "alice", media=None) as (alice,), people(url, "bob", media=None) as (bob,):
        await alice.join()
        await bob.join()
        await until(lambda: bool(alice.told(ParticipantJoined)))
        call = bob.session.call
        assert call is not None
        line = call._line
        line._tasks.spawn = lambda coroutine, name: coroutine.close()  # type: ignore[assignment, method-assign, misc]
        line._lost("The connection to the server was lost.")
        assert bob.call_states()[-1] is CallState.SERVER_LOST
        await bob.session.leave()
        # At once, and not when the server gives up waiting for him.
        await until(lambda: bool(alice.told(ParticipantGone)))


async def test_a_doubtful_connection_is_tested_and_made_anew_at_once(url: str) -> None:
    async with people(url, "alice", media=None) as (alice,), people(url, "bob", media=None) as (bob,):
        await alice.join()
        await bob.join()
        call = bob.session.call
        assert call is not None
        call._line.check_now()  # all is well
        client = call._line._client
        assert client is not None
        assert client._check is not None
        await client._check
        assert CallState.SERVER_LOST not in bob.call_states()
        socket = client._socket
        assert socket is not None

        async def swallowed() -> None:
            """A ping that never arrives."""

        # Whatever is heard shows that the connection lives: no signals may be on their way any more.
        await until(lambda: CONNECTED in bob.peer_states("alice") and CONNECTED in alice.peer_states("bob"))
        socket.ping = swallowed  # type: ignore[assignment, method-assign]
        call._line.check_now()
        await until(lambda: bob.call_states()[-2:] == [CallState.SERVER_LOST, CallState.IN_CALL])
        assert alice.told(ParticipantGone) == bob.told(ParticipantGone) == []


def held() -> tuple[int, int, int]:
    """Files, tasks and threads of this process."""
    return open_files(), len(asyncio.all_tasks()), threading.active_count()


async def test_ten_calls_of_one_session_leave_nothing_behind(url: str) -> None:
    async with people(url, "alice", "bob") as (alice, bob):

        async def call() -> None:
            alice.events.clear()
            bob.events.clear()
            await alice.join()
            await bob.join()
            await alice.until_seen_and_heard("bob")
            await bob.session.leave()
            await alice.session.leave()

        await call()
        await until(lambda: len(alice.session._tasks) == len(bob.session._tasks) == 0)
        collect_garbage()
        before = held()
        for _ in range(10):
            await call()
        await until(lambda: len(alice.session._tasks) == len(bob.session._tasks) == 0)
        collect_garbage()
        await until(lambda: all(now <= then for now, then in zip(held(), before, strict=True)))


async def test_a_session_that_is_closed_in_a_call_ends_everything(url: str) -> None:
    threads = threading.active_count()
    async with people(url, "alice", "bob") as (alice, bob):
        await alice.join()
        await bob.join()
        await alice.until_seen_and_heard("bob")
    await until(lambda: threading.active_count() <= threads + 1)  # asyncio's own executor may stay
    assert alice.call_states()[-1] is CallState.IDLE
    assert bob.call_states()[-1] is CallState.IDLE
