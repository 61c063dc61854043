"""The connection test: server, STUN, TURN and devices, all at once, a line each."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING, Literal, TypeAlias

from desktop_app.core.errors import UserFacingError
from desktop_app.protocol.invite import new_room_id, parse_target
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.rtc.ice_servers import usable
from desktop_app.rtc.server_trial import StunTrial, TrialError, try_relay, try_stun_over_tls
from desktop_app.signaling.client import SignalingClient
from desktop_app.signaling.machine import SignalingMachine

from .configure import ice_servers
from .device_trial import try_camera, try_microphone, try_speaker
from .port import TestLine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from desktop_app.call.local_media import LocalMedia
    from desktop_app.protocol.messages import IceServer
    from desktop_app.rtc.ice_address import ServerAddress
    from desktop_app.settings.schema import Settings

    from .device_trial import Verdict

logger = logging.getLogger(__name__)

LINE_LIMIT_S = 20.0
"""Everything that is tried has shorter limits of its own."""
SERVER, NAT, CAMERA, MICROPHONE, SPEAKER = (
    "Server",
    "Network (UDP and NAT)",
    "Camera",
    "Microphone",
    "Speaker",
)

_Words: TypeAlias = Literal["running", "pass", "warn", "fail"]


class ConnectionTest:
    """One run. Lives on the engine loop; cancelling `run` ends it and releases everything."""

    def __init__(
        self,
        settings: Settings,
        media: LocalMedia,
        on_line: Callable[[TestLine], None],
        known: Iterable[IceServer] = (),
    ) -> None:
        """`known` are servers that a call in progress was told of."""
        self._settings = settings
        self._media = media
        self._on_line = on_line
        self._lines: dict[str, TestLine] = {}
        self._stun = StunTrial()
        self._tried: set[ServerAddress] = set()
        self._reachable: dict[ServerAddress, bool] = {}
        self._own_servers = (*ice_servers(settings), *known)

    async def run(self) -> tuple[TestLine, ...]:
        """All lines, each of which was told as it changed."""
        settings, media = self._settings, self._media
        try:
            self._say(SERVER, "running")
            async with asyncio.TaskGroup() as group:
                for name, trial in (
                    (CAMERA, try_camera),
                    (MICROPHONE, try_microphone),
                    (SPEAKER, try_speaker),
                ):
                    group.create_task(self._line(name, trial(media, settings)))
                group.create_task(self._network())
        finally:
            self._stun.close()
        return tuple(self._lines.values())

    async def _network(self) -> None:
        told: list[IceServer] = []
        self._say(NAT, "running")
        async with asyncio.TaskGroup() as group:
            server = group.create_task(self._line(SERVER, self._try_server(told)))
            self._try_all(group, self._own_servers)
            await server
            self._try_all(group, told)
        self._say(NAT, *self._judge_network())

    def _say(self, name: str, verdict: _Words, detail: str = "") -> None:
        self._lines[name] = line = TestLine(name, verdict, detail)
        self._on_line(line)

    async def _line(self, name: str, trial: Awaitable[Verdict]) -> None:
        self._say(name, "running")
        try:
            async with asyncio.timeout(LINE_LIMIT_S):
                verdict, detail = await trial
        except TimeoutError:
            verdict, detail = "fail", "No answer in time."
        except Exception:
            logger.exception("the test of %s failed", name)
            verdict, detail = "fail", "It could not be tried; the log says why."
        self._say(name, verdict, detail)

    # --- the server -----------------------------------------------------------------------------

    async def _try_server(self, told: list[IceServer]) -> Verdict:
        settings = self._settings
        try:
            target = settings.last_target if "://" in settings.last_target else "test"
            invite = parse_target(target, settings.server)
        except ValueError:
            return "warn", "None is known: set one on the General page, or join a call by its link first."
        loop = asyncio.get_running_loop()
        me = ParticipantInfo(secrets.token_hex(8), "Connection test")
        client = SignalingClient(
            SignalingMachine(me, new_room_id()),
            invite.websocket_url(),
            fingerprint_sha256=invite.fingerprint_sha256,
            on_message=lambda _message: None,
            on_lost=lambda _reason: None,
        )
        begun_s = loop.time()
        try:
            welcome = await client.connect()
        except UserFacingError as error:
            return "fail", f"{invite.host}:{invite.port}: {error}"
        finally:
            await client.close()
        told.extend(welcome.ice_servers)
        said = f"{invite.host}:{invite.port} let us into a room after {(loop.time() - begun_s) * 1000:.0f} ms"
        if not invite.secure:
            return "warn", f"{said}, but nothing is encrypted on the way to it."
        checked = "as the link has it" if invite.fingerprint_sha256 else "vouched for"
        return "pass", f"{said}, over TLS; its certificate is {checked}."

    # --- STUN and TURN --------------------------------------------------------------------------

    def _try_all(self, group: asyncio.TaskGroup, servers: Iterable[IceServer]) -> None:
        for server in usable(servers):
            if server in self._tried:
                continue
            self._tried.add(server)
            name = f"{'TURN' if server.is_turn else 'STUN'} {server.url}"
            if name in self._lines:  # the same server with other credentials
                name = f"{name} ({len(self._tried)})"
            self._say(name, "running")
            trial = self._try_turn(server) if server.is_turn else self._try_stun(server)
            group.create_task(self._line(name, trial))

    async def _try_stun(self, server: ServerAddress) -> Verdict:
        try:
            if server.transport == "tls":
                seen = await try_stun_over_tls(server)
                return (
                    "warn",
                    f"It answers over TLS after {_ms(seen.round_trip_s)}, which no call has a use for.",
                )
            seen = await self._stun.ask(server)
        except TrialError as error:
            self._reachable[server] = False
            return "fail", _sentence(error)
        self._reachable[server] = True
        host, port = seen.address
        return "pass", f"It answers after {_ms(seen.round_trip_s)} and sees you as {_place(host, port)}."

    async def _try_turn(self, server: ServerAddress) -> Verdict:
        if server.transport == "udp":  # it tells our address as well
            try:
                await self._stun.ask(server)
            except TrialError:
                self._reachable[server] = False
            else:
                self._reachable[server] = True
        try:
            trial = await try_relay(server)
        except TrialError as error:
            self._reachable.setdefault(server, False)
            return "fail", _sentence(error)
        self._reachable[server] = True
        said = f"It relays from {_place(*trial.relayed_address)}, {_ms(trial.round_trip_s)} away"
        if trial.echo_s is None:
            return "warn", f"{said}, but a packet to ourselves did not come back; it may refuse just that."
        return "pass", f"{said}; a packet came back through it after {_ms(trial.echo_s)}."

    def _judge_network(self) -> Verdict:
        over_udp = [is_good for server, is_good in self._reachable.items() if server.transport == "udp"]
        relays = [each for each, is_good in self._reachable.items() if is_good and each.is_turn]
        if not over_udp:
            return "warn", "Not tried: no STUN or TURN server over UDP is known."
        if not any(over_udp):
            if relays:
                return "warn", "UDP is blocked; calls go through the TURN server over TCP, with more delay."
            return "fail", "UDP is blocked, or none of the servers is there; calls may not connect."
        mapped = sorted(set(self._stun.seen.values()))
        places = ", ".join(_place(*each) for each in mapped)
        if self._stun.has_no_nat:
            return "pass", f"No NAT: the others reach you directly at {places}."
        if self._stun.kind == "symmetric":
            said = f"The NAT is symmetric ({places}): calls to some people need a TURN server"
            return "warn", f"{said}, which you have." if relays else f"{said}."
        if self._stun.kind:
            return "pass", f"The NAT is endpoint-independent ({places}): most calls connect directly."
        return "pass", f"UDP works ({places}); with a second STUN server the kind of NAT could be told."


def _ms(seconds: float) -> str:
    return f"{max(1.0, seconds * 1000):.0f} ms"


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _sentence(error: TrialError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
