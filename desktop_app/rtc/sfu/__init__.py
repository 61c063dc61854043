"""Two connections with an SFU: what we send, once for everybody, and what we get of everybody.

publisher.py     sound, camera and thumbnail, each on a line of its own
subscriber.py    everybody's feeds on one connection, and whose each line is
link.py          state, time limits and liveness, which both have in common
line.py          the receiver of one line, whoever's it is at the moment
participant.py   what comes of one participant: lip sync and counters
reception.py     how all that comes gets through the downlink
"""
