"""The test network on a real kernel: what it promises is what a socket sees.

Losses come from a seed and delays are checked from below only, so a slow machine fails nothing.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.netlab import NetLab, namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.needs_netlab

PORT = 5000
PATIENCE_S = 20.0
RECEIVE_BUFFER_BYTES = 4_000_000


@pytest.fixture
def lab() -> Iterator[NetLab]:
    with NetLab(hosts=2) as lab:
        yield lab


@contextlib.contextmanager
def udp(lab: NetLab, host: str) -> Iterator[socket.socket]:
    """A UDP socket on a host, with room for everything that a test sends it."""
    with lab.inside(host):
        endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with endpoint:
        endpoint.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), RECEIVE_BUFFER_BYTES)
        endpoint.settimeout(PATIENCE_S)
        endpoint.bind((lab.address(host), PORT))
        yield endpoint


def send(sender: socket.socket, address: str, payload: bytes) -> None:
    sender.sendto(payload, (address, PORT))


def wait_until_counted(lab: NetLab, link: str, packets: int) -> dict[str, int]:
    """The link's counters as soon as the switch has seen `packets`, whatever became of them."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        counters = lab.stats()[link]
        if counters["sent"] + counters["lost"] + counters["overflow"] >= packets:
            return counters
        assert time.monotonic() < deadline, f"the switch saw too few packets: {counters}"


def test_hosts_exist_from_enter_to_exit() -> None:
    with NetLab(hosts=3) as lab:
        folders = [namespaces.NAMESPACES / f"{lab.name}-{host}" for host in "abc"]
        assert all(folder.exists() for folder in folders)
        show = "import socket; s = socket.socket(); s.bind(('10.77.0.3', 0)); print(s.getsockname()[0])"
        done = subprocess.run(
            lab.command("c", [sys.executable, "-c", show]), capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == lab.address("c")
    assert not any(folder.exists() for folder in folders)


def test_loss_blocks_and_healing(lab: NetLab) -> None:
    with udp(lab, "a") as a, udp(lab, "b") as b:
        lab.set("a>b", loss=20)
        for number in range(500):
            send(a, lab.address("b"), number.to_bytes(2, "big"))
        counters = wait_until_counted(lab, "a>b", 500)
        assert counters["sent"] + counters["lost"] == 500
        assert counters["lost"] == pytest.approx(100, abs=45)

        lab.set("a>b", loss=0, block=1)
        send(a, lab.address("b"), b"blocked")
        assert wait_until_counted(lab, "a>b", 501)["lost"] == counters["lost"] + 1
        lab.set("a>b", block=0)
        send(a, lab.address("b"), b"healed")
        received = [b.recv(2000) for _ in range(counters["sent"] + 1)]
        assert received[-1] == b"healed"
        assert b"blocked" not in received
        assert received[:-1] == sorted(received[:-1]), "without jitter nothing is reordered"


def test_delay_is_added_in_each_direction(lab: NetLab) -> None:
    lab.set("a-b", delay=40)
    with udp(lab, "a") as a, udp(lab, "b") as b:
        began_s = time.monotonic()
        send(a, lab.address("b"), b"ping")
        assert b.recv(2000) == b"ping"
        assert time.monotonic() - began_s >= 0.039
        send(b, lab.address("a"), b"pong")
        assert a.recv(2000) == b"pong"
        assert time.monotonic() - began_s >= 0.078


def test_a_bottleneck_spreads_packets_and_its_queue_is_bounded(lab: NetLab) -> None:
    packets, udp_bytes = 50, 972  # 1000 bytes with the headers: 10 ms each at 800 kbit/s
    with udp(lab, "a") as a, udp(lab, "b") as b:
        lab.set("a>b", rate=800, queue=10_000)
        began_s = time.monotonic()
        for number in range(packets):
            send(a, lab.address("b"), bytes([number]).ljust(udp_bytes))
        received = [b.recv(2000)[0] for _ in range(packets)]
        assert time.monotonic() - began_s >= 0.99 * packets * 0.010
        assert received == list(range(packets))

        lab.set("a>b", queue=50)
        already = lab.stats()["a>b"]
        for number in range(packets):
            send(a, lab.address("b"), bytes([number]).ljust(udp_bytes))
        counters = wait_until_counted(lab, "a>b", 2 * packets)
        assert counters["overflow"] > 0
        assert counters["sent"] - already["sent"] >= 5


def test_a_symmetric_nat_hides_the_host(lab: NetLab) -> None:
    with udp(lab, "a") as a, udp(lab, "b") as b:
        lab.nat("a")
        send(b, lab.address("a"), b"a stranger")
        send(a, lab.address("b"), b"hello")
        payload, seen = b.recvfrom(2000)
        assert payload == b"hello"
        assert seen[0] == lab.outer_address("a")
        assert seen[1] != PORT
        b.sendto(b"an answer", seen)
        assert a.recvfrom(2000) == (b"an answer", (lab.address("b"), PORT)), "and no word of the stranger's"
        lab.nat("a", on=False)
        send(b, lab.address("a"), b"no stranger now")
        assert a.recv(2000) == b"no stranger now"


def test_a_wrong_name_is_an_error_in_words(lab: NetLab) -> None:
    with pytest.raises(ValueError, match="no such link: a-z"):
        lab.set("a-z", loss=1)
    with pytest.raises(ValueError, match="no such key: los"):
        lab.set(los=1)
    with pytest.raises(ValueError, match="no such host: z"):
        lab.nat("z")
