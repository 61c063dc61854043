"""The signaling messages as dataclasses, their JSON codec and limits, shared by client and server."""
