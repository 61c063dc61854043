"""The daemons of packaging/server as Debian has them, started by the script that the containers start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .waiting import eventually

if TYPE_CHECKING:
    from types import TracebackType

FOLDER = Path(__file__).resolve().parents[1] / "packaging" / "server"
STOP_LIMIT_S = 10.0


def free_ports(count: int) -> list[int]:
    """Ports that are free on 127.0.0.1 for TCP and for UDP, all different."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            tcp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            tcp.bind(("127.0.0.1", 0))
            udp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                udp.bind(("127.0.0.1", tcp.getsockname()[1]))
            except OSError:
                continue
            found.append(tcp.getsockname()[1])
    return found


def answers(port: int) -> bool:
    """Whether something takes TCP connections on 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class PackagedDaemon:
    """One of signaling, janus, coturn and redis, from `with` to the end of its block.

    Args:
        name: what `start` calls it.
        folder: for its filled in configuration and what it prints.
        port: a TCP port of 127.0.0.1 that it listens on as soon as it works.
        variables: the environment, beside PATH.
    """

    def __init__(self, name: str, folder: Path, port: int, **variables: str) -> None:
        self.name = name
        self.port = port
        self.run_dir = folder / name
        self._output = folder / f"{name}.log"
        self._variables = variables
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it; returns when it listens."""
        self.run_dir.mkdir(parents=True)
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        environment = {"PATH": path, "RUN_DIR": str(self.run_dir), **self._variables}
        with self._output.open("wb") as output:
            self._process = process = subprocess.Popen(
                [FOLDER / "start", self.name],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            eventually(lambda: process.poll() is not None or answers(self.port), f"{self.name} listening")
            assert process.poll() is None, f"{self.name} ended:\n{self.output()}"
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it as `docker stop` does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._kill()
            if error is None:
                raise AssertionError(f"{self.name} did not stop:\n{self.output()}") from None

    def _kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def output(self) -> str:
        """What it has printed so far."""
        return self._output.read_text(errors="replace")
