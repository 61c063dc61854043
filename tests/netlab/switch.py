"""The loop that moves the packets of a lab, and the control socket that changes it while it runs."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import namespaces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .router import Router

READ_AT_ONCE_PACKETS = 64
MAX_PACKET_BYTES = 65536
MAX_CONTROL_BYTES = 1 << 20
CONTROL_TIMEOUT_S = 10.0


def namespace_of(lab: str, host: str) -> str:
    """The name of a host's namespace."""
    return f"{lab}-{host}"


def control_path(lab: str) -> Path:
    """The control socket of a lab."""
    return Path(f"/run/netlab-{lab}.sock")


def parse_set(words: Sequence[str]) -> tuple[str, dict[str, float]]:
    """Read `[LINK] KEY=VALUE ...`.

    Raises:
        ValueError: nothing to set, or not a number.
    """
    where = "*" if "=" in words[0] else words[0]
    pairs = words if "=" in words[0] else words[1:]
    if not pairs:
        raise ValueError("nothing to set: give KEY=VALUE")
    changes = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"not KEY=VALUE: {pair}")
        changes[key] = float(value)
    return where, changes


def answer(router: Router, words: Sequence[str]) -> dict[str, Any]:
    """Carry out one control command and say what came of it.

    Raises:
        ValueError: its text says what is wrong with the command.
    """
    match words:
        case ["stats"]:
            return router.stats()
        case ["nat", host, ("on" | "off") as state]:
            return {"nat": router.set_nat(host, state == "on")}
        case ["move", host]:
            return {"address": router.move(host)}
        case ["set", first, *rest]:
            router.set(*parse_set([first, *rest]))
            return {"ok": True}
    raise ValueError(f"no such command: {' '.join(words)}")


def ask(lab: str, words: Sequence[str]) -> dict[str, Any]:
    """Send one command to a lab that runs.

    Raises:
        OSError: no such lab.
        ValueError: the lab's own words about what is wrong with the command.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(CONTROL_TIMEOUT_S)
        connection.connect(str(control_path(lab)))
        connection.send(json.dumps(list(words)).encode())
        reply: dict[str, Any] = json.loads(connection.recv(MAX_CONTROL_BYTES))
    if "error" in reply:
        raise ValueError(reply["error"])
    return reply


class Switch:
    """Makes the hosts, moves their packets until it is told to stop, and removes the hosts again."""

    def __init__(self, lab: str, router: Router) -> None:
        self._lab = lab
        self._router = router
        self._tun_of: dict[str, int] = {}
        self._running = True

    def run(self, *, until_stdin_closes: bool) -> None:
        """Print "ready" once the hosts are up, and serve until SIGTERM, SIGINT or (if asked) stdin's end."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: self._stop())
        try:
            for host in self._router.hosts:
                self._tun_of[host] = namespaces.create(namespace_of(self._lab, host), host)
            self._serve(until_stdin_closes=until_stdin_closes)
        finally:
            for descriptor in self._tun_of.values():
                os.close(descriptor)
            for host in self._router.hosts:
                namespaces.remove(namespace_of(self._lab, host))

    def _stop(self) -> None:
        self._running = False

    def _serve(self, *, until_stdin_closes: bool) -> None:
        path = control_path(self._lab)
        path.unlink(missing_ok=True)
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control,
            selectors.DefaultSelector() as selector,
        ):
            control.bind(str(path))
            control.listen()
            ready: Callable[[], None]
            for host, descriptor in self._tun_of.items():
                selector.register(descriptor, selectors.EVENT_READ, lambda host=host: self._read(host))
            selector.register(control, selectors.EVENT_READ, lambda: self._answer(control))
            if until_stdin_closes:
                selector.register(sys.stdin, selectors.EVENT_READ, self._read_stdin)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            try:
                while self._running:
                    self._deliver()
                    for key, _ in selector.select(self._patience_s()):
                        ready = key.data
                        ready()
            finally:
                path.unlink(missing_ok=True)

    def _patience_s(self) -> float | None:
        """How long to wait for a packet before one that is under way is due.

        A signal ends the wait too: its handler writes nothing, so the wait is never without end.
        """
        next_s = self._router.next_arrival_s()
        return 0.2 if next_s is None else min(0.2, max(0.0, next_s - time.monotonic()))

    def _read_stdin(self) -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            self._stop()

    def _read(self, host: str) -> None:
        descriptor = self._tun_of[host]
        for _ in range(READ_AT_ONCE_PACKETS):
            try:
                packet = os.read(descriptor, MAX_PACKET_BYTES)
            except BlockingIOError:
                return
            self._router.accept(host, packet, time.monotonic())

    def _deliver(self) -> None:
        for receiver, packet in self._router.due(time.monotonic()):
            # A full device queue drops the packet, as a real one would.
            with contextlib.suppress(OSError):
                os.write(self._tun_of[receiver], packet)

    def _answer(self, control: socket.socket) -> None:
        connection, _ = control.accept()
        with connection, contextlib.suppress(OSError):  # who asked may be gone already
            connection.settimeout(1.0)
            try:
                words = json.loads(connection.recv(MAX_CONTROL_BYTES))
                reply = answer(self._router, words)
                if "address" in reply:
                    namespaces.readdress(namespace_of(self._lab, words[1]), reply["address"])
            except (ValueError, TypeError, OSError) as error:
                reply = {"error": str(error)}
            connection.send(json.dumps(reply).encode())
