"""Which way media takes: follows the server, and moves everybody from one route to the next without a seam."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from desktop_app.call.events import ActiveSpeakerChanged, PeerStateChanged, TopologyChanged
from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.topology import MAX_LARGE_FEEDS, ActiveSpeaker, Topology, TopologyReady
from desktop_app.rtc.state import PeerState

from .direct_calls import DirectCalls
from .mesh_route import MeshRoute
from .readiness import Readiness
from .sfu_route import SfuRoute
from .state import Known, Step, first, follow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from desktop_app.call.events import CallEvent
    from desktop_app.call.local_media import LocalMedia
    from desktop_app.call.network_watch import NetworkChange
    from desktop_app.call.remote_participant import RemoteParticipant
    from desktop_app.protocol.messages import Welcome
    from desktop_app.protocol.topology import Mode, TopologyClientMessage, TopologyServerMessage
    from desktop_app.quality.assignment import Encoding
    from desktop_app.rtc.counters import PeerCounters
    from desktop_app.rtc.ice import IceConfiguration
    from desktop_app.rtc.patience import Patience
    from desktop_app.rtc.send_estimate import PathEstimate

    from .route import Route
    from .view import View

logger = logging.getLogger(__name__)

PEACE_S = 0.25
"""For each participant: how long after a change to the SFU, at most, what can wait is done."""


class TopologyControl:
    """One call's. Lives on the engine loop."""

    def __init__(
        self,
        *,
        media: LocalMedia,
        ice: Callable[[], IceConfiguration],
        say: Callable[[TopologyClientMessage], None],
        emit: Callable[[CallEvent], None],
        patience: Patience,
    ) -> None:
        self._media = media
        self._ice = ice
        self._say = say
        self._emit = emit
        self._tasks = TaskOwner("topology")
        self._participants: dict[str, RemoteParticipant] = {}
        self._told: dict[str, tuple[PeerState, str]] = {}
        self._known = Known()
        self._direct_calls = DirectCalls(self._tasks, patience)
        self._mesh = MeshRoute(media)
        self._mesh.begin()
        self._route: Route = self._mesh
        self._coming: Route | None = None
        self._ending: list[SfuRoute] = []
        self._readiness: asyncio.Task[None] | None = None
        self._is_alone = False
        self._view: View | None = None
        self._speaker: str | None = None
        self._max_large = MAX_LARGE_FEEDS
        self._is_late = False

    @property
    def mode(self) -> Mode:
        """How media travels now."""
        return self._route.mode

    @property
    def _routes(self) -> tuple[Route, ...]:
        """Those that are up or on the way, that of now last; and the mesh, whose connections there always are."""
        routes: list[Route] = [self._mesh]
        for route in (self._coming, self._route):
            if route is not None and route is not self._mesh:
                routes.append(route)
        if self._route is self._mesh and len(routes) > 1:
            routes.reverse()
        return tuple(routes)

    # --- what the server says -------------------------------------------------------------------

    def enter(self, welcome: Welcome) -> None:
        """We are in the room, for the first time or again; nobody was added yet."""
        for route in (self._coming, self._route):
            if isinstance(route, SfuRoute):
                self._end(route)
        self._is_alone = False
        self._known = first(welcome.topology)
        self._mesh.mesh_limit = self._known.mesh_limit
        self._coming = None
        self._stop_waiting()
        self._stay_in_mesh()
        self._route = self._made(self._known.mode)
        self._route.begin()
        if not isinstance(self._route, MeshRoute):
            self._mesh.end()
        if self._known.coming is not None:
            self._prepare(self._known.coming)
        self._tell_of(welcome)

    def enter_again(self, welcome: Welcome) -> None:
        """We are in the room again, with those whom we know already; whoever is gone was removed, and nobody was added.

        Where the server kept our place an SFU went on as ever. Another server knows nothing of our connections there.
        """
        self._is_alone = False
        said, route = welcome.topology, self._route
        goes_on = welcome.resumed and said.mode == "sfu" and said.epoch == self._known.epoch
        goes_on = goes_on and isinstance(route, SfuRoute) and not route.has_failed
        if self._coming is not None:
            self._abort()  # it is told anew if it goes on
        self._known = first(said)
        self._mesh.mesh_limit = self._known.mesh_limit
        if isinstance(route, SfuRoute) and goes_on:
            route.say_again()
        elif self._known.mode == "sfu" or self._known.mode != route.mode:
            self._commit(self._known.mode)
        if self._known.coming is not None:
            self._prepare(self._known.coming)
        self._tell_of(welcome)
        self.look()

    def _tell_of(self, welcome: Welcome) -> None:
        spoke, self._speaker = self._speaker, welcome.active_speaker
        topology = welcome.topology
        self._emit(TopologyChanged(self._known.mode, topology.reason, "commit", topology.mesh_limit))
        if self._speaker != spoke:
            self._show()
            self._emit(ActiveSpeakerChanged(self._speaker))

    def received(self, message: TopologyServerMessage) -> None:
        """A message that is about this."""
        match message:
            case Topology():
                self._follow(message)
            case ActiveSpeaker(user_id=user_id):
                self._speaker = user_id
                self._show()
                self._emit(ActiveSpeakerChanged(user_id))
            case _:
                for route in (self._route, self._coming):
                    if isinstance(route, SfuRoute) and route.epoch == message.epoch:
                        route.take(message)

    def _follow(self, said: Topology) -> None:
        if said.epoch < self._known.epoch:
            return
        self._known, step = follow(self._known, said)
        self._mesh.mesh_limit = said.mesh_limit
        logger.info("topology %d: %s %s (%s)", said.epoch, said.phase, said.mode, said.reason)
        match step:
            case Step.PREPARE:
                self._prepare(said.mode)
            case Step.COMMIT:
                self._commit(said.mode)
            case Step.ABORT:
                self._abort()
        self._emit(TopologyChanged(said.mode, said.reason, said.phase, said.mesh_limit))
        self.look()

    def server_lost(self) -> None:
        """Nobody decides any more, until we `enter` again."""
        self._is_alone = True

    def network_changed(self, change: NetworkChange) -> None:
        """Addresses of this machine are gone, or it slept: the direct connections are seen to elsewhere."""
        for route in self._routes:
            if isinstance(route, SfuRoute):
                route.network_changed(change)

    def _help_ourselves(self) -> None:
        # A server takes its SFU with it, and all of us notice: the mesh is there.
        if self._is_alone and isinstance(self._route, SfuRoute) and self._route.has_failed:
            logger.info("server and SFU are gone: sound and pictures go by the direct connections")
            self._commit("mesh")

    # --- moving ---------------------------------------------------------------------------------

    def _made(self, mode: Mode) -> Route:
        if mode == "mesh":
            return self._mesh
        route = SfuRoute(
            self._known.epoch,
            media=self._media,
            ice=self._ice,
            say=self._say,
            on_change=self.look,
            max_large=self._max_large,
        )
        for each in self._participants.values():
            route.add(each)
        route.show(self._view, self._speaker)
        return route

    def _prepare(self, mode: Mode) -> None:
        self._give_up_coming()
        route = self._coming = self._made(mode)
        if mode == "sfu":
            self._mesh.leave_out_newcomers()
            self._direct_calls.wait()
        for user_id, each in self._participants.items():
            each.switch.prefer(route.way_of(user_id))
        route.begin()
        self._readiness = self._tasks.spawn(self._tell_when_ready(route), name="readiness")

    async def _tell_when_ready(self, route: Route) -> None:
        epoch = self._known.epoch
        problem = await Readiness(route, self._participants).wait()
        if problem:
            logger.warning("topology %d: %s", epoch, problem)
        self._say(TopologyReady(epoch, ok=not problem, reason=problem))

    def _commit(self, mode: Mode) -> None:
        self._stop_waiting()
        before, coming, self._coming = self._route, self._coming, None
        if coming is not None and coming.mode != mode:
            self._leave(coming, before)
            coming = None
        if coming is None and mode == "mesh" and before is self._mesh:
            self._stay_in_mesh()
            self._prefer(before)
            return  # it has been the mesh all along
        if coming is None:
            coming = self._made(mode)
            coming.begin()
        self._route = coming
        self._prefer(coming)
        self._leave(before, coming)
        self._stay_in_mesh()  # after its end, or whoever got a connection for data alone would get another one
        self._hide()
        if mode == "sfu":
            for each in self._participants.values():
                each.tell_picture_sent()
            self._tasks.spawn(self._complete_direct(), name="direct media")

    async def _complete_direct(self) -> None:
        """Give the direct connections that were made for data alone their lines for sound and pictures, in peace.

        When the server goes, and the SFU with it, nobody is left who could pass on an offer.
        """
        await asyncio.sleep(random.uniform(0.0, PEACE_S * len(self._participants)))
        for user_id in tuple(self._participants):
            if self._route.mode != "sfu" or len(self._participants) >= self._mesh.mesh_limit:
                return
            if (participant := self._participants.get(user_id)) is not None:
                participant.peer.require_media()
            await asyncio.sleep(PEACE_S)

    def _abort(self) -> None:
        self._stop_waiting()
        self._prefer(self._route)
        self._give_up_coming()
        self._stay_in_mesh()

    def _give_up_coming(self) -> None:
        self._stop_waiting()
        coming, self._coming = self._coming, None
        if coming is not None:
            self._leave(coming, self._route)

    def _stay_in_mesh(self) -> None:
        """No change to an SFU is under way any more."""
        self._mesh.take_everybody()
        self._direct_calls.go_on()

    def _prefer(self, route: Route) -> None:
        for user_id, each in self._participants.items():
            each.switch.prefer(route.way_of(user_id))

    def _leave(self, route: Route, kept: Route) -> None:
        if route is kept:
            return
        if isinstance(route, SfuRoute):
            self._end(route)
        else:
            route.end()

    def _end(self, route: SfuRoute) -> None:
        route.end()
        self._ending.append(route)
        self._tasks.spawn(self._forget_when_closed(route), name="closing")

    async def _forget_when_closed(self, route: SfuRoute) -> None:
        await route.wait_closed()
        self._ending.remove(route)

    def _stop_waiting(self) -> None:
        if self._readiness is not None:
            self._readiness.cancel()
            self._readiness = None

    # --- participants ---------------------------------------------------------------------------

    def add(self, participant: RemoteParticipant) -> None:
        """Somebody is in the room; their connection is not there yet."""
        user_id = participant.info.user_id
        self._participants[user_id] = participant
        for route in self._routes:
            route.add(participant)
        participant.begin_counting(self.counters(user_id))
        participant.switch.prefer(self._route.way_of(user_id))
        if self._coming is not None:
            participant.switch.prefer(self._coming.way_of(user_id))
        self._hide()

    def call(self, participant: RemoteParticipant) -> None:
        """Somebody who was added has come after us: it is our task to offer them a direct connection."""
        self._direct_calls.call(participant)

    def remove(self, user_id: str) -> None:
        """Somebody is not any more."""
        self._direct_calls.remove(user_id)
        self._participants.pop(user_id, None)
        self._told.pop(user_id, None)
        for route in self._routes:
            route.remove(user_id)
        self._hide()

    def look(self) -> None:
        """Tell of every participant whose state has changed: that of the way that media takes."""
        for user_id in self._participants:
            told = self._route.state_of(user_id)
            before = self._told.get(user_id, (PeerState.NEW, ""))
            self._told[user_id] = told
            if told != before:
                self._emit(PeerStateChanged(user_id, *told))

    def state_of(self, user_id: str) -> PeerState:
        """How a participant's media fares."""
        return self._route.state_of(user_id)[0]

    def counters(self, user_id: str) -> tuple[PeerCounters, ...]:
        """Of every connection that brings something of a participant, that of now last."""
        return tuple(each for route in self._routes for each in route.counters(user_id))

    def pause_freeze_detection(self, user_id: str) -> None:
        """A participant switched the camera off on purpose."""
        for route in self._routes:
            route.pause_freeze_detection(user_id)

    # --- what is sent and received --------------------------------------------------------------

    def show(self, view: View | None) -> None:
        """Who is on screen; None: nobody said."""
        self._view = view
        self._show()

    def _show(self) -> None:
        for route in self._routes:
            if isinstance(route, SfuRoute):
                route.show(self._view, self._speaker)
        self._hide()

    def state_changed(self) -> None:
        """Somebody began to show their screen, or something like that."""
        self._show()

    def _hide(self) -> None:
        for user_id, each in self._participants.items():
            route = self._route
            each.hide(not route.expects_picture(user_id), not route.expects_screen(user_id))

    @property
    def is_saving(self) -> bool:
        """Whether fewer large pictures are asked for than there could be, for want of time."""
        return self._max_large < MAX_LARGE_FEEDS

    def save_time(self, max_large: int, *, is_late: bool) -> None:
        """Ask an SFU for no more large pictures than the computer has time for; `is_late` while it is short of it."""
        self._max_large = max_large
        self._is_late = is_late
        for route in self._routes:
            if isinstance(route, SfuRoute):
                route.limit_large(max_large)

    @property
    def packets_overflowed(self) -> int:
        """What an SFU sent and was lost in our own socket, because we were late; begins anew with each connection."""
        return sum(route.packets_overflowed for route in self._routes if isinstance(route, SfuRoute))

    def update(self, at_s: float) -> dict[str, PathEstimate]:
        """To be called a few times a second: what the paths carry that we send by."""
        self._help_ourselves()
        self.look()
        paths: dict[str, PathEstimate] = {}
        for route in self._routes:
            paths.update(route.estimate_paths(at_s))
            if isinstance(route, SfuRoute) and not self._is_late:
                route.judge_downlink(at_s)  # what lies here for want of time says nothing of the network
        self._hide()
        return paths

    def send_pictures(self, assignment: Mapping[str, Encoding]) -> None:
        """Send by each path this encoding of our picture."""
        for route in self._routes:
            route.send_pictures(assignment)

    @property
    def most_kbps(self) -> float:
        """What a path may be tried for at most."""
        return self._route.most_kbps

    # --- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """End what is only ours; the direct connections end with the participants."""
        self._stop_waiting()
        for route in (self._coming, self._route):
            if isinstance(route, SfuRoute):
                self._end(route)
        self._coming, self._route = None, self._mesh

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left."""
        await self._tasks.drain()
