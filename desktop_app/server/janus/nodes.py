"""All Janus nodes that this server may use."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import ClientSession

from .node import JanusNode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .address import JanusAddress


class JanusNodes:
    """Starts and ends with the server; `on_change(node)` is called when one came or went."""

    def __init__(self, addresses: Sequence[JanusAddress]) -> None:
        self._nodes = [JanusNode(address, self._changed) for address in dict.fromkeys(addresses)]
        self._http: ClientSession | None = None
        self.on_change: Callable[[JanusNode], None] | None = None

    @property
    def configured(self) -> bool:
        """Whether there is any, up or not."""
        return bool(self._nodes)

    @property
    def up(self) -> int:
        """How many can be used now."""
        return sum(node.up for node in self._nodes)

    async def start(self) -> None:
        """Begin to connect to all of them."""
        if self._nodes:
            self._http = ClientSession()
        for node in self._nodes:
            assert self._http is not None
            node.start(self._http)

    async def close(self) -> None:
        """End every session; safe to call twice."""
        self.on_change = None
        await asyncio.gather(*(node.close() for node in self._nodes))
        if self._http is not None:
            await self._http.close()

    def get(self, url: str) -> JanusNode | None:
        """The node with this address, as another server names it."""
        return next((node for node in self._nodes if node.url == url), None)

    def by_load(self) -> list[str]:
        """The addresses of those that are up, the best for a new room first."""
        return [node.url for node in sorted(self._nodes, key=lambda node: node.load) if node.up]

    def _changed(self, node: JanusNode) -> None:
        if self.on_change is not None:
            self.on_change(node)
