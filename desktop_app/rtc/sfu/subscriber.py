"""What an SFU sends us of everybody, on one connection."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from desktop_app.media.clock import now_s
from desktop_app.rtc import stream_counters
from desktop_app.rtc.aiortc_internals import PeerConnection
from desktop_app.rtc.counters import PeerCounters
from desktop_app.rtc.ice import IceConfiguration, to_rtc_configuration
from desktop_app.rtc.stream_alignment import INTERVAL_S

from .description import check_description, shortened, silent_mids
from .line import LineReceiver, SilentSender
from .link import SfuLink
from .participant import MEDIA, Participant, Sort
from .reception import DownlinkMonitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiortc.rtcdtlstransport import RTCDtlsTransport

    from desktop_app.rtc.aiortc_internals import ReceiverBase, SenderBase
    from desktop_app.rtc.connection import RemoteSinks
    from desktop_app.rtc.state import PeerState

    from .reception import DownlinkState

logger = logging.getLogger(__name__)

StreamKind: TypeAlias = Literal["audio", "camera", "thumbnail", "screen"]

BAD_OFFER = "The media server offered something that cannot be used."
_SORTS: dict[StreamKind, Sort] = {
    "audio": "audio",
    "camera": "video",
    "thumbnail": "video",
    "screen": "screen",
}
"""One of each sort a participant: a voice, a picture of the camera, and a screen."""


@dataclass(frozen=True, slots=True)
class SubscribedStream:
    """Whose an m-line is, and what of theirs; one that is not active is nobody's."""

    mid: str
    user_id: str
    kind: StreamKind
    active: bool = True


class SfuSubscriber:
    """One connection, from its first offer to its end. Lives on the engine loop.

    Args:
        ice: servers.
        sinks_of: where what comes of a user goes; None where there is no such user, who is then neither seen nor
            heard. Asked whenever a line begins to be a user's. Pictures stay in the sink when their line ends.
        on_state: told of each state, with a sentence where it is for a person. FAILED and CLOSED are ends: subscribe
            again with a new one.
    """

    def __init__(
        self,
        ice: IceConfiguration,
        sinks_of: Callable[[str], RemoteSinks | None],
        on_state: Callable[[PeerState, str], None],
    ) -> None:
        self._sinks_of = sinks_of
        self._participants: dict[str, Participant] = {}
        self._streams: dict[str, SubscribedStream] = {}
        """By mid: those that are somebody's now."""
        self._monitor = DownlinkMonitor()
        self._negotiating = asyncio.Lock()
        pc = PeerConnection(
            to_rtc_configuration(ice),
            make_sender=self._make_sender,
            make_receiver=self._make_receiver,
            on_transport_feedback=lambda _message: None,  # we send nothing
            certificate=ice.certificate,
        )
        self._link = SfuLink(
            "subscriber", pc, on_state, on_end=self._end_lines, on_round_trip=self._monitor.round_trips.add
        )

    @property
    def local_address(self) -> str | None:
        """The address of this machine that is in use; None while there is none."""
        return self._link.pc.local_address()

    @property
    def state(self) -> PeerState:
        """Where the connection is."""
        return self._link.state

    async def answer(self, sdp: str, streams: Sequence[SubscribedStream]) -> str:
        """Answer the SFU's offer. `streams` says whose each line is from now on; one that it leaves out is nobody's.

        Nothing of somebody whose line it was before comes through once this has begun, and nothing of somebody new
        before it has ended.

        Raises:
            ValueError: the offer cannot be used, and the connection has failed for it; or it was over already.
        """
        async with self._negotiating:
            link, pc = self._link, self._link.pc
            try:
                if link.is_over:
                    raise ValueError("the connection is over")
                check_description(sdp)
                silent = silent_mids(sdp)
                wanted = [each for each in streams if each.active and each.mid not in silent]
                self._cut_all_but(wanted)
                if not self._link.is_begun:
                    link.begin()
                    link.tasks.spawn(self._align(), name="lip-sync")
                await link.take(sdp, "offer")
                await asyncio.sleep(0)  # each of these steps takes some milliseconds with many lines
                answer = await pc.createAnswer()
                await asyncio.sleep(0)
                await link.describe(answer)
                if link.is_over:
                    raise ValueError("the connection is over")
            except ValueError as error:
                link.note_failure(BAD_OFFER, error)
                raise
            except Exception as error:
                link.note_failure(BAD_OFFER, error)
                raise ValueError(BAD_OFFER) from error
            self.assign(wanted)
            return shortened(pc.localDescription.sdp)

    def assign(self, streams: Iterable[SubscribedStream]) -> None:
        """What has changed of whose the lines are, without negotiation; lines that are left out stay as they are.

        A line that goes from one kind of picture to another one of the same user goes on as it is.
        """
        if self._link.is_over:
            return
        lines = self._lines()
        self._cut_stale(lines)
        for stream in streams:
            before = self._streams.get(stream.mid)
            line = lines.get(stream.mid)
            if line is None or not stream.active:
                self._cut(stream.mid, lines)
                continue
            if before is not None and _is_same(before, stream):
                if before.kind != stream.kind:
                    line.delay.restart()
                self._streams[stream.mid] = stream
                continue
            self._cut(stream.mid, lines)
            self._begin(stream, line)

    def counters(self, user_id: str) -> PeerCounters | None:
        """What was counted of a user's feeds, and of the connection; None when none of them comes."""
        participant = self._participants.get(user_id)
        if participant is None:
            return None
        pc = self._link.pc
        sent, received = pc.transport_bytes()
        return PeerCounters(
            connection=participant.serial,
            at_s=now_s(),
            round_trip_s=self._link.round_trip_s,
            av_offset_s=participant.offset_s,
            pair=pc.selected_pair(),
            transport_bytes_sent=sent,
            transport_bytes_received=received,
            inbound_video=stream_counters.pictures(participant.receivers.get("video")),
            inbound_audio=stream_counters.sound(participant.receivers.get("audio")),
            inbound_screen=stream_counters.pictures(participant.receivers.get("screen")),
            outbound_video=None,
            outbound_audio=None,
        )

    def downlink(self, at_s: float) -> DownlinkState:
        """How all of it comes through; to be asked a few times a second."""
        statistics = {
            user_id: {
                receiver.serial: receiver.statistics
                for receiver in participant.receivers.values()
                if receiver.statistics is not None
            }
            for user_id, participant in self._participants.items()
        }
        lines = self._lines()
        return self._monitor.update(
            at_s,
            statistics=statistics,
            delays=[lines[mid].delay for mid in self._streams if mid in lines],
            bytes_received=self._link.pc.transport_bytes()[1],
            packets_overflowed=self.packets_overflowed,
        )

    @property
    def packets_overflowed(self) -> int:
        """What came and was lost in our own socket, because we were late."""
        return self._link.pc.packets_overflowed()

    def pause_freeze_detection(self, user_id: str) -> None:
        """This user switched the camera off on purpose."""
        participant = self._participants.get(user_id)
        if participant is not None:
            participant.pause_freeze_detection()

    def close(self) -> None:
        """End for good. Returns at once; sockets, tasks and threads end in the background (`wait_closed`)."""
        self._link.close()

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left."""
        await self._link.wait_closed()

    @property
    def closed(self) -> bool:
        """True when nothing of it is left."""
        return self._link.closed

    def _end_lines(self) -> None:
        self._cut_all_but(())

    # --- lines ----------------------------------------------------------------------------------

    def _lines(self) -> dict[str, LineReceiver]:
        return {
            transceiver.mid: transceiver.receiver
            for transceiver in self._link.pc.getTransceivers()
            if transceiver.mid is not None and isinstance(transceiver.receiver, LineReceiver)
        }

    def _cut_all_but(self, streams: Sequence[SubscribedStream]) -> None:
        kept = {each.mid: each for each in streams}
        lines = self._lines()
        for mid, before in tuple(self._streams.items()):
            after = kept.get(mid)
            if after is None or not _is_same(before, after):
                self._cut(mid, lines)

    def _cut_stale(self, lines: dict[str, LineReceiver]) -> None:
        # Who left and came back has another tile and voice, also where the SFU's line has been theirs all along.
        for mid, before in tuple(self._streams.items()):
            participant = self._participants.get(before.user_id)
            if participant is None:
                continue
            sinks = self._sinks_of(before.user_id)
            if sinks is None or sinks.audio is not participant.sinks.audio:
                self._cut(mid, lines)

    def _cut(self, mid: str, lines: dict[str, LineReceiver]) -> None:
        before = self._streams.pop(mid, None)
        if before is None:
            return
        participant = self._participants.get(before.user_id)
        if participant is not None:
            if mid in lines:
                participant.end(lines[mid])
            if participant.is_gone:
                del self._participants[before.user_id]

    def _begin(self, stream: SubscribedStream, line: LineReceiver) -> None:
        sort = _SORTS[stream.kind]
        if MEDIA[sort] != line.kind:
            logger.info("the line %s bears a %s, which is not taken", stream.mid, stream.kind)
            return
        participant = self._participants.get(stream.user_id)
        if participant is None:
            sinks = self._sinks_of(stream.user_id)
            if sinks is None:
                logger.info("the line %s is of somebody who is not there", stream.mid)
                return
            participant = Participant(sinks, lambda: self._link.round_trip_s)
            self._participants[stream.user_id] = participant
        for mid, other in tuple(self._streams.items()):
            if other.user_id == stream.user_id and _SORTS[other.kind] == sort:
                del self._streams[mid]  # the newest
        participant.begin(line, sort)
        self._streams[stream.mid] = stream

    async def _align(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            at_s = now_s()
            for participant in tuple(self._participants.values()):
                participant.align(at_s)

    def _make_sender(self, kind: str, transport: RTCDtlsTransport) -> SenderBase:
        return SilentSender(kind, transport)

    def _make_receiver(self, kind: str, transport: RTCDtlsTransport) -> ReceiverBase:
        return LineReceiver(kind, transport)


def _is_same(before: SubscribedStream, after: SubscribedStream) -> bool:
    """Whether it is the same voice, or a picture of the same camera."""
    return before.user_id == after.user_id and _SORTS.get(before.kind) == _SORTS.get(after.kind)
