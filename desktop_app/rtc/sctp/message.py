"""A message on its way out, and the chunks that it was cut into."""

from __future__ import annotations


class Message:
    """A message on its way out."""

    __slots__ = (
        "abandoned",
        "chunks",
        "data",
        "expires_s",
        "max_retransmits",
        "offset",
        "ordered",
        "ppid",
        "size",
        "ssn",
        "stream_id",
    )

    def __init__(
        self,
        stream_id: int,
        ppid: int,
        data: bytes,
        *,
        ordered: bool = True,
        max_retransmits: int | None = None,
        expires_s: float | None = None,
    ) -> None:
        self.stream_id = stream_id
        self.ppid = ppid
        self.data = memoryview(data)
        self.size = len(data)
        self.offset = 0
        """So much of it was cut into chunks."""
        self.ordered = ordered
        self.ssn = 0
        self.max_retransmits = max_retransmits
        self.expires_s = expires_s
        self.abandoned = False
        self.chunks: list[Chunk] = []
        """Those under way; kept only where the message can be given up."""

    @property
    def can_be_abandoned(self) -> bool:
        """Whether it is partially reliable (RFC 3758)."""
        return self.max_retransmits is not None or self.expires_s is not None


class Chunk:
    """One DATA chunk that was sent."""

    __slots__ = (
        "abandoned",
        "acked",
        "counted",
        "delivered_bytes",
        "delivered_s",
        "flight_s",
        "lost",
        "message",
        "sent_s",
        "size",
        "transmissions",
        "tsn",
        "wire",
    )

    def __init__(self, tsn: int, wire: bytes, size: int, message: Message) -> None:
        self.tsn = tsn
        self.wire = wire
        self.size = size
        """Of its payload, as windows count it."""
        self.message = message
        self.transmissions = 0
        self.sent_s = 0.0
        """The last time."""
        self.delivered_bytes = 0
        self.delivered_s = 0.0
        """What had arrived by when it was sent: draft-cheng-iccrg-delivery-rate-estimation-02."""
        self.flight_s = 0.0
        self.acked = self.lost = self.abandoned = False
        self.counted = False
        """Its arrival was taken into account, also when that is forgotten after a timeout."""
