"""What this server knows of Janus: its WebSocket API, the VideoRoom plugin, and which nodes there are."""
