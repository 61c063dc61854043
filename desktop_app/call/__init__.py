"""The call: participants, peers, local media and the facade that window and bot use."""
