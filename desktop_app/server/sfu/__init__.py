"""Participants of an SFU room, on whose behalf this server talks to Janus."""
