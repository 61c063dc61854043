"""One RTCPeerConnection with our senders and receivers on it, and its counters."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aiortc.rtcrtpreceiver import RTCRtpReceiver

from desktop_app.core.tasks import TaskOwner
from desktop_app.media.clock import VIDEO_CLOCK_RATE_HZ, now_s

from . import audio_codecs, stream_counters
from .aiortc_internals import PeerConnection, ReceiverBase, SenderBase
from .audio_sender import AudioSender
from .counters import PeerCounters, next_serial
from .data_channels import DataChannels
from .data_share import DataShare
from .ice import IceConfiguration, to_rtc_configuration
from .path_monitor import PathMonitor
from .receivers import AudioReceiver, DiscardingReceiver, MediaReceiver, VideoReceiver
from .senders import MediaSender
from .stream_alignment import INTERVAL_S, StreamAlignment
from .transport_control import TransportControl

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from aiortc.rtcdtlstransport import RTCDtlsTransport
    from aiortc.rtcrtpparameters import RTCRtpCodecCapability
    from aiortc.rtcsessiondescription import RTCSessionDescription

    from .audio_playout import AudioPlayout
    from .channel_spec import ChannelSpec
    from .encoded_feed import EncodedFeed
    from .picture_sink import PictureSink
    from .send_estimate import PathEstimate

PREFERRED_MIME_TYPES = {"audio": (audio_codecs.OPUS, audio_codecs.RED), "video": ("video/VP8", "video/rtx")}
"""What every WebRTC endpoint must know (RFC 7742, RFC 7874); one codec a kind is what lets us encode once."""


@dataclass(frozen=True, slots=True)
class LocalFeeds:
    """What we send."""

    audio: EncodedFeed | None
    """None: no sound, which takes another way."""
    video: EncodedFeed | None
    """None: no pictures."""
    on_narrower: Callable[[], None] = lambda: None
    """A path was found to carry clearly less than before."""
    wanted_kbps: Callable[[], float] = lambda: 0.0
    """What could be sent at most, in kbit/s of payload: what a path may be probed for."""


@dataclass(frozen=True, slots=True)
class RemoteSinks:
    """Where what we receive goes."""

    audio: AudioPlayout
    video: PictureSink
    on_first_video_frame: Callable[[], None]
    """Called on the decoder's thread."""
    speaker_latency_s: Callable[[], float] = lambda: 0.0
    """How long what the playout hands out waits in the device."""
    screen: PictureSink | None = None
    """For a screen that has a line of its own (an SFU's)."""


def codec_preferences(kind: str) -> list[RTCRtpCodecCapability]:
    """The codecs to negotiate, best first."""
    capabilities = RTCRtpReceiver.getCapabilities(kind)
    assert capabilities is not None
    return [codec for codec in capabilities.codecs if codec.mimeType in PREFERRED_MIME_TYPES[kind]]


class MediaConnection:
    """Builds the peer connection and reads its counters. Lives on the engine loop."""

    def __init__(
        self,
        ice: IceConfiguration,
        local: LocalFeeds,
        remote: RemoteSinks,
        channels: Sequence[ChannelSpec] = (),
    ) -> None:
        self._local = local
        self._remote = remote
        self._senders: dict[str, MediaSender] = {}
        self._receivers: dict[str, MediaReceiver] = {}
        self.serial = next_serial()
        self._path = PathMonitor()
        self._data_share = DataShare()
        self._control = TransportControl(
            send_rtcp=lambda data: self.pc.send_rtcp(data),
            our_ssrc=lambda: next((sender.ssrc for sender in self._senders.values()), 0),
            on_narrower=local.on_narrower,
            wanted_kbps=local.wanted_kbps,
        )
        self._describing: asyncio.Task[None] | None = None
        self._tasks = TaskOwner(f"connection-{self.serial}")
        self._alignment: StreamAlignment | None = None
        self.pc = PeerConnection(
            to_rtc_configuration(ice),
            make_sender=self._make_sender,
            make_receiver=self._make_receiver,
            on_transport_feedback=self._control.take_feedback,
            certificate=ice.certificate,
        )
        self.channels = DataChannels(self.pc, channels)
        """Made when the connection is offered, or answered to somebody who offers a section for them."""

    def add_transceivers(self, kinds: Collection[str] = ("audio", "video")) -> None:
        """One stream of each of these kinds, both ways, unless there is one."""
        there = {transceiver.kind for transceiver in self.pc.getTransceivers()}
        for kind in ("audio", "video"):
            if kind in kinds and kind not in there:
                self.pc.addTransceiver(kind, direction="sendrecv")
        self.prefer_codecs()

    def prefer_codecs(self) -> None:
        """Restrict every transceiver to our codecs; also to be called for those that a remote offer made."""
        for transceiver in self.pc.getTransceivers():
            transceiver.setCodecPreferences(codec_preferences(transceiver.kind))

    async def set_local(self, description: RTCSessionDescription) -> None:
        """Gather candidates and take `description`.

        It goes on to its end when the caller is cancelled: aioice forgets the sockets that it is just opening.
        """
        self._describing = asyncio.create_task(self.pc.setLocalDescription(description), name="describing")
        await asyncio.shield(self._describing)

    async def close(self) -> None:
        """Release everything; with a silent STUN server that takes seconds, with a silent TURN server a minute."""
        self._tasks.cancel()
        self.channels.detach()
        if self._alignment is not None:
            self._alignment.end()
        if self._describing is not None:
            await asyncio.wait((self._describing,))
        self._control.close()
        await self.pc.close()

    def send_video(self, feed: EncodedFeed | None) -> None:
        """Send this encoding of the picture from its next keyframe on; None sends no picture."""
        self._local = replace(self._local, video=feed)
        self._switch("video", feed)

    def send_audio(self, feed: EncodedFeed | None) -> None:
        """Send this sound from now on; None sends none."""
        self._local = replace(self._local, audio=feed)
        self._switch("audio", feed)

    def _switch(self, kind: str, feed: EncodedFeed | None) -> None:
        for sender in self.pc.getSenders():  # a foreign offer may have had several lines of a kind
            if isinstance(sender, MediaSender) and sender.kind == kind:
                sender.feed_track.switch(feed)

    @property
    def has_media(self) -> bool:
        """Whether it has lines for sound or pictures, and not for data alone."""
        return bool(self.pc.getTransceivers())

    def limit_data(self, kbps: float) -> None:
        """What data may take, while sound and pictures take another way and `estimate_path` is not asked."""
        self.pc.limit_data(kbps)

    def _make_sender(self, kind: str, transport: RTCDtlsTransport) -> SenderBase:
        sender: MediaSender
        if kind == "audio":
            sender = AudioSender(transport, self._local.audio, self._control)
        else:
            sender = MediaSender(kind, transport, self._local.video, VIDEO_CLOCK_RATE_HZ, self._control)
            if kind not in self._senders:  # a foreign offer may have several lines for pictures
                self._control.send_train = sender.send_train
        self._senders.setdefault(kind, sender)
        return sender

    def _make_receiver(self, kind: str, transport: RTCDtlsTransport) -> ReceiverBase:
        receiver: MediaReceiver
        if kind in self._receivers:
            receiver = DiscardingReceiver(kind, transport)  # there is one tile and one voice a participant
        elif kind == "audio":
            receiver = AudioReceiver(transport, self._remote.audio)
        else:
            receiver = VideoReceiver(
                transport,
                self._remote.video,
                round_trip_s=lambda: self.round_trip_s,
                on_first_frame=self._remote.on_first_video_frame,
            )
        receiver.on_transport_number = self._control.note_arrival
        self._receivers.setdefault(kind, receiver)
        self._align_streams()
        return receiver

    def _align_streams(self) -> None:
        sound, pictures = self._receivers.get("audio"), self._receivers.get("video")
        if (
            self._alignment is None
            and isinstance(sound, AudioReceiver)
            and isinstance(pictures, VideoReceiver)
        ):
            self._alignment = StreamAlignment(sound, pictures, self._remote.speaker_latency_s)
            self._tasks.spawn(self._align(self._alignment), name="lip-sync")

    async def _align(self, alignment: StreamAlignment) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            alignment.update(now_s())

    @property
    def round_trip_s(self) -> float | None:
        """From RTCP; of the stream whose reports come."""
        for kind in ("video", "audio"):
            sender = self._senders.get(kind)
            if sender is not None and sender.remote.round_trip_s is not None:
                return sender.remote.round_trip_s
        return None

    def estimate_path(self, at_s: float) -> PathEstimate:
        """What the path carries, judged anew; to be asked a few times a second."""
        streams = {kind: sender.state for kind, sender in self._senders.items()}
        estimate = self._path.update(at_s, streams, self._control.update(at_s))
        for sender in self._senders.values():
            sender.set_path_estimate(estimate.kbps, estimate.queue_s)
        self.pc.limit_data(self._data_share.update(estimate.kbps, self._local.wanted_kbps()))
        return estimate

    def pause_freeze_detection(self) -> None:
        """The far end switched its camera off on purpose."""
        receiver = self._receivers.get("video")
        if isinstance(receiver, VideoReceiver):
            receiver.decoder.pause()

    def counters(self) -> PeerCounters:
        """Everything counted so far."""
        sent, received = self.pc.transport_bytes()
        return PeerCounters(
            connection=self.serial,
            at_s=now_s(),
            round_trip_s=self.round_trip_s,
            av_offset_s=None if self._alignment is None else self._alignment.offset_s,
            pair=self.pc.selected_pair(),
            transport_bytes_sent=sent,
            transport_bytes_received=received,
            inbound_video=stream_counters.pictures(self._receivers.get("video")),
            inbound_audio=stream_counters.sound(self._receivers.get("audio")),
            outbound_video=stream_counters.sent(self._senders.get("video")),
            outbound_audio=stream_counters.sent(self._senders.get("audio")),
        )
