"""Everything that touches aiortc: the peer, encoders, senders, receivers and their counters."""
