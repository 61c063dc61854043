"""A lab for tests: the switch in a process of its own, so that a busy test does not delay a packet."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import namespaces, router, switch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
STOP_LIMIT_S = 20.0


class NetLabError(Exception):
    """The lab could not be started or did not end cleanly."""


@functools.cache
def why_unavailable() -> str | None:
    """The reason why this machine cannot run a lab, for a skipped test; None when it can."""
    if sys.platform != "linux":
        return "netlab needs Linux"
    if os.geteuid() != 0:
        return "netlab needs root"
    if not namespaces.TUN_DEVICE.exists():
        return f"netlab needs {namespaces.TUN_DEVICE}"
    if namespaces.ip_program() is None:
        return "netlab needs the ip command (Debian: iproute2)"
    probe = f"nlprobe{os.getpid():x}"  # root in a container may still not be allowed to
    try:
        os.close(namespaces.create(probe, "a"))
    except OSError as error:
        return f"netlab needs network namespaces: {error}"
    finally:
        namespaces.remove(probe)
    return None


class NetLab:
    """A few hosts and the links between them, from `with` to the end of its block.

    Args:
        hosts: how many, named a, b, c, ...
        seed: of the losses and jitter, so that runs can be compared.
        conditions: of all links to begin with: loss (percent), delay, jitter, queue (ms), rate (kbit/s).
    """

    def __init__(self, hosts: int = 2, *, seed: int = 1, **conditions: float) -> None:
        self.hosts = router.host_names(hosts)
        # Names of network namespaces are the machine's: two test runs at once must not meet.
        self.name = f"nl{os.getpid():x}{os.urandom(2).hex()}"
        self._options = [f"--hosts={hosts}", f"--seed={seed}"]
        self._options += [f"--{key}={value}" for key, value in conditions.items()]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> NetLab:
        """Start the switch; returns when the hosts are up.

        Raises:
            NetLabError: with what the switch said.
        """
        verb = ["up", "--name", self.name, "--until-stdin-closes"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.netlab.netlab", *verb, *self._options],
            stdin=subprocess.PIPE,  # it closes with this process, however that ends, and the switch with it
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            _, errors = self._process.communicate(timeout=STOP_LIMIT_S)
            raise NetLabError(f"the network did not come up: {errors.strip()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the switch, which removes the hosts."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            _, errors = process.communicate(timeout=STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise NetLabError("the network did not stop") from error
        if process.returncode and error is None:
            raise NetLabError(f"the network failed: {errors.strip()}")

    @property
    def pid(self) -> int:
        """The process of the switch, to see what moving the packets costs."""
        assert self._process is not None, "the lab is not up"
        return self._process.pid

    def set(self, link: str = "*", **changes: float) -> None:
        """Change the conditions of a>b (one direction), a-b (both directions) or * (all links).

        Args:
            link: which.
            changes: loss (percent), delay, jitter, queue (ms), rate (kbit/s, 0 is unlimited), block (0 or 1).

        Raises:
            ValueError: no such link or key.
        """
        switch.ask(self.name, ["set", link, *(f"{key}={float(value)}" for key, value in changes.items())])

    def nat(self, host: str, on: bool = True) -> None:
        """Put a host behind a symmetric NAT for UDP, or take it away."""
        switch.ask(self.name, ["nat", host, "on" if on else "off"])

    def move(self, host: str) -> str:
        """Give a host another address, the first one with every second call; its connections are lost. The new one."""
        return str(switch.ask(self.name, ["move", host])["address"])

    def stats(self) -> dict[str, dict[str, Any]]:
        """Of every link a>b: packets sent, bytes, packets lost, packets dropped by overflow."""
        return switch.ask(self.name, ["stats"])

    def address(self, host: str) -> str:
        """A host's IPv4 address."""
        return router.host_address(host)

    def outer_address(self, host: str) -> str:
        """What others see of a host behind its NAT."""
        return router.outer_address(host)

    def command(self, host: str, arguments: Sequence[str]) -> list[str]:
        """What to start so that `arguments` run on a host."""
        return namespaces.command(switch.namespace_of(self.name, host), arguments)

    @contextlib.contextmanager
    def inside(self, host: str) -> Iterator[None]:
        """Make sockets on a host: those made by this thread in the block stay there."""
        with namespaces.inside(switch.namespace_of(self.name, host)):
            yield
