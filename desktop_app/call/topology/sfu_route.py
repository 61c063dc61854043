"""An SFU: everybody sends to it once, and gets from it what is wanted of the others."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from desktop_app.media.clock import now_s
from desktop_app.protocol.topology import (
    MAX_LARGE_FEEDS,
    SfuFailed,
    SfuOffer,
    SfuPublished,
    SfuStreams,
    SfuWatched,
    WantedFeed,
)
from desktop_app.quality.assignment import Encoding
from desktop_app.quality.downlink import DownlinkControl
from desktop_app.quality.screen import MOST_KBPS as SCREEN_KBPS
from desktop_app.quality.screen import screen_kbps
from desktop_app.quality.thumbnail import MOST_KBPS as THUMBNAIL_KBPS
from desktop_app.quality.thumbnail import thumbnail_kbps
from desktop_app.rtc.counters import next_serial
from desktop_app.rtc.data_share import MOST_KBPS, DataShare
from desktop_app.rtc.send_estimate import START_KBPS
from desktop_app.rtc.sfu.publisher import PublisherFeeds
from desktop_app.rtc.state import PeerState

from .publishing import Publishing
from .subscription import Subscription
from .view import Offered, wanted_feeds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from desktop_app.call.local_media import LocalMedia
    from desktop_app.call.network_watch import NetworkChange
    from desktop_app.call.remote_participant import RemoteParticipant
    from desktop_app.protocol.topology import Feed, Mode, TopologyClientMessage, TopologyServerMessage
    from desktop_app.rtc.connection import RemoteSinks
    from desktop_app.rtc.counters import PeerCounters
    from desktop_app.rtc.ice import IceConfiguration
    from desktop_app.rtc.send_estimate import PathEstimate

    from .view import View
    from .way import Way

logger = logging.getLogger(__name__)

UPLINK = ""
"""The name of the one path that we send by; nobody's user id is empty."""
SLEPT_S = 4.0
"""As long as an SFU may be silent in rtc.sfu.link."""
NETWORK_CHANGED = "The network has changed."
SILENT_S = 3.0
"""Sound comes all the time, also that of a muted microphone: without any for so long nothing of a participant comes."""


class SfuRoute:
    """Implements Route. Made for one epoch, from its `prepare` to its end. Lives on the engine loop."""

    mode: Final[Mode] = "sfu"
    most_kbps: Final = math.inf

    def __init__(
        self,
        epoch: int,
        *,
        media: LocalMedia,
        ice: Callable[[], IceConfiguration],
        say: Callable[[TopologyClientMessage], None],
        on_change: Callable[[], None],
        max_large: int = MAX_LARGE_FEEDS,
    ) -> None:
        """`max_large` pictures at a time is what the computer has time for at first."""
        self.epoch = epoch
        self._media = media
        self._participants: dict[str, RemoteParticipant] = {}
        self._ways: dict[str, Way] = {}
        self._watched: tuple[Feed, ...] = ()
        self._encoding = Encoding.HIGH
        self._serial = next_serial()
        self._view: View | None = None
        self._wanted: tuple[WantedFeed, ...] = ()
        self._speaker: str | None = None
        self._downlink = DownlinkControl()
        self._max_large = max_large
        self._data_share = DataShare()
        feeds = PublisherFeeds(
            audio=media.audio_feed,
            camera=None,
            thumbnail=None,
            has_screen=True,
            on_narrower=media.path_narrowed.set,
            wanted_kbps=lambda: self._probed_kbps,
        )
        self._publishing = Publishing(epoch, ice=ice, feeds=feeds, say=say, on_change=on_change)
        self._subscription = Subscription(
            epoch, ice=ice, sinks_of=self._sinks_of, say=say, on_change=on_change
        )

    def _sinks_of(self, user_id: str) -> RemoteSinks | None:
        way = self._ways.get(user_id)
        return None if way is None else way.sinks

    # --- coming and going -----------------------------------------------------------------------

    def begin(self) -> None:
        """Publish and subscribe."""
        self._want()
        self._publishing.begin()
        self._subscription.begin()

    def say_again(self) -> None:
        """What was asked of the server while it was away did not reach it."""
        self._subscription.ask_again()

    def end(self) -> None:
        """Close both connections; returns at once."""
        self._publishing.close()
        self._subscription.close()

    async def wait_closed(self) -> None:
        """Wait until nothing of them is left."""
        await self._publishing.wait_closed()
        await self._subscription.wait_closed()

    def add(self, participant: RemoteParticipant) -> None:
        """Receive them, too."""
        user_id = participant.info.user_id
        self._participants[user_id] = participant
        self._ways[user_id] = participant.switch.way()
        self._want()

    def remove(self, user_id: str) -> None:
        """Receive them no longer."""
        if self._participants.pop(user_id, None) is not None:
            del self._ways[user_id]
            self._want()

    def expects(self, user_id: str) -> bool:
        """Whether something of them is wanted."""
        return any(feed.user_id == user_id for feed in self._wanted)

    def expects_sound(self, user_id: str) -> bool:
        """Whether they shall be heard."""
        return any(feed.user_id == user_id and feed.kind == "audio" for feed in self._wanted)

    def expects_picture(self, user_id: str) -> bool:
        """Whether they are on screen."""
        return any(feed.user_id == user_id and feed.kind in ("camera", "thumbnail") for feed in self._wanted)

    def expects_screen(self, user_id: str) -> bool:
        """Whether their screen is shown, and our downlink carries it."""
        return WantedFeed(user_id, "screen") in self._wanted

    def way_of(self, user_id: str) -> Way:
        """That of the subscriber connection."""
        return self._ways[user_id]

    def take(self, message: TopologyServerMessage) -> None:
        """Something that the server says of our two connections."""
        match message:
            case SfuPublished(sdp=sdp, number=number):
                self._publishing.take_answer(sdp, number)
            case SfuOffer() | SfuStreams():
                self._subscription.take(message)
            case SfuWatched(kinds=kinds):
                self._watched = kinds
                self._send()
            case SfuFailed(connection="publish", message=text):
                self._publishing.lost(text)
            case SfuFailed(message=text):
                self._subscription.lost(text)

    def network_changed(self, change: NetworkChange) -> None:
        """Make a connection again whose address is gone, and both after a sleep in which an SFU gives them up."""
        slept = change.slept_s >= SLEPT_S
        publisher, subscriber = self._publishing.publisher, self._subscription.subscriber
        if publisher is not None and (slept or publisher.local_address in change.gone):
            self._publishing.lost(NETWORK_CHANGED)
        if subscriber is not None and (slept or subscriber.local_address in change.gone):
            self._subscription.lost(NETWORK_CHANGED)

    # --- what is received -----------------------------------------------------------------------

    def show(self, view: View | None, speaker: str | None) -> None:
        """Who is on screen, and who speaks."""
        self._view, self._speaker = view, speaker
        self._want()

    def _want(self) -> None:
        level = self._downlink.level
        offered = Offered(min(level.max_large, self._max_large), level.thumbnails)
        sharers = [user for user, each in self._participants.items() if each.info.screen]
        self._wanted = wanted_feeds(tuple(self._participants), self._view, offered, self._speaker, sharers)
        self._subscription.want(self._wanted)

    def limit_large(self, max_large: int) -> None:
        """Ask for no more large pictures than the computer has time for."""
        if max_large != self._max_large:
            self._max_large = max_large
            self._want()

    @property
    def packets_overflowed(self) -> int:
        """What came and was lost in our own socket, because we were late."""
        subscriber = self._subscription.subscriber
        return 0 if subscriber is None else subscriber.packets_overflowed

    def judge_downlink(self, at_s: float) -> None:
        """Ask for as many pictures as our downlink carries; to be called a few times a second."""
        subscriber = self._subscription.subscriber
        if subscriber is None or self._subscription.state is not PeerState.CONNECTED:
            return
        before, seen = self._downlink.level, subscriber.downlink(at_s)
        level = self._downlink.update(at_s, seen)
        if level != before:
            logger.info(
                "the downlink carries %d large pictures, thumbnails %s (%.0f %% lost, queue %.0f ms, %.0f kbit/s)",
                level.max_large,
                "too" if level.thumbnails else "not",
                100 * seen.fraction_lost,
                1000 * seen.queue_s,
                seen.kbps,
            )
            self._want()

    @property
    def progress(self) -> object:
        """The states of our connections, and how often the SFU has described what it sends."""
        publishing, subscription = self._publishing, self._subscription
        return publishing.state is PeerState.CONNECTED, subscription.state, subscription.answered

    @property
    def is_up(self) -> bool:
        """Whether we are published."""
        return self._publishing.state is PeerState.CONNECTED

    @property
    def has_failed(self) -> bool:
        """Whether one of the two connections was lost, and is not there again."""
        return PeerState.FAILED in (self._publishing.state, self._subscription.state)

    def state_of(self, user_id: str) -> tuple[PeerState, str]:
        """The worse one of our two connections, and whether something comes of the participant."""
        ours, theirs = self._publishing.told, self._subscription.told
        if ours[0] in (PeerState.FAILED, PeerState.RECONNECTING) or not self.expects(user_id):
            return ours
        if theirs[0] is not PeerState.CONNECTED:
            return (PeerState.CONNECTING, "") if theirs[0] is PeerState.NEW else theirs
        way = self._ways[user_id]
        last_s = way.voice.last_arrival_s
        if last_s is None and not way.picture.has_come:
            info = self._participants[user_id].info
            # A browser without a microphone may send nothing at all, no silence either.
            silent = info.audio_muted and info.video_muted
            return (PeerState.CONNECTED if silent else PeerState.CONNECTING), ""
        if last_s is not None and now_s() - last_s > SILENT_S:
            return PeerState.RECONNECTING, "Nothing comes from this participant."
        return PeerState.CONNECTED, ""

    def pause_freeze_detection(self, user_id: str) -> None:
        """On the subscriber connection."""
        if self._subscription.subscriber is not None:
            self._subscription.subscriber.pause_freeze_detection(user_id)

    # --- what is sent ---------------------------------------------------------------------------

    def send_pictures(self, assignment: Mapping[str, Encoding]) -> None:
        """By the one path there is."""
        self._encoding = assignment.get(UPLINK, self._encoding)
        self._send()

    def _send(self) -> None:
        """Only what somebody watches, so that nothing else is encoded."""
        seen = self._encoding is not Encoding.NONE
        camera = self._media.video_feed(self._encoding) if "camera" in self._watched else None
        thumbnail = self._media.thumbnail_feed if seen and "thumbnail" in self._watched else None
        self._publishing.send("camera", camera)
        self._publishing.send("thumbnail", thumbnail)
        self._publishing.send("screen", self._media.screen.feed(Encoding.HIGH) if self._has_screen else None)

    @property
    def _has_screen(self) -> bool:
        return self._media.screen.shown and "screen" in self._watched

    @property
    def _probed_kbps(self) -> float:
        # The thumbnail has its share besides; and while nobody watches the camera nothing needs to be tried.
        camera = self._media.wanted_kbps + THUMBNAIL_KBPS if "camera" in self._watched else 0.0
        return camera + SCREEN_KBPS if self._has_screen else camera

    def estimate_paths(self, at_s: float) -> dict[str, PathEstimate]:
        """Of the publisher's path, what is left of it for the sound and the camera's picture."""
        publisher = self._publishing.publisher
        path = None if publisher is None else publisher.estimate_path(at_s)
        if path is None:
            return {}
        has_camera = "camera" in self._watched
        thumbnail = 0.0
        if "thumbnail" in self._watched:
            thumbnail = thumbnail_kbps(path.kbps, has_camera=has_camera)
            self._media.set_thumbnail_kbps(thumbnail)
        screen = 0.0
        if self._has_screen:
            screen = screen_kbps(path.kbps - thumbnail, has_camera=has_camera)
            self._media.screen.set_kbps(Encoding.HIGH, screen)
        wanted_kbps = (self._media.wanted_kbps if has_camera else 0.0) + (SCREEN_KBPS if screen else 0.0)
        data_kbps = self._data_share.update(path.kbps, wanted_kbps) if wanted_kbps else MOST_KBPS
        for each in self._participants.values():
            each.peer.limit_data(data_kbps)
        besides = thumbnail + screen
        kbps, settled_kbps = max(0.0, path.kbps - besides), max(0.0, path.settled_kbps - besides)
        if not has_camera:
            # Next to nothing is sent, so next to nothing is known of the path; it is no reason for fewer pictures.
            kbps = max(kbps, START_KBPS)
        return {UPLINK: replace(path, kbps=kbps, settled_kbps=settled_kbps)}

    def counters(self, user_id: str) -> tuple[PeerCounters, ...]:
        """What was sent to everybody, and what was received of them."""
        subscriber, publisher = self._subscription.subscriber, self._publishing.publisher
        sent = None if publisher is None else publisher.counters()
        received = None if subscriber is None else subscriber.counters(user_id)
        if received is not None:
            # One number for all of them: a stream that begins to count anew must not make the other one do so.
            received = replace(received, connection=self._serial)
        return tuple(each for each in (sent, received) if each is not None)
