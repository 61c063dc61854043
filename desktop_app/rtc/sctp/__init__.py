"""What happens to data of data channels between channel and packet (RFC 9260, RFC 3758): pure, the time is passed in.

serial.py      32 bit numbers on an endless line, and ranges of them
wire.py        chunks and packets as bytes
dcep.py        what the far end says when it opens a channel
scheduler.py   whose message is cut into chunks next
outstanding.py what is under way, what of it got lost (RACK, RFC 8985), when to send again
congestion.py  how much may be under way, and how fast
sender.py      these three together: from messages to the contents of packets
reassembly.py  from chunks to messages, in bounded memory
receiver.py    what came, and the acknowledgements
statistics.py  what of it can be read

The handshake, stream resets and timers on a real loop are in rtc/aiortc_internals/sctp.py.
"""
