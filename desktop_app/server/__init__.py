"""The signaling server: rooms, relay and the browser guest page."""
