"""Names of servers to addresses, on threads that nobody waits for."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MAX_THREADS = 16
_free = threading.BoundedSemaphore(MAX_THREADS)


async def in_thread(work: Callable[[], T], name: str) -> T:
    """Run something that may take very long and cannot be cancelled.

    The loop's own executor is joined when the loop ends, and shared: a name server that does not answer holds a
    thread for half a minute. These threads end with the program.

    Raises:
        OSError: too many such threads wait already.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()
    if not _free.acquire(blocking=False):
        raise OSError("too many names are being looked up")

    def set_result(value: T) -> None:
        if not result.done():
            result.set_result(value)

    def set_error(error: BaseException) -> None:
        if not result.done():
            result.set_exception(error)

    def run() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            try:
                value = work()
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                loop.call_soon_threadsafe(set_error, error)
            else:
                loop.call_soon_threadsafe(set_result, value)
        _free.release()

    threading.Thread(target=run, name=name, daemon=True).start()
    return await result


async def resolve(host: str, port: int, *, stream: bool = False) -> list[str]:
    """The addresses of a host, in the system's order of preference (RFC 6724).

    Raises:
        OSError: there is no such host, or no name server answers.
    """
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    kind = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
    try:
        found = await in_thread(lambda: socket.getaddrinfo(host, port, type=kind), "resolve")
    except UnicodeError as error:  # a label of more than 63 characters
        raise OSError("the name is not a host's") from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))
