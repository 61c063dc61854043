"""Every private name of aiortc and aioice that this project uses, read in aiortc 1.16.0 and aioice 0.13.0.

aiortc's own receiver loses a fifth of the sound at 5 % packet loss and freezes the picture for seconds
(docs/decisions.md), and its sender encodes once per peer. So we keep aiortc's transports, negotiation and RTP
parsing, and replace what happens to a packet: `ReceiverBase` and `SenderBase` stand where RTCRtpReceiver and
RTCRtpSender stood. A test (tests/unit/rtc/test_private_names.py) notices an upgrade that renames one of them.

media.py       the two classes that our senders and receivers are made from
sctp.py        the transport of data channels
sctp_channels.py  its channels
connection.py  the RTCPeerConnection that has them
routing.py     which receiver a packet is for, with many of them
consent.py     whether the far end is there
other_paths.py   from a silent path to a relay
direct_paths.py  and from the relay back
"""

from __future__ import annotations

from .connection import PeerConnection
from .media import ReceiverBase, SenderBase
from .sctp import DataTransport

__all__ = ["DataTransport", "PeerConnection", "ReceiverBase", "SenderBase"]
