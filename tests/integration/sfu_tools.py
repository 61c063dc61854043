"""A scripted participant of SFU rooms: JSON over a WebSocket, and aiortc's own connections for the descriptions."""

from __future__ import annotations

import asyncio
import contextlib
import json
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType
from aiortc import (
    InvalidStateError,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack
from av import VideoFrame

from .server_tools import ANSWER_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from aiohttp import ClientWebSocketResponse

    from .server_tools import RunningServer

FRAME_S = 0.2
KINDS = ("audio", "camera", "thumbnail")


def _connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


async def _end(connection: RTCPeerConnection) -> None:
    """Close it, but not while it connects: aioice would leave a task behind."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2.0):
            while connection.connectionState == "connecting":  # noqa: ASYNC110 - aiortc has no event to await
                await asyncio.sleep(0.02)
    await connection.close()


class _Picture(MediaStreamTrack):
    """A small one, seldom: these tests are about the server."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._number = 0

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(FRAME_S)
        frame = VideoFrame(64, 48)
        frame.pts, frame.time_base = int(self._number * FRAME_S * 90_000), Fraction(1, 90_000)
        self._number += 1
        return frame


class SfuParticipant:
    """Joins, does what the server says, and remembers it. By default it wants everybody's sound and thumbnail."""

    def __init__(self, socket: ClientWebSocketResponse, user: str, *, obeys: bool = True) -> None:
        self.user = user
        self.obeys = obeys
        self.story: list[tuple[str, str, str]] = []
        self.messages: list[dict[str, Any]] = []
        self.epoch = 0
        self.others: list[str] = []
        self.feeds: list[tuple[str, str]] | None = None
        self.streams: list[dict[str, Any]] = []
        self.owners: list[dict[str, str | None]] = []
        self._socket = socket
        self._leaving = False
        self._publisher: RTCPeerConnection | None = None
        self._subscriber: RTCPeerConnection | None = None
        self._tracks: dict[str, MediaStreamTrack] = {}
        self._changed = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()

    # --- what it does ---------------------------------------------------------------------------

    async def send(self, **message: Any) -> None:
        with contextlib.suppress(ConnectionError):  # we may be leaving
            await self._socket.send_str(json.dumps(message))

    async def publish(self, kinds: Sequence[str] = KINDS) -> None:
        """Publish silence and a green picture, in place of what was published before."""
        old, self._publisher = self._publisher, _connection()
        for kind in kinds:
            self._publisher.addTrack(AudioStreamTrack() if kind == "audio" else _Picture())
        await self._publisher.setLocalDescription(await self._publisher.createOffer())
        tracks = [
            {"mid": transceiver.mid, "kind": kind}
            for transceiver, kind in zip(self._publisher.getTransceivers(), kinds, strict=True)
        ]
        sdp = self._publisher.localDescription.sdp
        await self.send(type="sfu-publish", epoch=self.epoch, sdp=sdp, tracks=tracks)
        if old is not None:
            await self.until(lambda: self._publisher_is("connected"))
            await _end(old)

    async def want(self, *feeds: tuple[str, str], restart: bool = False) -> None:
        """From now on these feeds and no others."""
        self.feeds = list(feeds)
        old = self._subscriber
        if restart:
            self._subscriber = None
        await self._subscribe(restart=restart)
        if restart and old is not None:
            await self.until(lambda: self._subscriber is not None)
            await _end(old)

    async def ready(self, *, ok: bool = True) -> None:
        await self.send(type="topology-ready", epoch=self.epoch, ok=ok)

    # --- what it sees ---------------------------------------------------------------------------

    def got(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    async def until(self, condition: Callable[[], object], limit_s: float = ANSWER_S) -> None:
        try:
            async with asyncio.timeout(limit_s):
                while not condition():
                    self._changed.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), 0.05)
        except TimeoutError:
            raise AssertionError(f"{self.user}: {self.story} {self.streams} {self.messages[-3:]}") from None

    async def until_told(self, mode: str, phase: str, reason: str, limit_s: float = ANSWER_S) -> None:
        """Until the last change was this one."""
        await self.until(lambda: self.story[-1] == (mode, phase, reason), limit_s)

    def gets(self, *feeds: tuple[str, str]) -> bool:
        """Whether exactly these feeds are on the m-lines."""
        return {(each["userId"], each["kind"]) for each in self.streams if each["active"]} == set(feeds)

    def everything(self) -> list[tuple[str, str]]:
        """What is wanted by default."""
        return [(user, kind) for user in self.others for kind in ("audio", "thumbnail")]

    def never_shows_somebody_else(self) -> bool:
        """Whether each m-line was inactive between two people."""
        shown: dict[str, str | None] = {}
        for owners in self.owners:
            for mid, user in owners.items():
                if user is not None and shown.get(mid) not in (None, user):
                    return False
            shown = owners
        return True

    async def frame(self, user: str, kind: str) -> Any:
        """The next frame of somebody's feed."""
        [mid] = [
            each["mid"]
            for each in self.streams
            if (each["userId"], each["kind"]) == (user, kind) and each["active"]
        ]
        async with asyncio.timeout(ANSWER_S):
            return await self._tracks[mid].recv()

    # --- inside ---------------------------------------------------------------------------------

    async def run(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                break
            parsed = json.loads(message.data)
            self.messages.append(parsed)
            if not self._leaving or parsed["type"] == "sfu-published":
                await self._take(parsed)
            self._changed.set()

    async def close(self) -> None:
        self._leaving = True
        for job in self._jobs:
            job.cancel()
        open_ = [each for each in (self._publisher, self._subscriber) if each is not None]
        await asyncio.gather(*(_end(each) for each in open_))

    async def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "welcome":
                self.others = [each["userId"] for each in message["participants"]]
                topology = message.get("topology") or {"mode": "mesh", "epoch": 0}
                self.story.append((topology["mode"], "commit", "joined"))
                self.epoch = topology["epoch"]
                if topology["mode"] == "sfu":
                    await self._enter()
            case "new-peer":
                self.others.append(message["userId"])
                if self.feeds is None and self._publisher is not None:
                    await self._subscribe()
            case "peer-left":
                self.others.remove(message["userId"])
            case "topology":
                self.story.append((message["mode"], message["phase"], message["reason"]))
                if message["phase"] == "prepare" and self.obeys:
                    self.epoch = message["epoch"]
                    if message["mode"] == "sfu":
                        await self._enter()
                    else:
                        await self.ready()
            case "sfu-published":
                answer = RTCSessionDescription(message["sdp"], "answer")
                if self._publisher is not None and self._publisher.signalingState == "have-local-offer":
                    await self._publisher.setRemoteDescription(answer)
            case "sfu-offer":
                await self._answer(message)
            case "sfu-streams":
                self._note(message["streams"])

    async def _enter(self) -> None:
        await self._leave()
        await self.publish()
        await self._subscribe()
        self._start(self._say_ready())

    async def _leave(self) -> None:
        open_ = [each for each in (self._publisher, self._subscriber) if each is not None]
        await asyncio.gather(*(_end(each) for each in open_))
        self._publisher = self._subscriber = None
        self.streams = []

    async def _say_ready(self) -> None:
        epoch = self.epoch

        def complete() -> bool:
            seen = {each["userId"] for each in self.streams if each["active"]}
            return epoch != self.epoch or (self._publisher_is("connected") and seen >= set(self.others))

        await self.until(complete, limit_s=60)
        if epoch == self.epoch:
            await self.ready()

    async def _subscribe(self, *, restart: bool = False) -> None:
        feeds = self.feeds
        if feeds is None:
            feeds = self.everything()
        wanted = [{"userId": user, "kind": kind} for user, kind in feeds]
        await self.send(type="sfu-subscribe", epoch=self.epoch, feeds=wanted, restart=restart)

    async def _answer(self, message: dict[str, Any]) -> None:
        if self._subscriber is None:
            self._subscriber = _connection()
            self._tracks = {}
            self.owners.append({})
        subscriber = self._subscriber
        try:
            await subscriber.setRemoteDescription(RTCSessionDescription(message["sdp"], "offer"))
            await subscriber.setLocalDescription(await subscriber.createAnswer())
        except InvalidStateError:
            if not self._leaving:
                raise
            return  # it was closed meanwhile
        for transceiver in subscriber.getTransceivers():
            self._tracks[str(transceiver.mid)] = transceiver.receiver.track
        sdp = subscriber.localDescription.sdp
        await self.send(type="sfu-answer", epoch=message["epoch"], number=message["number"], sdp=sdp)
        self._note(message["streams"])

    def _note(self, streams: list[dict[str, Any]]) -> None:
        self.streams = streams
        self.owners.append({each["mid"]: each["userId"] if each["active"] else None for each in streams})

    def _publisher_is(self, state: str) -> bool:
        return self._publisher is not None and self._publisher.connectionState == state

    def _start(self, job: Any) -> None:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)


@asynccontextmanager
async def participant(
    server: RunningServer, user: str, *, room: str = "room", capable: bool = True, obeys: bool = True
) -> AsyncIterator[SfuParticipant]:
    """Somebody in a room, until the block ends."""
    async with server.http.ws_connect(server.url(), max_msg_size=0) as socket:
        somebody = SfuParticipant(socket, user, obeys=obeys)
        reader = asyncio.create_task(somebody.run())
        try:
            capabilities = ["sfu"] if capable else []
            await somebody.send(type="join-room", roomId=room, userId=user, capabilities=capabilities)
            await somebody.until(lambda: somebody.messages)
            yield somebody
        finally:
            await somebody.close()
            await socket.close()
            await reader
            await somebody.close()  # what was begun meanwhile


@asynccontextmanager
async def participants(
    server: RunningServer, *users: str, room: str = "room"
) -> AsyncIterator[list[SfuParticipant]]:
    """Several of them, who come one after the other."""
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(participant(server, user, room=room)) for user in users]
