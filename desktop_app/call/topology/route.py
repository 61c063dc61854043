"""What mesh and SFU have in common: one interface for everything that media needs of either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktop_app.call.remote_participant import RemoteParticipant
    from desktop_app.protocol.topology import Mode
    from desktop_app.quality.assignment import Encoding
    from desktop_app.rtc.counters import PeerCounters
    from desktop_app.rtc.send_estimate import PathEstimate
    from desktop_app.rtc.state import PeerState

    from .way import Way


class Route(Protocol):
    """How sound and pictures go between us and everybody in the room. Lives on the engine loop."""

    @property
    def mode(self) -> Mode:
        """Which of the two it is."""

    def begin(self) -> None:
        """Send by it, and receive what comes."""

    def end(self) -> None:
        """Send nothing by it any more."""

    def add(self, participant: RemoteParticipant) -> None:
        """Somebody is in the room."""

    def remove(self, user_id: str) -> None:
        """Somebody is not any more; unknown ones are ignored."""

    def way_of(self, user_id: str) -> Way:
        """Where what comes of a participant goes."""

    def expects(self, user_id: str) -> bool:
        """Whether something of a participant should come by it."""

    def expects_sound(self, user_id: str) -> bool:
        """Whether their voice should."""

    def expects_picture(self, user_id: str) -> bool:
        """Whether their picture should: the camera's."""

    def expects_screen(self, user_id: str) -> bool:
        """Whether the screen that they show should."""

    @property
    def progress(self) -> object:
        """Another value each time that something of it has come further."""

    @property
    def is_up(self) -> bool:
        """Whether what we send leaves by it."""

    def state_of(self, user_id: str) -> tuple[PeerState, str]:
        """How a participant's media fares on it, and a sentence why."""

    def counters(self, user_id: str) -> tuple[PeerCounters, ...]:
        """What was counted of a participant, for each connection that has to do with them."""

    def estimate_paths(self, at_s: float) -> Mapping[str, PathEstimate]:
        """What each path that we send by carries, judged anew; by user id, or by another name that is nobody's."""

    def send_pictures(self, assignment: Mapping[str, Encoding]) -> None:
        """Send by each of these paths this encoding of our picture."""

    def pause_freeze_detection(self, user_id: str) -> None:
        """A participant switched the camera off on purpose."""

    @property
    def most_kbps(self) -> float:
        """What may be sent by one path at most, in kbit/s; infinity where nothing bounds it but the path."""
