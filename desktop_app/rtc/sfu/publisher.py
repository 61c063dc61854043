"""What we send to an SFU: sound, the camera and its thumbnail on one connection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from desktop_app.media.clock import VIDEO_CLOCK_RATE_HZ, now_s
from desktop_app.rtc import stream_counters
from desktop_app.rtc.aiortc_internals import PeerConnection
from desktop_app.rtc.audio_sender import AudioSender
from desktop_app.rtc.connection import codec_preferences
from desktop_app.rtc.counters import PeerCounters
from desktop_app.rtc.ice import IceConfiguration, to_rtc_configuration
from desktop_app.rtc.path_monitor import PathMonitor
from desktop_app.rtc.receivers import DiscardingReceiver
from desktop_app.rtc.senders import MediaSender
from desktop_app.rtc.transport_control import TransportControl

from .description import check_description
from .link import SfuLink

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc.rtcdtlstransport import RTCDtlsTransport

    from desktop_app.rtc.aiortc_internals import ReceiverBase, SenderBase
    from desktop_app.rtc.encoded_feed import EncodedFeed
    from desktop_app.rtc.path_monitor import StreamState
    from desktop_app.rtc.probing import Train
    from desktop_app.rtc.send_estimate import PathEstimate
    from desktop_app.rtc.state import PeerState

FeedKind: TypeAlias = Literal["audio", "camera", "thumbnail"]

_LINES: tuple[tuple[FeedKind, str], ...] = (("audio", "audio"), ("camera", "video"), ("thumbnail", "video"))
"""In the order of their lines: our name, and SDP's."""
_PICTURES: tuple[FeedKind, ...] = ("camera", "thumbnail")
DOWNLINK_LOSS = 0.05
"""What sound is protected against at least, by Opus's own FEC as Janus 1.1.2 passes on no RED: the SFU does not tell
what is lost on its way to the others."""
BAD_ANSWER = "The media server answered with something that cannot be used."


@dataclass(frozen=True, slots=True)
class PublisherFeeds:
    """What we send; None sends nothing of it."""

    audio: EncodedFeed | None
    camera: EncodedFeed | None
    thumbnail: EncodedFeed | None
    on_narrower: Callable[[], None] = lambda: None
    """The path was found to carry clearly less than before."""
    wanted_kbps: Callable[[], float] = lambda: 0.0
    """What could be sent at most, in kbit/s of payload, thumbnail and all: what the path may be probed for."""


@dataclass(frozen=True, slots=True)
class PublisherOffer:
    """All candidates are in the SDP. `tracks` says what each line is: its mid, and the kind of feed."""

    sdp: str
    tracks: tuple[tuple[str, FeedKind], ...]


class SfuPublisher:
    """One publication, from its offer to its end. Lives on the engine loop.

    Args:
        ice: servers.
        feeds: what to send at first; the three lines are offered whatever there is.
        on_state: told of each state, with a sentence where it is for a person. FAILED and CLOSED are ends: publish
            again with a new one.
    """

    def __init__(
        self, ice: IceConfiguration, feeds: PublisherFeeds, on_state: Callable[[PeerState, str], None]
    ) -> None:
        self._feeds: dict[FeedKind, EncodedFeed | None] = {
            "audio": feeds.audio,
            "camera": feeds.camera,
            "thumbnail": feeds.thumbnail,
        }
        self._senders: dict[FeedKind, MediaSender] = {}
        self._path = PathMonitor()
        self._control = TransportControl(
            send_rtcp=lambda data: self._link.pc.send_rtcp(data),
            our_ssrc=lambda: next((sender.ssrc for sender in self._senders.values()), 0),
            on_narrower=feeds.on_narrower,
            wanted_kbps=feeds.wanted_kbps,
        )
        self._control.send_train = self._send_train
        pc = PeerConnection(
            to_rtc_configuration(ice),
            make_sender=self._make_sender,
            make_receiver=self._make_receiver,
            on_transport_feedback=self._control.take_feedback,
            certificate=ice.certificate,
        )
        self._link = SfuLink("publisher", pc, on_state, on_end=self._control.close)

    @property
    def local_address(self) -> str | None:
        """The address of this machine that is in use; None while there is none."""
        return self._link.pc.local_address()

    @property
    def state(self) -> PeerState:
        """Where the connection is."""
        return self._link.state

    async def offer(self) -> PublisherOffer:
        """Describe the three lines; to be called once.

        Raises:
            ConnectionError: it was closed meanwhile.
        """
        link, pc = self._link, self._link.pc
        link.begin()
        for _, media in _LINES:
            transceiver = pc.addTransceiver(media, direction="sendonly")
            transceiver.setCodecPreferences(codec_preferences(media))
        await link.describe(await pc.createOffer())
        if link.is_over:
            raise ConnectionError("the publication was given up while it was described")
        mids = [transceiver.mid for transceiver in pc.getTransceivers()]
        tracks = tuple((mid, kind) for mid, (kind, _) in zip(mids, _LINES, strict=True) if mid is not None)
        return PublisherOffer(pc.localDescription.sdp, tracks)

    async def take_answer(self, sdp: str) -> None:
        """Take the SFU's answer. One that cannot be used fails the publication."""
        if self._link.is_over or self._link.pc.signalingState != "have-local-offer":
            return  # late, or said twice
        try:
            check_description(sdp, max_media=len(_LINES))
            await self._link.take(sdp, "answer")
        except ValueError as error:
            self._link.note_failure(BAD_ANSWER, error)

    def send(self, kind: FeedKind, feed: EncodedFeed | None) -> None:
        """Send this from its next keyframe on, without negotiation; None sends nothing of it."""
        self._feeds[kind] = feed
        sender = self._senders.get(kind)
        if sender is not None:
            sender.feed_track.switch(feed)

    @property
    def round_trip_s(self) -> float | None:
        """To the SFU and back; None before it is known."""
        return self._link.round_trip_s

    def estimate_path(self, at_s: float) -> PathEstimate | None:
        """What the path to the SFU carries, judged anew; None while there is none. To be asked a few times a second.

        An SFU's REMB may be a fixed number that knows nothing of the path: it bounds the estimate and never lifts it.
        """
        if not self._link.is_up:
            return None
        streams: dict[str, StreamState] = {
            kind: replace(sender.state, remote=replace(sender.remote, estimate_kbps=None))
            for kind, sender in self._senders.items()
        }
        # Janus answers the numbers of pictures alone. Where there are none, its reports on the sound are what is left.
        measured = self._control.update(at_s)
        estimate = self._path.update(at_s, streams, measured if self._sends_pictures else None)
        if (bound_kbps := self._bound_kbps) is not None and estimate.kbps > bound_kbps:
            estimate = replace(estimate, kbps=bound_kbps)
        estimate = replace(estimate, sound_loss=max(estimate.sound_loss, DOWNLINK_LOSS))
        for sender in self._senders.values():
            sender.set_path_estimate(estimate.kbps, estimate.queue_s)
        return estimate

    @property
    def _sends_pictures(self) -> bool:
        return any(self._feeds[kind] is not None for kind in _PICTURES)

    @property
    def _bound_kbps(self) -> float | None:
        said = [each.remote for each in self._senders.values() if each.remote.estimate_kbps is not None]
        newest = max(said, key=lambda remote: remote.estimate_at_s, default=None)
        return None if newest is None else newest.estimate_kbps

    def counters(self) -> PeerCounters | None:
        """What was counted of what is sent; the picture is the camera's. None before the connection is up."""
        if not self._link.is_up:
            return None
        pc = self._link.pc
        sent, received = pc.transport_bytes()
        return PeerCounters(
            connection=self._link.serial,
            at_s=now_s(),
            round_trip_s=self._link.round_trip_s,
            av_offset_s=None,
            pair=pc.selected_pair(),
            transport_bytes_sent=sent,
            transport_bytes_received=received,
            inbound_video=None,
            inbound_audio=None,
            outbound_video=stream_counters.sent(self._senders.get("camera")),
            outbound_audio=stream_counters.sent(self._senders.get("audio")),
        )

    def close(self) -> None:
        """End for good. Returns at once; sockets and tasks end in the background (`wait_closed`)."""
        self._link.close()

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left."""
        await self._link.wait_closed()

    @property
    def closed(self) -> bool:
        """True when nothing of it is left."""
        return self._link.closed

    def _make_sender(self, kind: str, transport: RTCDtlsTransport) -> SenderBase:
        name, _ = _LINES[len(self._senders)]
        sender: MediaSender
        if name == "audio":
            sender = AudioSender(transport, self._feeds[name], self._control)
        else:
            sender = MediaSender(kind, transport, self._feeds[name], VIDEO_CLOCK_RATE_HZ, self._control)
        self._senders[name] = sender
        return sender

    def _make_receiver(self, kind: str, transport: RTCDtlsTransport) -> ReceiverBase:
        return DiscardingReceiver(kind, transport)  # the lines are for sending alone

    async def _send_train(self, train: Train) -> int:
        # Of what is being sent: packets of long ago stand for nothing. At a low rate the camera's are too large.
        for kind in _PICTURES:
            if self._feeds[kind] is not None and (sent := await self._senders[kind].send_train(train)):
                return sent
        return 0
