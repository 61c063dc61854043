"""The mesh: everybody sends to everybody, over the direct connections, which are there whether it is used or not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from desktop_app.quality.assignment import Encoding
from desktop_app.rtc.data_share import MOST_KBPS
from desktop_app.rtc.state import PeerState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktop_app.call.local_media import LocalMedia
    from desktop_app.call.remote_participant import RemoteParticipant
    from desktop_app.protocol.topology import Mode
    from desktop_app.rtc.counters import PeerCounters
    from desktop_app.rtc.send_estimate import PathEstimate

    from .way import Way

UPLINK_KBPS = 5000.0
"""What we send to all peers together at most (docs/decisions.md)."""


class MeshRoute:
    """Implements Route. Made for a call, and used again each time that the room comes back to it."""

    mode: Final[Mode] = "mesh"
    is_up: Final = True
    progress: Final = None

    def __init__(self, media: LocalMedia) -> None:
        self._media = media
        self._participants: dict[str, RemoteParticipant] = {}
        self._assignment: Mapping[str, Encoding] = {}
        self._on = False
        self._only_data: set[str] = set()
        """Who came while the room was about to leave the mesh."""
        self._takes_newcomers = True
        self.mesh_limit = 8
        """People in a room of which each could send to all others."""

    def begin(self) -> None:
        """Let sound and pictures go by the direct connections."""
        if self._on:
            return
        self._on = self._takes_newcomers = True
        self._only_data.clear()
        for each in self._participants.values():
            each.peer.require_media()
            each.peer.pause_freeze_detection()  # what came last was before the room left the mesh
            self._send(each)

    def leave_out_newcomers(self) -> None:
        """The room is about to leave the mesh: who comes now, or has no connection yet, gets one for data alone."""
        self._takes_newcomers = False
        if self._on:
            for each in self._participants.values():
                if each.peer.state is PeerState.NEW:
                    self._leave_out(each)

    def take_everybody(self) -> None:
        """It does not, or has: whoever came meanwhile is like everybody else."""
        self._takes_newcomers = True
        left_out, self._only_data = self._only_data, set()
        if self._on:
            for user_id in left_out:
                self._participants[user_id].peer.require_media()
                self._send(self._participants[user_id])

    def _leave_out(self, participant: RemoteParticipant) -> None:
        self._only_data.add(participant.info.user_id)
        participant.peer.offers_media = False
        self._send_nothing(participant)

    def end(self) -> None:
        """Let nothing but data go by them."""
        if not self._on:
            return
        self._on = False
        self._only_data.clear()
        for each in self._participants.values():
            each.peer.pause_freeze_detection()
            self._send_nothing(each)

    def add(self, participant: RemoteParticipant) -> None:
        """A participant whose connection is not there yet."""
        user_id = participant.info.user_id
        self._participants[user_id] = participant
        if not self._on:
            # Beyond the limit there never is a mesh: lines for sound and pictures would be for nothing.
            participant.peer.offers_media = len(self._participants) < self.mesh_limit
            self._send_nothing(participant)
        elif not self._takes_newcomers:
            self._leave_out(participant)

    def remove(self, user_id: str) -> None:
        """Forget them."""
        self._participants.pop(user_id, None)
        self._only_data.discard(user_id)

    def _send(self, participant: RemoteParticipant) -> None:
        participant.peer.send_audio(self._media.feeds.audio)
        encoding = self._assignment.get(participant.info.user_id, Encoding.HIGH)
        participant.send_video(self._media.line_feed(encoding))

    def _send_nothing(self, participant: RemoteParticipant) -> None:
        participant.peer.send_audio(None)
        participant.leave_video()
        participant.peer.limit_data(MOST_KBPS)

    def way_of(self, user_id: str) -> Way:
        """The direct one."""
        return self._participants[user_id].direct

    def expects(self, user_id: str) -> bool:
        """Always: everybody sends to everybody."""
        return user_id in self._participants

    def expects_sound(self, user_id: str) -> bool:
        """Likewise."""
        return user_id in self._participants

    def expects_picture(self, user_id: str) -> bool:
        """The camera's, while no screen is in its place."""
        participant = self._participants.get(user_id)
        return participant is not None and not participant.info.screen

    def expects_screen(self, user_id: str) -> bool:
        """In place of the camera's picture, unless the path to us is too narrow for either."""
        participant = self._participants.get(user_id)
        return participant is not None and participant.info.screen and participant.is_picture_sent

    def state_of(self, user_id: str) -> tuple[PeerState, str]:
        """The direct connection's."""
        participant = self._participants[user_id]
        return participant.peer.state, participant.peer_reason

    def counters(self, user_id: str) -> tuple[PeerCounters, ...]:
        """Of the direct connection, and of one whose place it takes."""
        return self._participants[user_id].peer.all_counters()

    def estimate_paths(self, at_s: float) -> dict[str, PathEstimate]:
        """Of each direct connection, no more than its share of the uplink."""
        if not self._on:
            return {}
        most_kbps = self.most_kbps
        paths: dict[str, PathEstimate] = {}
        for user_id, each in self._participants.items():
            if user_id in self._only_data:
                continue
            path = each.peer.estimate_path(at_s)
            if path is not None:
                kbps, settled_kbps = min(path.kbps, most_kbps), min(path.settled_kbps, most_kbps)
                paths[user_id] = replace(path, kbps=kbps, settled_kbps=settled_kbps)
        return paths

    def send_pictures(self, assignment: Mapping[str, Encoding]) -> None:
        """Send to each of these participants this encoding."""
        self._assignment = assignment
        if not self._on:
            return
        for user_id, encoding in assignment.items():
            if user_id in self._only_data:
                continue
            if (participant := self._participants.get(user_id)) is not None:
                participant.send_video(self._media.line_feed(encoding))

    def pause_freeze_detection(self, user_id: str) -> None:
        """On the direct connection."""
        self._participants[user_id].peer.pause_freeze_detection()

    @property
    def most_kbps(self) -> float:
        """A share of the uplink."""
        return UPLINK_KBPS / len(self._participants) if self._participants else math.inf
