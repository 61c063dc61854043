"""The SCTP transport of data channels: aiortc's handshake and stream resets, our data (rtc/sctp/).

Private names read in aiortc 1.16.0 and aioice 0.13.0. What aiortc does with data is slow on a path that loses packets,
and what a stranger sends could end the whole connection (docs/decisions.md).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aiortc.rtcsctptransport import (
    CHUNK_TYPES,
    LOCAL_MAX_MESSAGE_SIZE,
    RECONFIG_MAX_STREAMS,
    WEBRTC_BINARY,
    WEBRTC_BINARY_EMPTY,
    WEBRTC_STRING,
    WEBRTC_STRING_EMPTY,
    Chunk,
    InitChunk,
    RTCSctpTransport,
    StreamResetOutgoingParam,
)

from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.message import Message
from desktop_app.rtc.sctp.receiver import DataReceiver
from desktop_app.rtc.sctp.serial import MODULO
from desktop_app.rtc.sctp.statistics import DataCounters, counters

from . import datagrams
from .sctp_channels import ChannelTransport

if TYPE_CHECKING:
    from aiortc.rtcdatachannel import RTCDataChannel
    from aiortc.rtcdtlstransport import RTCDtlsTransport

logger = logging.getLogger(__name__)

BURST_PACKETS = 16
"""After so many the loop has its turn: about a millisecond."""
FULL_SOCKET_S = 0.005
"""So long is waited for a socket that takes no more."""
HANDSHAKE_S, MAX_HANDSHAKE_S, HANDSHAKE_TRIES = 0.4, 1.0, 60
"""First and longest wait for an answer, and how often; aiortc waits 3 s, 8 times."""
MAX_OF_A_KIND = 2
"""Chunks of a kind that are looked at in a packet, but for data: each may be answered with a packet."""

_State = RTCSctpTransport.State


class DataTransport(ChannelTransport):
    """An RTCSctpTransport with our own sending and receiving of data. Lives on the engine loop."""

    def __init__(self, transport: RTCDtlsTransport, port: int = 5000) -> None:
        super().__init__(transport, port)
        self._clock = asyncio.get_running_loop()
        self._receiver = DataReceiver(LOCAL_MAX_MESSAGE_SIZE)
        # aiortc takes a stream that is reset out of this one.
        self._outbound_stream_seq = self._sender.scheduler.next_ssn
        self._rto = HANDSHAKE_S
        self._header = b""
        self._header_tag: int | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._wake_s = 0.0
        self._turn: asyncio.Handle | None = None

    # --- what the application sees --------------------------------------------------------------

    def counters(self) -> DataCounters:
        """Everything counted so far."""
        return counters(self._sender, self._receiver, self._clock.time(), self._refused)

    def limit(self, kbps: float) -> None:
        """What others leave of the path, in kbit/s."""
        if kbps != self._sender.congestion.limit_kbps:
            self._sender.congestion.limit_kbps = kbps
            self._ask_for_turn()

    def _data_channel_send(self, channel: RTCDataChannel, data: bytes | str) -> None:
        if isinstance(data, str):
            payload = data.encode()
            ppid = WEBRTC_STRING if payload else WEBRTC_STRING_EMPTY
        else:
            payload = data
            ppid = WEBRTC_BINARY if payload else WEBRTC_BINARY_EMPTY
        limit = self._remote_max_message_size
        if limit and len(payload) > limit:
            raise ValueError(
                f"a message of {len(payload)} bytes: the far end takes no more than {limit} at once"
            )
        payload = payload or b"\0"  # RFC 8831 section 6.6: SCTP has no empty messages
        lifetime_ms = channel.maxPacketLifeTime
        channel._addBufferedAmount(len(payload))
        assert channel.id is not None
        self._sender.send(
            Message(
                channel.id,
                ppid,
                payload,
                ordered=channel.ordered,
                max_retransmits=channel.maxRetransmits,
                expires_s=None if lifetime_ms is None else self._clock.time() + lifetime_ms / 1000,
            )
        )
        self._ask_for_turn()

    # --- sending --------------------------------------------------------------------------------

    def _ask_for_turn(self) -> None:
        if self._turn is None:
            self._turn = self._clock.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        self._flush(self._clock.time())

    def _woken(self) -> None:
        self._wake = None
        self._flush(self._clock.time())

    def _flush(self, now_s: float) -> None:
        """Send what is due, and see that this is called again in time."""
        if self._association_state is not _State.ESTABLISHED:
            if self._association_state is not _State.CLOSED and self._receiver.sack_due_s() is not None:
                self._write(self._receiver.sack())
            return
        bodies: list[bytes] = []
        if self._is_full():
            due_s: float | None = now_s + FULL_SOCKET_S
        else:
            bodies = self._sender.poll(now_s, BURST_PACKETS)
            due_s = self._sender.wake_s(now_s)
        sack_s = self._receiver.sack_due_s()
        if sack_s is not None and (sack_s <= now_s or bodies):
            sack = self._receiver.sack()
            if bodies and len(bodies[0]) + len(sack) <= wire.MAX_BODY_BYTES:
                bodies[0] = sack + bodies[0]
            else:
                bodies.insert(0, sack)
            sack_s = None
        for body in bodies:
            self._write(body)
        if len(bodies) >= BURST_PACKETS:
            self._ask_for_turn()
        if sack_s is not None:
            due_s = sack_s if due_s is None else min(due_s, sack_s)
        if due_s is not None and (self._wake is None or due_s < self._wake_s):
            if self._wake is not None:
                self._wake.cancel()
            self._wake, self._wake_s = self._clock.call_at(due_s, self._woken), due_s
        released = self._sender.released()
        if released:
            self._release(released)

    def _release(self, released: dict[int, int]) -> None:
        for stream_id, size in released.items():
            channel = self._data_channels.get(stream_id)
            if channel is not None and channel.bufferedAmount:
                try:
                    channel._addBufferedAmount(-min(size, channel.bufferedAmount))
                except Exception:
                    logger.exception("a listener for bufferedamountlow failed")
        if self._reconfig_queue:
            asyncio.ensure_future(self._transmit_reconfig())  # noqa: RUF006 - as aiortc does; it cannot fail

    def _write(self, body: bytes) -> None:
        """Send a packet with these chunks; where there is no way to send it, it is lost."""
        if len(body) > wire.MAX_BODY_BYTES:
            return  # an answer that a far end made too long for a datagram
        # aiortc sends an INIT again with the far end's tag once that is known; it would be dropped for that.
        tag = 0 if body[0] == wire.INIT else self._remote_verification_tag
        if self._header_tag != tag:
            assert self._remote_port is not None
            self._header = wire.header(self._local_port, self._remote_port, tag)
            self._header_tag = tag
        self._write_packet(wire.packet(self._header, body))

    def _write_packet(self, packet: bytes) -> None:
        datagrams.send(self.transport, packet)

    def _is_full(self) -> bool:
        return datagrams.is_full(self.transport)

    async def _send_chunk(self, chunk: Chunk) -> None:
        self._write(bytes(chunk))

    # --- receiving ------------------------------------------------------------------------------

    async def _handle_data(self, data: bytes) -> None:
        """One packet from the far end. Whatever is in it, the connection goes on."""
        if self._is_over():
            return
        now_s = self._clock.time()
        try:
            tag = wire.open_packet(data)
            chunks = wire.chunks(data)
            is_init = any(chunk[0] == wire.INIT for chunk in chunks)
            if is_init and len(chunks) > 1:
                raise ValueError("an INIT that is not alone")
            if tag != (0 if is_init else self._local_verification_tag):
                raise ValueError("a wrong verification tag")
        except ValueError as error:
            self._refuse(error)
            return
        has_data = False
        of_a_kind: dict[int, int] = {}
        for kind, flags, begin, end in chunks:
            if self._is_over():  # by an ABORT in this packet
                return
            try:
                if kind != wire.DATA:
                    of_a_kind[kind] = of_a_kind.get(kind, 0) + 1
                    if of_a_kind[kind] > MAX_OF_A_KIND:
                        raise ValueError("more of a kind than a packet needs")
                if kind == wire.DATA:
                    if not self._receiver.started:
                        raise ValueError("data before the handshake")
                    has_data = True
                    self._deliver_all(self._receiver.take(flags, *wire.parse_data(data, begin, end)))
                elif kind == wire.SACK:
                    self._sender.take_sack(now_s, wire.parse_sack(data, begin, end))
                elif kind == wire.FORWARD_TSN:
                    if not self._receiver.started:
                        raise ValueError("a FORWARD TSN before the handshake")
                    has_data = True
                    self._deliver_all(
                        self._receiver.take_forward_tsn(*wire.parse_forward_tsn(data, begin, end))
                    )
                else:
                    await self._take_control(kind, flags, data[begin:end])
            except Exception as error:  # noqa: BLE001 - logged there
                self._refuse(error)
        if self._is_over():
            return
        if has_data:
            self._receiver.packet_done(now_s)
            if self._reconfig_deferred is not None:
                await self._reset_deferred_streams()
        self._flush(now_s)

    def _is_over(self) -> bool:
        return self._association_state is _State.CLOSED

    async def _take_control(self, kind: int, flags: int, body: bytes) -> None:
        wire.check_parameters(kind, body)
        if kind in wire.ANSWERED and self._is_full():
            raise ValueError("no answer while the socket is full")  # as if it got lost: it is sent again
        if kind == wire.HEARTBEAT:
            self._write(wire.heartbeat_ack(body))
            return
        chunk_class = CHUNK_TYPES.get(kind)
        if chunk_class is None:
            return
        chunk = chunk_class(flags=flags, body=body)
        if isinstance(chunk, InitChunk):
            await self._take_init(chunk)
        else:
            await self._receive_chunk(chunk)
        if kind in (wire.INIT, wire.INIT_ACK) and self._last_received_tsn is not None:
            self._receiver.start((self._last_received_tsn + 1) % MODULO)
            self._sender.peer_window_bytes = self._ssthresh
            self._sender.may_abandon = (
                self._remote_partial_reliability or wire.FORWARD_TSN in self._remote_extensions
            )

    async def _take_init(self, chunk: InitChunk) -> None:
        tag, sequence = self._remote_verification_tag, self._reconfig_response_seq
        if tag and chunk.initiate_tag != tag:
            raise ValueError("an INIT of another association")
        await self._receive_chunk(chunk)
        if tag:  # it was sent again: our answer got lost
            self._reconfig_response_seq = sequence

    # --- channels -------------------------------------------------------------------------------

    async def _data_channel_flush(self) -> None:
        """What aiortc queues itself: the opening of channels."""
        if self._association_state is not _State.ESTABLISHED:
            return
        while self._data_channel_queue:
            channel, ppid, data = self._data_channel_queue.popleft()
            stream_id = channel.id
            if stream_id is None:
                stream_id = self._data_channel_id
                assert stream_id is not None
                while stream_id in self._data_channels:
                    stream_id += 2
                self._data_channels[stream_id] = channel
                channel._setId(stream_id)
                if (priority := self._early_priorities.pop(channel, None)) is not None:
                    self._sender.scheduler.set_priority(stream_id, priority)
            self._sender.send(Message(stream_id, ppid, data))
        self._ask_for_turn()
        await self._transmit_reconfig()

    def _data_channel_close(self, channel: RTCDataChannel) -> None:
        self._early_priorities.pop(channel, None)
        super()._data_channel_close(channel)
        if channel.readyState == "closed" and channel.id is not None:
            self._sender.drop_stream(channel.id)

    def _data_channel_closed(self, stream_id: int) -> None:
        self._data_channel_inbound_reset.discard(stream_id)
        self._data_channel_outbound_reset.discard(stream_id)
        self._opened_by_peer.discard(stream_id)
        self._sender.drop_stream(stream_id)
        channel = self._data_channels.pop(stream_id, None)
        if channel is not None:
            self._set_channel_state(channel, "closed")

    async def _reset_deferred_streams(self) -> None:
        request = self._reconfig_deferred
        if request is None:
            return
        self._last_received_tsn = self._receiver.cumulative_tsn % MODULO
        await super()._reset_deferred_streams()
        if self._reconfig_deferred is None:
            for stream_id in request.streams:
                self._receiver.reassembly.reset(stream_id)

    async def _transmit_reconfig(self) -> None:
        # As aiortc's, with our queue and our newest TSN.
        if (
            self._association_state is not _State.ESTABLISHED
            or not self._reconfig_queue
            or self._reconfig_request
        ):
            return
        streams = self._reconfig_queue[:RECONFIG_MAX_STREAMS]
        if any(self._sender.scheduler.has_queued(stream_id) for stream_id in streams):
            return
        del self._reconfig_queue[:RECONFIG_MAX_STREAMS]
        request = StreamResetOutgoingParam(
            request_sequence=self._reconfig_request_seq,
            response_sequence=self._reconfig_response_seq,
            last_tsn=(self._sender.outstanding.next_tsn - 1) % MODULO,
            streams=streams,
        )
        self._reconfig_request = request
        self._reconfig_request_seq = (self._reconfig_request_seq + 1) % MODULO
        self._rto = self._sender.outstanding.round_trip.timeout_s
        self._reconfig_timer_start()
        await self._send_reconfig_param(request)

    # --- state ----------------------------------------------------------------------------------

    def _set_state(self, state: RTCSctpTransport.State) -> None:
        if state is _State.ESTABLISHED:
            for channel in list(self._data_channels.values()):
                if channel.negotiated:
                    self._set_channel_state(channel, "open", only_from="connecting")
        elif state is _State.CLOSED:
            self._sender.clear()
            for handle in (self._wake, self._turn):
                if handle is not None:
                    handle.cancel()
            self._wake = self._turn = None
        super()._set_state(state)

    def _t1_expired(self) -> None:
        self._t1_failures += 1
        self._t1_handle = None
        if self._t1_failures > HANDSHAKE_TRIES:
            self._set_state(_State.CLOSED)
            return
        self._write(bytes(self._t1_chunk))  # type: ignore[arg-type] # it is set while the timer runs
        delay_s = min(HANDSHAKE_S * 2.0**self._t1_failures, MAX_HANDSHAKE_S)
        self._t1_handle = self._clock.call_later(delay_s, self._t1_expired)
