"""Two of our data transports, joined by links of tests/netlab in place of DTLS and ICE."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, cast

from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcsctptransport import RTCSctpCapabilities

from desktop_app.rtc.aiortc_internals import DataTransport
from tests.netlab.links import Conditions, Link

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeDtls:
    """As much of an RTCDtlsTransport as an SCTP transport asks for; it hands packets to a link."""

    state = "connected"

    def __init__(self, role: str) -> None:
        self._role = role
        self.receiver: Any = None

    def _register_data_receiver(self, receiver: Any) -> None:
        self.receiver = receiver

    def _unregister_data_receiver(self, _receiver: Any) -> None:
        self.receiver = None


class Transport(DataTransport):
    """A data transport whose packets go over a link."""

    def __init__(self, role: str, link: Link, chance: Callable[[], float]) -> None:
        super().__init__(cast("Any", FakeDtls(role)))
        self.link = link
        self.peer: Transport = self
        self.sent: list[bytes] = []
        self.keep_sent = False
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()

    def _write_packet(self, packet: bytes) -> None:
        if self.keep_sent:
            self.sent.append(packet)
        now_s = self._clock.time()
        arrival_s = self.link.arrival_s(len(packet) + 65, now_s, self._chance)
        if arrival_s is not None:
            self._clock.call_at(arrival_s, self.peer.arrive, packet)

    def _is_full(self) -> bool:
        return False

    def arrive(self, packet: bytes) -> None:
        """As from DTLS; one after the other."""
        receiver = cast("FakeDtls", self.transport).receiver
        if receiver is not None:
            task = asyncio.ensure_future(receiver._handle_data(packet))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        task.result()  # an exception of the handler fails the test


class Channels:
    """One end's transport and channels."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.received: dict[int, list[bytes | str]] = {}
        self.by_id: dict[int, RTCDataChannel] = {}

    def open(self, channel_id: int, **options: Any) -> RTCDataChannel:
        """A negotiated channel."""
        parameters = RTCDataChannelParameters(label="x", negotiated=True, id=channel_id, **options)
        channel = RTCDataChannel(self.transport, parameters)
        self.watch(channel)
        return channel

    def watch(self, channel: RTCDataChannel) -> None:
        """Keep what comes."""
        assert channel.id is not None
        self.by_id[channel.id] = channel
        got = self.received.setdefault(channel.id, [])
        channel.on("message", got.append)


class DataPair:
    """Alice is the DTLS client. `start` brings the association up."""

    def __init__(self, conditions: Conditions | None = None, *, seed: int = 1) -> None:
        weather = conditions or Conditions(delay_ms=25)
        chance = random.Random(seed).random
        self.a = Channels(Transport("client", Link(weather), chance))
        self.b = Channels(Transport("server", Link(weather), chance))
        self.a.transport.peer, self.b.transport.peer = self.b.transport, self.a.transport

    async def start(self) -> None:
        """Both ends begin; returns when both are connected."""
        for each in (self.a, self.b):
            await each.transport.start(RTCSctpCapabilities(262_144), 5000)
        await self.until(lambda: all(each.transport.state == "connected" for each in (self.a, self.b)))

    async def stop(self) -> None:
        """Both ends."""
        for each in (self.a, self.b):
            await each.transport.stop()
        await asyncio.sleep(1.0)

    async def until(self, condition: Callable[[], bool], limit_s: float = 60.0) -> None:
        """Let virtual time pass until a condition is true."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + limit_s
        while not condition():
            assert loop.time() < end_s, "it did not come true"
            await asyncio.sleep(0.01)
