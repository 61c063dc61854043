"""Two ends of an association, past its handshake, over two links of tests/netlab, in simulated time."""

from __future__ import annotations

import heapq
import itertools
import random
from functools import partial
from typing import TYPE_CHECKING

from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.message import Message
from desktop_app.rtc.sctp.receiver import DataReceiver
from desktop_app.rtc.sctp.sender import DataSender
from tests.netlab.links import Conditions, Link

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.rtc.sctp.reassembly import Received

BURST_PACKETS = 16
IP_UDP_DTLS_BYTES = 28 + 37
MAX_MESSAGE_BYTES = 262_144
BINARY = 53


class End:
    """One participant."""

    def __init__(self, simulation: Simulation, conditions: Conditions, own_tsn: int, their_tsn: int) -> None:
        self.simulation = simulation
        self.link = Link(conditions)
        self.peer: End = self
        self.sender = DataSender(own_tsn)
        self.receiver = DataReceiver(MAX_MESSAGE_BYTES)
        self.receiver.start(their_tsn)
        self.received: list[Received] = []
        self.received_s: list[float] = []
        self.on_received: Callable[[Received], None] = lambda _message: None
        self.packets_sent = self.bytes_sent = self.wakes = 0
        self.duplicate = 0.0
        """Part of the packets that the link delivers twice."""
        self.refill: Callable[[], None] = lambda: None
        """Called whenever something has left."""
        self._due_s: float | None = None

    def send(self, stream_id: int, data: bytes, *, ordered: bool = True, **limits: float | None) -> None:
        """Queue a message."""
        retransmits, expires_s = limits.get("max_retransmits"), limits.get("expires_s")
        self.sender.send(
            Message(
                stream_id,
                BINARY,
                data,
                ordered=ordered,
                max_retransmits=None if retransmits is None else int(retransmits),
                expires_s=expires_s,
            )
        )
        self.simulation.at(self.simulation.now_s, self.flush)

    def flush(self) -> None:
        """What DataTransport does on its loop."""
        now_s = self.simulation.now_s
        bodies = self.sender.poll(now_s, BURST_PACKETS)
        sack_s = self.receiver.sack_due_s()
        if sack_s is not None and (sack_s <= now_s or bodies):
            bodies.insert(0, self.receiver.sack())
            sack_s = None
        for body in bodies:
            self._transmit(wire.packet(wire.header(5000, 5000, 1), body))
        if bodies:
            self.refill()
        if len(bodies) >= BURST_PACKETS:
            self.simulation.at(now_s + 0.0005, self.flush)
        due = [each for each in (sack_s, self.sender.wake_s(now_s)) if each is not None]
        if due and (self._due_s is None or min(due) < self._due_s):
            self._due_s = max(min(due), now_s)
            self.simulation.at(self._due_s, partial(self._woken, self._due_s))

    def _woken(self, due_s: float) -> None:
        if due_s == self._due_s:  # otherwise an earlier one took its place
            self._due_s = None
            self.wakes += 1
            self.flush()

    def _transmit(self, packet: bytes) -> None:
        simulation = self.simulation
        size = len(packet) + IP_UDP_DTLS_BYTES
        self.packets_sent += 1
        self.bytes_sent += size
        copies = 2 if simulation.random.random() < self.duplicate else 1
        for _ in range(copies):
            arrival_s = self.link.arrival_s(size, simulation.now_s, simulation.random.random)
            if arrival_s is not None:
                simulation.at(arrival_s, partial(self.peer.take, packet))

    def take(self, packet: bytes) -> None:
        """A packet has come."""
        now_s = self.simulation.now_s
        wire.open_packet(packet)
        has_data = False
        for kind, flags, begin, end in wire.chunks(packet):
            if kind == wire.SACK:
                self.sender.take_sack(now_s, wire.parse_sack(packet, begin, end))
                continue
            has_data = True
            if kind == wire.DATA:
                messages = self.receiver.take(flags, *wire.parse_data(packet, begin, end))
            else:
                messages = self.receiver.take_forward_tsn(*wire.parse_forward_tsn(packet, begin, end))
            self.received += messages
            self.received_s += [now_s] * len(messages)
            for message in messages:
                self.on_received(message)
        if has_data:
            self.receiver.packet_done(now_s)
        self.flush()


class Simulation:
    """Both directions have the same weather to begin with."""

    def __init__(
        self, conditions: Conditions, *, seed: int = 1, first_tsns: tuple[int, int] = (1, 1)
    ) -> None:
        self.random = random.Random(seed)
        self.now_s = 0.0
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self.a = End(self, conditions, first_tsns[0], first_tsns[1])
        self.b = End(self, conditions, first_tsns[1], first_tsns[0])
        self.a.peer, self.b.peer = self.b, self.a

    def at(self, at_s: float, event: Callable[[], None]) -> None:
        """Call `event` then."""
        heapq.heappush(self._events, (at_s, next(self._order), event))

    def run_until(self, end_s: float) -> None:
        """Go on until `end_s`."""
        while self._events and self._events[0][0] <= end_s:
            self.now_s, _, event = heapq.heappop(self._events)
            event()
        self.now_s = end_s

    def run_until_quiet(self, limit_s: float = 600.0) -> None:
        """Go on until nothing is under way and nothing is due."""
        while self._events:
            self.now_s, _, event = heapq.heappop(self._events)
            assert self.now_s < limit_s, "it goes on for ever"
            event()

    def keep_full(self, stream_id: int = 1, message_bytes: int = 16_384, queued_bytes: int = 131_072) -> None:
        """Let end a send as fast as it can."""

        def refill() -> None:
            while self.a.sender.scheduler.queued_bytes < queued_bytes:
                self.a.send(stream_id, bytes(message_bytes))

        self.a.refill = refill
        refill()

    def received_bytes(self, begin_s: float, end_s: float) -> int:
        """What end b got of messages in that time."""
        return sum(
            len(data)
            for (_, _, data), at_s in zip(self.b.received, self.b.received_s, strict=True)
            if begin_s < at_s <= end_s
        )
