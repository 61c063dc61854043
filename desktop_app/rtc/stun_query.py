"""Ask a STUN server for our address (RFC 8489), over a socket of our own."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass
from typing import Any, Self, cast

from aioice import stun


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a STUN server sees of us."""

    address: tuple[str, int]
    round_trip_s: float


def binding_request() -> stun.Message:
    """A binding request without credentials."""
    return stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)


def mapped_address(response: stun.Message) -> tuple[str, int]:
    """The address in a binding response.

    Raises:
        ConnectionError: there is none.
    """
    address = response.attributes.get("XOR-MAPPED-ADDRESS") or response.attributes.get("MAPPED-ADDRESS")
    if address is None:
        raise ConnectionError("the answer has no address")
    return str(address[0]), int(address[1])


class StunSocket(asyncio.DatagramProtocol):
    """A UDP socket that can ask several servers."""

    def __init__(self) -> None:
        self._transactions: dict[bytes, stun.Transaction] = {}
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, family: socket.AddressFamily = socket.AF_INET) -> Self:
        """Bind to any port.

        Raises:
            OSError: no such network.
        """
        any_address = "::" if family == socket.AF_INET6 else "0.0.0.0"
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(cls, local_addr=(any_address, 0), family=family)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """asyncio's."""
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        transaction = self._transactions.get(message.transaction_id)
        if transaction is not None and message.message_class in (stun.Class.RESPONSE, stun.Class.ERROR):
            transaction.response_received(message, (addr[0], addr[1]))

    def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:
        """The transaction's."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(bytes(message), addr)

    async def ask(self, address: tuple[str, int], limit_s: float) -> Mapping:
        """What the server at `address` sees of this socket.

        Raises:
            TimeoutError: no answer within the limit.
            ConnectionError: an answer that is none.
        """
        request = binding_request()
        transaction = stun.Transaction(request, address, self)
        self._transactions[request.transaction_id] = transaction
        begun_s = time.monotonic()
        try:
            async with asyncio.timeout(limit_s):
                response, _ = await transaction.run()
        except stun.TransactionTimeout as error:
            raise TimeoutError from error
        except stun.TransactionError as error:
            raise ConnectionError(str(error)) from error
        finally:
            del self._transactions[request.transaction_id]
        return Mapping(mapped_address(response), time.monotonic() - begun_s)

    @property
    def port(self) -> int:
        """Its local port."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        """Release the socket."""
        if self._transport is not None:
            self._transport.close()
