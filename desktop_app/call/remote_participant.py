"""One other person in the room: what we know of them, their picture and sound, the peer and the link to them."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop_app.data.channels import CHANNELS
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.quality.score import QualityScorer, ScoreInput
from desktop_app.rtc.peer import Peer
from desktop_app.rtc.state import PeerState
from desktop_app.stats.channels import ChannelStatsCollector
from desktop_app.stats.collector import EncoderShare, PeerStatsCollector

from .picture_signal import picture_sent, picture_signal
from .topology.counted import Tally
from .topology.one_line import OneLine
from .topology.way import WaySwitch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop_app.data.link import ParticipantLink
    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.protocol.messages import ParticipantInfo
    from desktop_app.rtc.connection import LocalFeeds, RemoteSinks
    from desktop_app.rtc.counters import PeerCounters
    from desktop_app.rtc.encoded_feed import EncodedFeed
    from desktop_app.rtc.ice import IceConfiguration
    from desktop_app.stats.model import PeerStats

    from .events import MediaKind
    from .mixer import AudioMixer

MAX_WAYS = 8
"""Of direct connections: the one of now, the one before, those that are tried, and those just given up."""


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
        on_dark: Callable[[], None],
        on_certificates: Callable[[tuple[bytes, bytes] | None], None],
        link: ParticipantLink,
        screen_slot: FrameSlot | None = None,
        decode: bool = True,
    ) -> None:
        """Calls `on_dark` when the picture ends or comes back on purpose, and `on_certificates` with those of DTLS
        (ours and theirs, DER) whenever a connection is up.
        """
        self.info = info
        """As they told, with a picture that is not sent to us counted as muted."""
        self.slot = slot
        self.screen_slot = screen_slot or FrameSlot()
        self._is_hidden = self._is_screen_hidden = False
        self._told = info
        self._picture_sent = True
        self._told_sent = True
        self._send_signal = send_signal
        self._mixer = mixer
        self._on_dark = on_dark
        self.switch = WaySwitch(slot, self.screen_slot, on_first_frame, mixer.latency_s, decode=decode)
        mixer.add(self.switch.voice)
        self.direct = self.switch.way(one_line=True)
        """The way of the direct connection of now."""
        self._ways = deque((self.direct,), MAX_WAYS)
        self._show()
        self.peer_reason = ""
        """Why the direct connection is in the state that it is in."""
        self.peer = Peer(
            info.user_id,
            ice=ice,
            local=local,
            remote=self.direct.sinks,
            send_signal=send_signal,
            on_state=on_state,
            channels=CHANNELS,
            on_channels=link.bind,
            more_sinks=self._another_way,
            on_take_over=self._taken_over,
            on_certificates=on_certificates,
        )
        self.link = link
        self._tally = Tally()
        self._collector = PeerStatsCollector(info.user_id)
        self._channels = ChannelStatsCollector()
        self._scorer = QualityScorer()
        self._frozen_s = 0.0

    def _another_way(self) -> RemoteSinks:
        self._ways.append(self.switch.way(one_line=True))
        self._show()
        return self._ways[-1].sinks

    def _taken_over(self, remote: RemoteSinks) -> None:
        before = self.direct
        self.direct = next(way for way in self._ways if way.sinks is remote)
        # One that is in use must not be forgotten for others that were tried.
        self._ways.remove(self.direct)
        self._ways.append(self.direct)
        self.switch.replace(before, self.direct)

    def take(self, data: JsonValue) -> bool:
        """A signal of theirs; True when it changed what is known of them. Whatever it is, it is a stranger's."""
        if (sent := picture_sent(data)) is None:
            self.peer.handle_signal(data)
            return False
        self._picture_sent = sent
        return self.update(self._told)

    @property
    def is_picture_sent(self) -> bool:
        """Whether their path to us carries pictures, as far as they said."""
        return self._picture_sent

    def update(self, told: ParticipantInfo) -> bool:
        """They told of their name or mute states; True when what is known of them changed."""
        self._told = told
        info = replace(told, video_muted=told.video_muted or not self._picture_sent)
        if info == self.info:
            return False
        changed = (info.video_muted, info.screen) != (self.info.video_muted, self.info.screen)
        self.info = info
        if changed:
            self._on_dark()
            self._show()
        return True

    def hide(self, is_hidden: bool, is_screen_hidden: bool) -> None:
        """Hold no picture while none is asked for: whoever comes on screen again is not shown as they were then."""
        if (is_hidden, is_screen_hidden) != (self._is_hidden, self._is_screen_hidden):
            self._is_hidden, self._is_screen_hidden = is_hidden, is_screen_hidden
            self._show()

    def _show(self) -> None:
        # The last picture must not stand there as if it were live.
        for way in self._ways:
            if isinstance(way.sinks.video, OneLine):
                way.sinks.video.shows_screen = self.info.screen
        self.slot.set_dark(self.info.video_muted or self._is_hidden)
        self.screen_slot.set_dark(not self.info.screen or self._is_screen_hidden)

    def send_video(self, feed: EncodedFeed | None) -> None:
        """Send them this encoding of our picture; None is sound alone, of which they are told."""
        self.peer.send_video(feed)
        self._tell_picture_sent(feed is not None)

    def leave_video(self) -> None:
        """Send them no picture on the direct connection, as it takes another way."""
        self.peer.send_video(None)

    def tell_picture_sent(self) -> None:
        """It takes another way to all of them: what was said of a narrow path to this one holds no longer."""
        self._tell_picture_sent(True)

    def _tell_picture_sent(self, sent: bool) -> None:
        if sent != self._told_sent:
            self._told_sent = sent
            self._send_signal(picture_signal(sent))

    def tell_again(self) -> None:
        """What was said while the server was away did not reach them."""
        self._send_signal(picture_signal(self._told_sent))

    def begin_counting(self, ways: Sequence[PeerCounters]) -> None:
        """They came just now: what was sent before that, to others, was not for them."""
        self._tally.begin(ways)

    def stats(
        self,
        state: PeerState,
        ways: Sequence[PeerCounters],
        encode: EncoderShare | None,
        microphone_level: float,
        screen: EncoderShare | None = None,
        *,
        screen_has_line: bool = False,
    ) -> PeerStats:
        """Since the last call.

        Args:
            state: of the way that media takes.
            ways: the counters of every connection that brings something of them, that of now last.
            encode: what the encoder does whose pictures they get; None when they get none.
            microphone_level: ours.
            screen: what the encoder of our shared screen does, where it has a line of its own.
            screen_has_line: whether a screen of theirs comes on a line of its own.
        """
        stats = self._collector.update(
            state.value,
            self._tally.update(ways, self.switch.voice.heard, self.switch.line_frames_shown),
            encode=encode or EncoderShare(),
            microphone_level=microphone_level,
            screen=screen,
        )
        if not self.info.screen or not screen_has_line:
            stats = replace(stats, inbound_screen=None, video_is_screen=self.info.screen)
        if screen is None:
            stats = replace(stats, outbound_screen=None)
        score = self._scorer.update(time.monotonic(), self._score_input(state, stats))
        channels = self._channels.update(time.monotonic(), self.link.counters())
        return replace(stats, quality=score.quality.value, channels=channels)

    def _score_input(self, state: PeerState, stats: PeerStats) -> ScoreInput | None:
        video, audio = stats.inbound_video, stats.inbound_audio
        streams = [each for each in (video, audio) if each is not None]
        if state not in (PeerState.CONNECTED, PeerState.UNSTABLE, PeerState.RECONNECTING) or not streams:
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
        self._mixer.remove(self.switch.voice)
        self.peer.hang_up()
        self.slot.set_dark(True)
        self.screen_slot.set_dark(True)
