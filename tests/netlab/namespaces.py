"""Network namespaces and TUN devices: one namespace a host, with one device that we read. Needs root.

The kernel's own netem is a module that many machines and containers lack; TUN is nearly always there.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .router import host_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TUN_DEVICE = Path("/dev/net/tun")
NAMESPACES = Path("/run/netns")
DEVICE = "eth0"
DEVICE_QUEUE_PACKETS = 2000

# linux/if_tun.h and linux/sched.h
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000


def ip_program() -> str | None:
    """Where iproute2's `ip` is; a plain user's PATH lacks the administrators' folders."""
    return shutil.which("ip", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def ip(*arguments: str, check: bool = True) -> None:
    """Run iproute2's `ip`.

    Raises:
        OSError: it failed, with what it said.
    """
    command = [ip_program() or "ip", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _setns(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Move the calling thread into a namespace; a socket made there stays there when the thread is back."""
    with open("/proc/thread-self/ns/net", "rb") as here, (NAMESPACES / namespace).open("rb") as there:
        _setns(there.fileno())
        try:
            yield
        finally:
            _setns(here.fileno())


def _open_tun(namespace: str) -> int:
    """A TUN device inside `namespace`; the descriptor is of use from anywhere."""
    with inside(namespace):
        descriptor = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH", DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
        except OSError:
            os.close(descriptor)
            raise
    return descriptor


def create(namespace: str, host: str) -> int:
    """Make a namespace with loopback, the host's address and a default route; the TUN device's descriptor.

    One of the same name, left behind by a lab that was killed, is removed first.
    """
    remove(namespace)
    ip("netns", "add", namespace)
    descriptor = _open_tun(namespace)
    try:
        for arguments in (
            "link set lo up",
            f"addr add {host_address(host)}/24 dev {DEVICE}",
            f"link set {DEVICE} up mtu 1500 txqueuelen {DEVICE_QUEUE_PACKETS}",
            f"route add default dev {DEVICE}",
        ):
            ip("-n", namespace, *arguments.split())
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def readdress(namespace: str, address: str) -> None:
    """Take a host's address away and give it another one, as another network would."""
    for arguments in (
        f"addr flush dev {DEVICE}",
        f"addr add {address}/24 dev {DEVICE}",
        f"route add default dev {DEVICE}",
    ):
        ip("-n", namespace, *arguments.split())


def remove(namespace: str) -> None:
    """Remove a namespace; no error when there is none."""
    ip("netns", "del", namespace, check=False)


def command(namespace: str, arguments: Sequence[str]) -> list[str]:
    """What to start so that `arguments` run in a namespace."""
    return [ip_program() or "ip", "netns", "exec", namespace, *arguments]
