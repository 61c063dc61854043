"""A network that loses every packet, checks included, to the sockets that one connection of a peer has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from desktop_app.rtc.peer import Peer


class CutNetwork:
    """Of the connection of now: what comes for it is lost; with `both_ways` what it sends is, too."""

    def __init__(self, peer: Peer, *, both_ways: bool = False) -> None:
        connection = peer._connection
        assert connection is not None
        transport = connection.pc._transport()
        assert transport is not None
        ice: Any = transport.transport._connection
        self._undo: list[tuple[Any, str]] = []
        for protocol in ice._protocols:
            self._replace(protocol, "datagram_received")
            if both_ways:
                self._replace(protocol.transport, "sendto")

    def _replace(self, owner: Any, name: str) -> None:
        setattr(owner, name, lambda *_arguments: None)
        self._undo.append((owner, name))

    def mend(self) -> None:
        """Lose nothing any more."""
        for owner, name in self._undo:
            delattr(owner, name)
        self._undo.clear()
