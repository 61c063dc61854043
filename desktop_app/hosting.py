"""The server inside the application: what "Start a call" starts."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from desktop_app.protocol.invite import Invite
from desktop_app.server.hosting import HostedServer, lan_addresses
from desktop_app.server.tls import self_made_certificate

if TYPE_CHECKING:
    from desktop_app.server.tls import ServerCertificate

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"


class InProcessHost:
    """Implements engine.hosting.Host with the same server that bridgecall-server runs."""

    def __init__(self, *, loopback_only: bool = False) -> None:
        """With `loopback_only` nobody but this machine can reach it."""
        self._loopback_only = loopback_only
        self._server = HostedServer()
        self._certificate: ServerCertificate | None = None
        self._address = LOOPBACK

    async def start(self, port: int = 0) -> None:
        """Listen on `port`, 0 for a free one, with a certificate of our own making."""
        if self._server.running:
            return
        self._certificate = await asyncio.to_thread(self_made_certificate)
        if self._loopback_only:
            await self._server.start(LOOPBACK, port, ssl=self._certificate.context)
            return
        addresses = await asyncio.to_thread(lan_addresses)
        self._address = addresses[0] if addresses else LOOPBACK
        await self._server.start(port=port, ssl=self._certificate.context)

    def invite(self, room_id: str) -> Invite:
        """By the LAN address, for others."""
        return self._at(self._address, room_id)

    def own_invite(self, room_id: str) -> Invite:
        """By the loopback address: the call with ourselves must not depend on the network."""
        return self._at(LOOPBACK, room_id)

    def _at(self, address: str, room_id: str) -> Invite:
        assert self._certificate is not None
        return Invite(address, self._server.port, room_id, True, self._certificate.fingerprint_sha256)

    async def stop(self) -> None:
        """Tell everybody and stop listening."""
        await self._server.stop()
