"""Many participants who only send, in one process: python -m tests.bench.room_publishers --server URL --count 10

Each has a signaling connection of its own and publishes pre-encoded sound, camera and thumbnail to the SFU, what of it
somebody watches. They have no direct connections among themselves; somebody else in the room gets an ordinary one from
each of them, which carries no media. They speak in turn. With --watch each also subscribes to all of the others, as a
window would, and lets what comes fall (room_watchers.py). Prints one JSON object a line, ends with SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import signal
import sys
import time
from typing import TYPE_CHECKING

from desktop_app.core.tasks import TaskOwner
from desktop_app.data.channels import CHANNELS
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.protocol.messages import NewPeer, ParticipantInfo, PeerLeft, PeerSignal
from desktop_app.protocol.topology import (
    AudioLevel,
    SfuAnswer,
    SfuFailed,
    SfuOffer,
    SfuPublish,
    SfuPublished,
    SfuSubscribe,
    SfuWatched,
    Topology,
    TopologyReady,
    Track,
    WantedFeed,
)
from desktop_app.rtc.audio_playout import AudioPlayout
from desktop_app.rtc.connection import LocalFeeds, RemoteSinks
from desktop_app.rtc.encoded_feed import EncodedFeed
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.peer import Peer
from desktop_app.signaling.client import SignalingClient
from desktop_app.signaling.machine import SignalingMachine

from .room_media import LoopPublisher
from .room_watchers import DeafSubscriber, wanted

if TYPE_CHECKING:
    from desktop_app.protocol.messages import ServerMessage

PREFIX = "pub-"
CONNECT_LIMIT_S = 20.0
SPEECH_S, LEVEL_INTERVAL_S, SPEECH_DBOV = 4.0, 0.5, -25
JOIN_INTERVAL_S = 0.1


class Publisher:
    """One participant."""

    def __init__(self, url: str, room: str, number: int, watches: int) -> None:
        """`watches`: to how many (all) it subscribes; 0 to none."""
        self.name = name_of(number)
        self._watches = watches
        self._subscriber: DeafSubscriber | None = None
        self.machine = SignalingMachine(ParticipantInfo(self.name, f"Participant {number}"), room)
        self._client = SignalingClient(
            self.machine, url, on_message=self._received, on_lost=lambda why: say("lost", why=why)
        )
        self._tasks = TaskOwner(self.name)
        self._publisher: LoopPublisher | None = None
        self._ended: list[Peer] = []
        self._peers: dict[str, Peer] = {}
        self._epoch = 0
        self._preparing = False
        self._answering = asyncio.Lock()

    async def join(self) -> None:
        """Enter the room."""
        welcome = await self._client.connect()
        self._received(welcome.topology)

    async def leave(self) -> None:
        """Leave it, and let everything end."""
        await self._client.close()
        self._drop_publisher()
        if self._subscriber is not None:
            await self._subscriber.close()
        for user_id in list(self._peers):
            self._drop_peer(user_id)
        for each in self._ended:
            await each.wait_closed()
        await self._tasks.drain()

    def speak(self, dbov: int) -> None:
        """Tell how loud we are."""
        self.machine.say(AudioLevel(dbov))
        self._client.flush()

    # --- what the server says -------------------------------------------------------------------

    def _received(self, message: ServerMessage) -> None:
        match message:
            case Topology(epoch=epoch, mode="sfu", phase="prepare" | "commit" as phase):
                self._preparing = phase == "prepare"
                if self._publisher is None or epoch != self._epoch:
                    self._epoch = epoch
                    self._tasks.spawn(self._publish(), name="publish")
            case (
                Topology(epoch=epoch, mode="mesh", phase="commit")
                | Topology(epoch=epoch, mode="sfu", phase="abort")
            ):
                self._epoch = epoch
                self._drop_publisher()
            case Topology(epoch=epoch, mode="mesh", phase="prepare"):
                self.machine.say(TopologyReady(epoch, ok=True))  # we have nothing to bring up
                self._client.flush()
            case SfuPublished(epoch=epoch, sdp=sdp) if epoch == self._epoch and self._publisher is not None:
                self._tasks.spawn(self._published(self._publisher, sdp), name="published")
            case SfuWatched(kinds=kinds) if self._publisher is not None:
                self._publisher.watched(kinds)
            case SfuOffer(epoch=epoch, number=number, sdp=sdp) if epoch == self._epoch:
                self._tasks.spawn(self._answer(number, sdp), name="answer")
            case SfuFailed(code=code, message=text):
                say("sfu-failed", user=self.name, code=code, message=text)
            case NewPeer(participant=info) if not info.user_id.startswith(PREFIX):
                self._peer(info.user_id).make_call()
            case PeerSignal(from_user_id=user_id, data=data) if not user_id.startswith(PREFIX):
                self._peer(user_id).handle_signal(data)
            case PeerLeft(user_id=user_id):
                self._drop_peer(user_id)

    async def _publish(self) -> None:
        self._drop_publisher()
        self._publisher = LoopPublisher()
        sdp, kinds = await self._publisher.offer()
        self.machine.say(SfuPublish(self._epoch, sdp, tuple(Track(mid, kind) for mid, kind in kinds)))
        self._client.flush()

    async def _answer(self, number: int, sdp: str) -> None:
        async with self._answering:
            if self._subscriber is None:
                self._subscriber = DeafSubscriber()
            answer = await self._subscriber.answer(sdp)
            self.machine.say(SfuAnswer(self._epoch, number, answer))
            self._client.flush()

    def _subscribe(self) -> None:
        feeds = wanted(self.name, [name_of(number) for number in range(self._watches)])
        self.machine.say(SfuSubscribe(self._epoch, tuple(WantedFeed(*feed) for feed in feeds)))
        self._client.flush()

    async def _published(self, publisher: LoopPublisher, sdp: str) -> None:
        await publisher.take_answer(sdp)
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await publisher.connected.wait()
        except TimeoutError:
            say("publish-failed", user=self.name)
            return
        say("published", user=self.name)
        if self._watches:
            self._subscribe()
        if self._preparing:  # nobody's media is waited for: it is not looked at
            self.machine.say(TopologyReady(self._epoch, ok=True))
            self._client.flush()

    def _drop_publisher(self) -> None:
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            self._tasks.spawn(publisher.close(), name="close")

    # --- direct connections ---------------------------------------------------------------------

    def _peer(self, user_id: str) -> Peer:
        if user_id not in self._peers:
            self._peers[user_id] = Peer(
                user_id,
                ice=IceConfiguration(),
                local=LocalFeeds(EncodedFeed(max_frames=1), None),  # nothing is ever in it
                remote=RemoteSinks(AudioPlayout(), FrameSlot(), lambda: None),
                send_signal=lambda data: self._signal(user_id, data),
                on_state=lambda state, reason: say("peer", user=self.name, state=state.value, reason=reason),
                channels=CHANNELS,
            )
        return self._peers[user_id]

    def _signal(self, user_id: str, data: object) -> None:
        self.machine.signal(user_id, data)  # type: ignore[arg-type]
        self._client.flush()

    def _drop_peer(self, user_id: str) -> None:
        if (peer := self._peers.pop(user_id, None)) is not None:
            peer.hang_up()
            self._ended.append(peer)


def name_of(number: int) -> str:
    """The user id of publisher `number`."""
    return f"{PREFIX}{number:02d}"


def say(event: str, **fields: object) -> None:
    """Print an event."""
    print(json.dumps({"t": round(time.time(), 3), "event": event, **fields}), flush=True)


async def take_turns(publishers: list[Publisher]) -> None:
    """One after the other is the loudest."""
    for speaker in itertools.cycle(publishers):
        for _ in range(round(SPEECH_S / LEVEL_INTERVAL_S)):
            speaker.speak(SPEECH_DBOV)
            await asyncio.sleep(LEVEL_INTERVAL_S)
        speaker.speak(-127)


async def run(options: argparse.Namespace) -> None:
    """Until we are asked to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watches = options.count if options.watch else 0
    publishers = [Publisher(options.server, options.room, number, watches) for number in range(options.count)]
    for publisher in publishers:
        await publisher.join()
        say("joined", user=publisher.name)
        await asyncio.sleep(JOIN_INTERVAL_S)
    speaking = asyncio.create_task(take_turns(publishers))
    await stop.wait()
    speaking.cancel()
    await asyncio.gather(speaking, *(each.leave() for each in publishers), return_exceptions=True)


def main() -> int:
    """Parse, run, end."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--room", default="bench")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--watch", action="store_true", help="subscribe to one another")
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(run(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
