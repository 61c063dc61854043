"""A real Janus for tests: its own configuration in a temporary folder, free ports on 127.0.0.1, always ended.

async with JanusProcess(tmp_path) as janus:
    HostedServer().start(..., janus=[janus.node])          # what `--janus` takes
    await janus.kill()                                     # SIGKILL
    await janus.restart()                                  # on the same ports, with nothing in it
    info = await janus.handle_info(session_id, handle_id)  # Janus's own statistics
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientSession, WSMsgType

from desktop_app.server.janus.address import parse_janus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktop_app.server.janus.address import JanusAddress

PROGRAM = "/usr/bin/janus"
ADMIN_KEY = "only-the-server"
"""Who does not know it may not create rooms."""
ADMIN_SECRET = "statistics"
START_LIMIT_S = 20.0
ANSWER_S = 5.0
_LOOK_AGAIN_S = 0.02
_RTP_PORTS = 1000
_PARTS = {"plugins": "libjanus_videoroom.so", "transports": "libjanus_websockets.so"}

CORE = """general: {{
    configs_folder = "{folder}"
    plugins_folder = "{folder}/plugins"
    transports_folder = "{folder}/transports"
    events_folder = "{folder}/events"
    loggers_folder = "{folder}/loggers"
    debug_level = 3
    debug_colors = false
    admin_secret = "{admin_secret}"
    session_timeout = 10
    reclaim_session_timeout = 0
}}
media: {{
    rtp_port_range = "{first_port}-{last_port}"
    twcc_period = 50
    min_nack_queue = 500
    slowlink_threshold = 4
}}
nat: {{
    nice_debug = false
    {enforce}
    ignore_mdns = true
}}
"""
WEBSOCKETS = """general: {{
    json = "compact"
    ws = true
    ws_port = {port}
    ws_ip = "127.0.0.1"
    wss = false
    ws_logging = "err"
}}
admin: {{
    admin_ws = true
    admin_ws_port = {admin_port}
    admin_ws_ip = "127.0.0.1"
}}
"""
VIDEOROOM = """general: {{
    admin_key = "{admin_key}"
    string_ids = true
}}
"""


def free_ports(count: int) -> list[int]:
    """TCP ports of 127.0.0.1 that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


class JanusProcess:
    """Janus with the VideoRoom plugin and WebSockets alone; an async context manager.

    Args:
        folder: a temporary folder; a subfolder is made in it.
        interfaces: the interfaces or addresses that ICE uses, comma-separated; all but the loopback interface
            when empty, which libnice leaves out whatever one asks for.
        general: further values of the `general` part of janus.jcfg.
        api_secret: what Janus wants to hear with every request.
        prefix: what to start it with, such as NetLab.command: then it is in another network than the test, which
            cannot ask it anything.
    """

    def __init__(
        self,
        folder: Path,
        *,
        interfaces: str = "",
        general: Mapping[str, str] | None = None,
        api_secret: str = "",
        prefix: Sequence[str] = (),
    ) -> None:
        self.port, self.admin_port = free_ports(2)
        self._folder = folder / f"janus-{self.port}"
        self._interfaces = interfaces
        self._general = dict(general or {})
        self._api_secret = api_secret
        self._prefix = tuple(prefix)
        if api_secret:
            self._general["api_secret"] = f'"{api_secret}"'
        self._process: asyncio.subprocess.Process | None = None
        self.admin_key = ADMIN_KEY

    @property
    def url(self) -> str:
        """Of its WebSocket API (sub-protocol `janus-protocol`)."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def node(self) -> str:
        """The same with the key that creating rooms asks for, as `bridgecall-server --janus` takes it."""
        return f"{self.url},{self.admin_key}" + (f",{self._api_secret}" if self._api_secret else "")

    @property
    def address(self) -> JanusAddress:
        """The same, parsed."""
        return parse_janus(self.node)

    @property
    def pid(self) -> int:
        """Its process id, which is its process group's as well."""
        if self._process is None:
            raise RuntimeError("Janus was not started")
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has printed."""
        return (self._folder / "log").read_text(errors="replace")

    async def start(self) -> None:
        """Start it; returns when it answers.

        Raises:
            RuntimeError: it does not, with its log.
        """
        self._configure()
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(*self._prefix, PROGRAM, "-F", str(self._folder)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(START_LIMIT_S):
                while not await self._answers():
                    if self._process.returncode is not None:
                        raise RuntimeError(f"Janus has ended: {self.log[-2000:]}")
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except TimeoutError:
            await self.stop()
            raise RuntimeError(f"Janus does not answer: {self.log[-2000:]}") from None

    async def kill(self) -> None:
        """End it the hard way (SIGKILL); returns when it is gone."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if process is not None:
            await process.wait()

    stop = kill  # it keeps nothing that an orderly end would save

    async def restart(self) -> None:
        """Start it again on the same ports, with no session, handle or room."""
        await self.kill()
        await self.start()

    async def __aenter__(self) -> JanusProcess:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- the Admin API ------------------------------------------------------------------------

    async def admin(self, janus: str, **fields: Any) -> dict[str, Any]:
        """Ask the Admin API (https://janus.conf.meetecho.com/docs/admin)."""
        message = {
            "janus": janus,
            "transaction": "test",
            "admin_secret": ADMIN_SECRET,
            **fields,
        }
        return await self._ask(f"ws://127.0.0.1:{self.admin_port}", "janus-admin-protocol", message)

    async def sessions(self) -> list[int]:
        """The ids of all sessions."""
        return list((await self.admin("list_sessions"))["sessions"])

    async def handles(self) -> list[tuple[int, int]]:
        """Session and handle ids of all handles."""
        found = []
        for session_id in await self.sessions():
            answer = await self.admin("list_handles", session_id=session_id)
            found += [(session_id, handle_id) for handle_id in answer.get("handles", [])]
        return found

    async def handle_info(self, session_id: int, handle_id: int) -> dict[str, Any]:
        """Everything that Janus knows of a handle: `plugin_specific`, `webrtc` with its counters, SDPs."""
        answer = await self.admin("handle_info", session_id=session_id, handle_id=handle_id)
        assert answer["janus"] == "success", answer
        return dict(answer["info"])

    async def all_info(self) -> list[dict[str, Any]]:
        """handle_info of every handle that is there."""
        found = []
        for session_id, handle_id in await self.handles():
            answer = await self.admin("handle_info", session_id=session_id, handle_id=handle_id)
            if answer["janus"] == "success":  # else it has gone meanwhile
                found.append(dict(answer["info"]))
        return found

    async def rooms(self) -> list[dict[str, Any]]:
        """The VideoRoom's rooms, private ones too."""
        request = {"request": "list", "admin_key": self.admin_key}
        answer = await self.admin("message_plugin", plugin="janus.plugin.videoroom", request=request)
        return list(answer["response"]["list"])

    # --- inside -------------------------------------------------------------------------------

    def _configure(self) -> None:
        libraries = _libraries()
        for name, library in _PARTS.items():
            (self._folder / name).mkdir(parents=True, exist_ok=True)
            link = self._folder / name / library
            if not link.is_symlink():
                link.symlink_to(libraries / name / library)
        for name in ("events", "loggers"):
            (self._folder / name).mkdir(exist_ok=True)
        # Below the ports that the kernel gives to whoever asks for any.
        first = random.randrange(12_000, 32_000 - _RTP_PORTS)
        core = CORE.format(
            folder=self._folder,
            admin_secret=ADMIN_SECRET,
            first_port=first,
            last_port=first + _RTP_PORTS - 1,
            enforce=f'ice_enforce_list = "{self._interfaces}"' if self._interfaces else "",
        )
        more = "".join(f"    {name} = {value}\n" for name, value in self._general.items())
        core = core.replace("general: {\n", "general: {\n" + more, 1)
        files = {
            "janus.jcfg": core,
            "janus.transport.websockets.jcfg": WEBSOCKETS.format(port=self.port, admin_port=self.admin_port),
            "janus.plugin.videoroom.jcfg": VIDEOROOM.format(admin_key=self.admin_key),
        }
        for name, text in files.items():
            (self._folder / name).write_text(text)

    async def _answers(self) -> bool:
        if self._prefix:
            probe = f"import socket; socket.create_connection(('127.0.0.1', {self.port}), 5)"
            there = await asyncio.create_subprocess_exec(
                *(*self._prefix, sys.executable, "-c", probe), stderr=asyncio.subprocess.DEVNULL
            )
            return await there.wait() == 0
        try:
            answer = await self._ask(self.url, "janus-protocol", {"janus": "ping", "transaction": "test"})
        except (OSError, ClientError, TimeoutError):
            return False
        return answer.get("janus") == "pong"

    async def _ask(self, url: str, protocol: str, message: dict[str, Any]) -> dict[str, Any]:
        async with ClientSession() as http, http.ws_connect(url, protocols=(protocol,)) as socket_:
            await socket_.send_json(message)
            answer = await socket_.receive(ANSWER_S)
            if answer.type is not WSMsgType.TEXT:
                raise ClientError(f"Janus answered {answer.type}")
            parsed = answer.json()
            assert isinstance(parsed, dict)
            return parsed


def _libraries() -> Path:
    for folder in (*Path("/usr/lib").glob("*/janus"), Path("/usr/lib/janus")):
        if (folder / "plugins" / _PARTS["plugins"]).exists():
            return folder
    raise RuntimeError("Janus's plugins are not where Debian puts them")
