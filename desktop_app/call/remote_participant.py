"""One other person in the room: what we know of them, their picture and sound, the peer and the link to them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop_app.data.channels import CHANNELS
from desktop_app.quality.score import QualityScorer, ScoreInput
from desktop_app.rtc.audio_playout import AudioPlayout
from desktop_app.rtc.connection import RemoteSinks
from desktop_app.rtc.peer import Peer
from desktop_app.rtc.state import PeerState
from desktop_app.stats.channels import ChannelStatsCollector
from desktop_app.stats.collector import EncoderShare, PeerStatsCollector

from .picture_signal import picture_sent, picture_signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.data.link import ParticipantLink
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.protocol.messages import JsonValue, ParticipantInfo
    from desktop_app.rtc.connection import LocalFeeds
    from desktop_app.rtc.encoded_feed import EncodedFeed
    from desktop_app.rtc.ice import IceConfiguration
    from desktop_app.stats.model import PeerStats

    from .events import MediaKind
    from .mixer import AudioMixer


class RemoteParticipant:
    """Lives on the engine loop."""

    def __init__(
        self,
        info: ParticipantInfo,
        *,
        slot: FrameSlot,
        mixer: AudioMixer,
        ice: IceConfiguration,
        local: LocalFeeds,
        send_signal: Callable[[JsonValue], None],
        on_state: Callable[[PeerState, str], None],
        on_first_frame: Callable[[MediaKind], None],
        link: ParticipantLink,
    ) -> None:
        self.info = info
        """As they told, with a picture that is not sent to us counted as muted."""
        self.slot = slot
        slot.set_dark(info.video_muted)
        self._told = info
        self._picture_sent = True
        self._told_sent = True
        self._send_signal = send_signal
        self._mixer = mixer
        self.playout = AudioPlayout(on_first_frame=lambda: on_first_frame("audio"))
        mixer.add(self.playout)
        self.peer = Peer(
            info.user_id,
            ice=ice,
            local=local,
            remote=RemoteSinks(
                audio=self.playout,
                video=slot,
                on_first_video_frame=lambda: on_first_frame("video"),
                speaker_latency_s=mixer.latency_s,
            ),
            send_signal=send_signal,
            on_state=on_state,
            channels=CHANNELS,
            on_channels=link.bind,
        )
        self.link = link
        self._collector = PeerStatsCollector(info.user_id)
        self._channels = ChannelStatsCollector()
        self._scorer = QualityScorer()
        self._frozen_s = 0.0

    def take(self, data: JsonValue) -> bool:
        """A signal of theirs; True when it changed what is known of them. Whatever it is, it is a stranger's."""
        if (sent := picture_sent(data)) is None:
            self.peer.handle_signal(data)
            return False
        self._picture_sent = sent
        return self.update(self._told)

    def update(self, told: ParticipantInfo) -> bool:
        """They told of their name or mute states; True when what is known of them changed."""
        self._told = told
        info = replace(told, video_muted=told.video_muted or not self._picture_sent)
        if info == self.info:
            return False
        if info.video_muted != self.info.video_muted:
            self.peer.pause_freeze_detection()
            self.slot.set_dark(info.video_muted)  # the last picture must not stand there as if it were live
        self.info = info
        return True

    def send_video(self, feed: EncodedFeed | None) -> None:
        """Send them this encoding of our picture; None is sound alone, of which they are told."""
        self.peer.send_video(feed)
        if (feed is not None) != self._told_sent:
            self._told_sent = feed is not None
            self._send_signal(picture_signal(self._told_sent))

    def stats(self, encode: EncoderShare | None, microphone_level: float) -> PeerStats:
        """Since the last call.

        Args:
            encode: what the encoder does whose pictures they get; None when they get none.
            microphone_level: ours.
        """
        stats = self._collector.update(
            self.peer.state.value,
            self.peer.counters(),
            encode=encode or EncoderShare(),
            microphone_level=microphone_level,
        )
        score = self._scorer.update(time.monotonic(), self._score_input(stats))
        channels = self._channels.update(time.monotonic(), self.link.counters())
        return replace(stats, quality=score.quality.value, channels=channels)

    def _score_input(self, stats: PeerStats) -> ScoreInput | None:
        video, audio = stats.inbound_video, stats.inbound_audio
        streams = [each for each in (video, audio) if each is not None]
        if self.peer.state not in (PeerState.CONNECTED, PeerState.RECONNECTING) or not streams:
            return None
        frozen_s = 0.0
        if video is not None:
            frozen_s = video.total_freezes_duration_s - self._frozen_s
            self._frozen_s = video.total_freezes_duration_s
        return ScoreInput(
            loss_pct=max(each.loss_pct for each in streams),
            round_trip_ms=stats.transport.round_trip_time_ms,
            jitter_ms=max(each.jitter_ms for each in streams),
            # No frame rate: a low one may be what the other side chose to send.
            frozen_pct=100 * max(0.0, frozen_s),
            concealed_pct=None if audio is None else audio.concealed_pct,
            receiving=any(each.kbps > 0 for each in streams),
        )

    def hang_up(self) -> None:
        """End the connection; returns at once."""
        self._mixer.remove(self.playout)
        self.peer.hang_up()
        self.slot.set_dark(True)
