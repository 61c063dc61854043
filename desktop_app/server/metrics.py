"""What /metrics says, in Prometheus' text format. Counts only: no room, no name, no address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.process_collector import ProcessCollector

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The counters of one server, in a registry of their own: one process may run several servers."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.messages = Counter(
            "bridgecall_messages_received", "Messages accepted, by type", ["type"], registry=self._registry
        )
        self.refusals = Counter(
            "bridgecall_refusals",
            "Messages and clients refused, by error code",
            ["code"],
            registry=self._registry,
        )
        self.sent = Counter(
            "bridgecall_messages_sent", "Messages queued for clients", registry=self._registry
        )
        self.sent_bytes = Counter("bridgecall_sent_bytes", "Bytes of those messages", registry=self._registry)
        self.opened = Counter(
            "bridgecall_connections_opened", "WebSocket connections since the start", registry=self._registry
        )
        self.resumed = Counter(
            "bridgecall_resumed",
            "Lost connections that were followed by another one",
            registry=self._registry,
        )

    def watch(self, name: str, text: str, value: Callable[[], int]) -> None:
        """Report `value()` as the gauge `name` whenever somebody asks."""
        Gauge(name, text, registry=self._registry).set_function(value)

    def text(self) -> bytes:
        """The report."""
        return generate_latest(self._registry)
